/** The path of data in a model without spikes: image, encoder, latent, decoder, picture. */

import { h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { decoderLayers, encoderLayers } from "../../engine/network.js";
import { formatNumber } from "../../math/axis.js";
import { chart } from "../shared/chart.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { encoderImage, keyOf } from "../shared/source_image.js";
import { card } from "./card.js";
import { numbersChart, squaredError } from "./card_charts.js";
import { equation } from "./equations.js";

/** Shapes of layers, a line each. @param {Layer[]} layers */
const shapes = (layers) =>
  h(
    "ol",
    { class: "layer-shapes" },
    layers.map((layer) => h("li", {}, `${layer.channelsOut} × ${layer.sideOut} × ${layer.sideOut}`)),
  );

/** What the encoder is shown; painted: by the model. @typedef {{image: Float32Array, painted: boolean}} Given */

/** @param {Having<"engine">} session */
export function plainCards(session) {
  const { live, entry } = session;
  const parts = elementsOf(session);
  let asked = "";
  /** @type {Given|null} */
  let given = null;

  /** @param {Decoded} now */
  function draw(now) {
    const { state, rates, image } = now;
    if (state.model !== entry.name) return;
    if (keyOf(state.source) !== asked) read(state.source);
    showLatent(parts, session, rates);
    showPicture(parts, entry, image, given);
  }

  /** Fetch what the encoder is shown. @param {Source} source */
  function read(source) {
    const key = keyOf(source);
    [asked, given] = [key, null];
    encoderImage(session, source).then((found) => {
      if (asked !== key || session.entry !== entry) return;
      given = found;
      showImage(parts, entry, source, found);
      if (live.now) draw(live.now);
    });
  }

  const stop = live.on(draw);
  return {
    cards: parts.cards,
    dispose() {
      stop();
      parts.numbers.dispose();
    },
  };
}

/** @param {Having<"engine">} session */
function elementsOf({ engine, entry: { size, dims }, latent }) {
  const first = card(1, msg`Image`, "howImage");
  const second = card(2, msg`Encoder`, "howLayers");
  const third = card(3, msg`Latent`, "howLatent");
  const fourth = card(4, msg`Decoder`, "howLayers");
  const fifth = card(5, msg`Picture`, "howPicture");
  const cards = [first, second, third, fourth, fifth];
  const before = pixels(size, size, msg`The image`, "middling source-image");
  const after = pixels(size, size, msg`The picture`, "middling large");
  const numbers = chart(msg`The latent: ${latent.names}`, { tall: 150 });
  const encoder = encoderLayers(engine.model).slice(0, -1);
  const decoder = decoderLayers(engine.model);
  second.show(shapes(encoder));
  second.say(
    msg`${encoder.length} convolutions, each halving the size, then one linear layer to ${dims} numbers. Every neuron gives a number, and all are computed once: there are no spikes and no time steps.`,
  );
  fourth.show(shapes(decoder));
  fourth.say(
    msg`A linear layer spreads the numbers into ${decoder[0].channelsOut} maps of ${decoder[0].sideOut} × ${decoder[0].sideOut}, ${decoder.length - 2} transposed convolutions double them to ${size} × ${size}, and one more makes pixels from −1 to 1.`,
  );
  third.show(numbers);
  return { cards, first, third, fifth, before, after, numbers };
}

/** @typedef {ReturnType<typeof elementsOf>} PlainElements */

/** @param {PlainElements} parts @param {ModelEntry} entry @param {Source} source @param {Given} given */
function showImage({ first, before }, { size, channels }, source, { image, painted }) {
  drawPixels(before, image, channels);
  first.show(before);
  first.dataset.source = painted ? "painted" : "image";
  const what = !painted
    ? msg`This image goes in:`
    : source.kind === "prior"
      ? msg`There is no image: these numbers are a draw of the prior. The model's own picture of them:`
      : msg`The image itself is not at hand; in its place the model's own picture of it:`;
  first.say(
    msg`${what} ${size} × ${size} ${channels === 1 ? msg`gray` : msg`colour`} pixels from −1 (black) to 1 (white).`,
  );
}

/** @param {PlainElements} parts @param {Session} session @param {Float32Array} rates */
function showLatent({ third, numbers }, { latent }, rates) {
  numbers.draw(numbersChart(rates, latent));
  third.say(
    msg`${rates.length} numbers, one ${latent.name} each. All that the decoder gets: no noise is drawn between, so the same numbers give the same picture.`,
  );
}

/** @param {PlainElements} parts @param {ModelEntry} entry @param {Float32Array} image @param {Given|null} given */
function showPicture({ fifth, after }, { channels }, image, given) {
  drawPixels(after, image, channels);
  fifth.show(after);
  const error = given && !given.painted ? squaredError(image, given.image) : null;
  const compared =
    error === null
      ? ""
      : msg` Its mean squared error against the image is ${formatNumber(error)}, on the scale from −1 to 1.`;
  fifth.say(msg`The picture of these numbers.${compared}`);
  fifth.state(error === null ? null : equation("error"));
}
