/** The path of data in a model without spikes: image, encoder, latent, decoder, picture. */

import { h, pixels } from "../../dom.js";
import { decoderLayers, encoderLayers } from "../../engine/network.js";
import { formatNumber } from "../../math/axis.js";
import { chart } from "../shared/chart.js";
import { paint } from "../shared/paint.js";
import { encoderImage, keyOf } from "../shared/source_image.js";
import { card } from "./card.js";
import { equation } from "./equations.js";

/** Shapes of layers, a line each. @param {Layer[]} layers */
const shapes = (layers) =>
  h(
    "ol",
    { class: "layer-shapes" },
    layers.map((layer) => h("li", {}, `${layer.channelsOut} × ${layer.sideOut} × ${layer.sideOut}`)),
  );

/** @param {Session} session */
export function plainCards(session) {
  const { live, engine, entry, latent } = session;
  const { size, channels, dims } = entry;
  const [first, second, third, fourth, fifth] = ["Image", "Encoder", "Latent", "Decoder", "Picture"].map((title, i) =>
    card(i + 1, title),
  );
  const before = pixels(size, size, "The image", "middling source-image");
  const after = pixels(size, size, "The picture", "middling large");
  const numbers = chart(`The latent: ${latent.names}`, { tall: 150 });
  const encoder = encoderLayers(engine.model).slice(0, -1);
  const decoder = decoderLayers(engine.model);
  let asked = "";
  /** @type {{image: Float32Array, painted: boolean}|null} */
  let given = null;

  second.show(shapes(encoder));
  second.say(
    `${encoder.length} convolutions, each halving the size, then one linear layer to ${dims} numbers. Every neuron gives a number, and all are computed once: there are no spikes and no time steps.`,
  );
  fourth.show(shapes(decoder));
  fourth.say(
    `A linear layer spreads the numbers into ${decoder[0].channelsOut} maps of ${decoder[0].sideOut} × ${decoder[0].sideOut}, ${decoder.length - 2} transposed convolutions double them to ${size} × ${size}, and one more makes pixels from −1 to 1.`,
  );
  third.show(numbers);

  /** @param {Decoded} now */
  function draw(now) {
    const { state, rates, image } = now;
    if (state.model !== entry.name) return;
    const { source } = state;
    if (keyOf(source) !== asked) read(source);
    const values = Array.from(rates, (height, j) => [j, latent.value(j, height)]);
    const most = Math.max(...Array.from(rates, (_, j) => Math.abs(latent.value(j, 0))), 1e-9);
    const [low, high] = [Math.min(...values.map(([, v]) => v)), Math.max(...values.map(([, v]) => v))];
    numbers.draw({
      x: { label: "latent dimension", from: -0.6, to: dims - 0.4, whole: true },
      y: { label: latent.name, from: -most, to: most },
      marks: [
        {
          kind: "line",
          tone: "quiet",
          values: [
            [-0.6, 0],
            [dims - 0.4, 0],
          ],
        },
        { kind: "dots", tone: "now", values },
      ],
      words: `${dims} numbers from ${formatNumber(low)} to ${formatNumber(high)}.`,
    });
    third.say(
      `${dims} numbers, one ${latent.name} each. All that the decoder gets: no noise is drawn between, so the same numbers give the same picture.`,
    );
    paint(after, image, channels);
    fifth.show(after);
    const error = given && !given.painted ? image.reduce((sum, v, k) => sum + (v - given.image[k]) ** 2, 0) : null;
    fifth.say(
      error === null
        ? "The picture of these numbers."
        : `The picture of these numbers. Its mean squared error against the image is ${formatNumber(error / image.length)}, on the scale from −1 to 1.`,
    );
    fifth.state(error === null ? null : equation("error"));
  }

  /** What the encoder is shown. @param {Source} source */
  function read(source) {
    asked = keyOf(source);
    const key = asked;
    given = null;
    encoderImage(session, source).then((found) => {
      if (asked !== key || session.entry !== entry) return;
      given = found;
      paint(before, found.image, channels);
      first.show(before);
      first.dataset.source = found.painted ? "painted" : "image";
      const what = !found.painted
        ? "This image goes in:"
        : source.kind === "prior"
          ? "There is no image: these numbers are a draw of the prior. The model's own picture of them:"
          : "The image itself is not at hand; in its place the model's own picture of it:";
      first.say(`${what} ${size} × ${size} ${channels === 1 ? "gray" : "colour"} pixels from −1 (black) to 1 (white).`);
      if (live.now) draw(live.now);
    });
  }

  const stop = live.on(draw);
  return {
    cards: [first, second, third, fourth, fifth],
    dispose() {
      stop();
      numbers.dispose();
    },
  };
}
