/**
 * The second half of the path: rates and noise make spikes, spikes charge the decoder, the readout adds them up into a
 * picture.
 */

import { h, onLook, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { decoderLayers } from "../../engine/network.js";
import { counted, formatNumber } from "../../math/axis.js";
import { card } from "./card.js";
import { lastShare, noiseChart, noiseOf, readoutChart, shownSteps, squaredError } from "./card_charts.js";
import { chart } from "../shared/chart.js";
import { equation } from "./equations.js";
import { layerMaps, paintLayers } from "./layer_pictures.js";
import { keyOf, sourceImage } from "../shared/source_image.js";
import { nameOf } from "../shared/dimension_names.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { paintSpikes } from "../shared/raster.js";
import { neuronIn, noisiest } from "../spikes/sampled_statistics.js";

/**
 * @param {Having<"spikingEngine">} session
 * @param {DecoderTrace} trace
 */
export function decoderCards(session, trace) {
  const { entry } = session;
  const parts = elementsOf(session);
  const { cards, layers, raster } = parts;
  /** The picture that the rates came from, once it is here. @type {Float32Array|null} */
  let image = null;
  let asked = "";

  /** @param {Traced} now */
  function draw(now) {
    read(now.state.source);
    trace.watch(
      cards,
      layers.map((l) => l.name),
    );
    if (!trace.now?.layers[layers[0].name]) return; // what is watched has just changed: this is called again
    showNoise(parts, session, now);
    showSpikes(parts, now);
    showDecoder(parts, session, trace.now);
    showReadout(parts, session, now);
    showPicture(parts, session, image, now);
  }

  /** Fetch the picture that rates came from, once for each source. @param {Source} source */
  function read(source) {
    const key = keyOf(source);
    if (key === asked) return;
    [image, asked] = [null, key];
    sourceImage(session, source).then((found) => {
      if (asked !== key || !found || session.entry !== entry) return;
      image = found;
      if (trace.now) showPicture(parts, session, image, trace.now);
    });
  }

  const stops = [trace.on(draw), onLook(raster, () => trace.now && draw(trace.now))];
  return {
    cards,
    dispose() {
      stops.forEach((stop) => stop());
      [parts.dots, parts.weights].forEach((each) => each.dispose());
    },
  };
}

/** @param {Having<"spikingEngine">} session */
function elementsOf({ entry: { size }, spikingEngine: { model } }) {
  const layers = decoderLayers(model).filter((l) => l.neuron);
  const noise = card(4, msg`Noise`, "howNoise");
  const spikes = card(5, msg`Spikes`, "howSpikes");
  const decoder = card(6, msg`Decoder`, "howDecoder");
  const readout = card(7, msg`Readout`, "howReadout");
  const picture = card(8, msg`Picture`, "howPicture");
  const cards = [noise, spikes, decoder, readout, picture];
  const dots = chart(msg`One neuron's noise`, { tall: 150 });
  const raster = h("canvas", { class: "still-raster", role: "img", "data-figure": msg`Spikes` });
  const { element: maps, maps: shown } = layerMaps(layers);
  const weights = chart(msg`Weight of each step`, { tall: 96 });
  const strip = h("div", { class: "made-strip" });
  const large = pixels(size, size, msg`The picture`, "large middling");
  noise.show(dots);
  spikes.show(raster);
  decoder.show(maps);
  readout.show(weights, strip);
  picture.show(large);
  decoder.state(equation(model.neuron.reset));
  readout.state(model.learned_readout ? null : equation("readout", model.readout_decay));
  picture.state(equation("error"));
  return { cards, noise, spikes, decoder, readout, picture, layers, dots, raster, shown, weights, strip, large };
}

/** @typedef {ReturnType<typeof elementsOf>} DecoderElements */

/** @param {DecoderElements} parts @param {Session} session @param {Traced} now */
function showNoise({ noise, dots }, session, { state, rates, drawn }) {
  const { steps, seed, sampler, view } = state;
  const dims = rates.length;
  const chosen = neuronIn(view.neuron, dims);
  const one = chosen < 0 ? noisiest(rates) : chosen;
  const fires = Array.from({ length: steps }, (_, t) => drawn[t * dims + one] === 1);
  const numbers = noiseOf(state, dims, one);
  dots.draw(noiseChart({ rate: rates[one], name: nameOf(session, one), noise: numbers, fires, sampler }));
  noise.say(
    sampler === "bernoulli"
      ? msg`Each neuron draws a number from 0 to 1 at every step, and fires where it is below the rate. The numbers are frozen by the seed, ${seed}: the same ones come again.`
      : msg`Each neuron draws one offset φ, adds its rate at every step, and fires whenever it passes a whole number. The offsets are frozen by the seed, ${seed}.`,
  );
  noise.state(equation(sampler));
  noise.dataset.fired = String(fires.filter(Boolean).length);
  noise.dataset.neuron = String(one);
}

/** @param {DecoderElements} parts @param {Traced} now */
function showSpikes({ spikes, raster }, { state, spikes: z, rates, upto, flips }) {
  const dims = rates.length;
  paintSpikes(raster, z, dims, upto);
  const count = counted(
    z.reduce((a, b) => a + b, 0),
    msg`spike`,
    msg`spikes`,
  );
  const steps = counted(state.steps, msg`step`, msg`steps`);
  raster.setAttribute("aria-label", msg`${count} of ${dims} neurons in ${steps}`);
  const expected = state.steps * rates.reduce((a, b) => a + b, 0);
  const edited = flips.size ? msg` ${flips.size} are edited by hand, on the page Spikes.` : "";
  spikes.say(
    msg`${dims} rows of neurons, ${steps}: ${count}, expected ${expected.toFixed(0)}. This is all that the decoder gets to see.${edited}`,
  );
}

/** @param {DecoderElements} parts @param {Session} session @param {Traced} now */
function showDecoder({ decoder, layers, shown }, { entry: { size } }, { state, layers: did, upto }) {
  const { spikes: fired, neurons } = paintLayers(shown, did, state.steps, upto < state.steps ? upto : null);
  const share = (100 * fired) / (neurons * state.steps);
  decoder.say(
    msg`The spikes spread into ${layers[0].channelsOut} maps of ${layers[0].sideOut} × ${layers[0].sideOut}, and ${layers.length - 1} transposed convolutions double them to ${size} × ${size}. ${fired.toLocaleString("en")} spikes, ${share.toFixed(0)} % of what there could be: that is the work to be done.`,
  );
}

/** @param {DecoderElements} parts @param {Having<"spikingEngine">} session @param {Traced} now */
function showReadout(
  { readout, weights, strip },
  { entry, spikingEngine: engine },
  { state: { steps }, images, upto },
) {
  if (!images) return;
  const { size, channels } = entry;
  const { learned_readout: learned, readout_decay: decay } = engine.model;
  const all = engine.readoutWeights(steps);
  weights.draw(readoutChart(all, upto));
  strip.replaceChildren(
    ...shownSteps(steps).map((t) => {
      const canvas = pixels(size, size, msg`Picture after ${t} of ${steps} steps`, "thumb");
      drawPixels(canvas, images.subarray((t - 1) * engine.pixels, t * engine.pixels), channels);
      return h("figure", {}, canvas, h("figcaption", {}, msg`after ${t}`));
    }),
  );
  const kept = learned ? msg`what it keeps at each step was learned` : msg`it forgets a factor ${decay} at each step`;
  const last = steps > 5 ? msg`, so the last five hold ${Math.round(100 * lastShare(all))} % of the weight` : "";
  readout.say(msg`One more neuron per pixel adds up what the last layer sends and never fires; ${kept}${last}.`);
}

/**
 * @param {DecoderElements} parts
 * @param {Having<"spikingEngine">} session
 * @param {Float32Array|null} image that the rates came from
 * @param {Traced} now
 */
function showPicture({ picture, large }, { entry, spikingEngine: engine }, image, { state, images, upto }) {
  if (!images) return;
  const shown = images.subarray((upto - 1) * engine.pixels, upto * engine.pixels);
  drawPixels(large, shown, entry.channels);
  const when = upto < state.steps ? msg` after ${upto} of ${counted(state.steps, msg`step`, msg`steps`)}` : "";
  const error = image ? squaredError(shown, image) : null;
  picture.say(
    image
      ? msg`The picture${when}. Its mean squared error against the image is ${formatNumber(error)}, on the scale from −1 to 1; training made that small, and the rates' distribution like the prior's.`
      : msg`The picture${when}. There is no original to compare it with. In training, pictures were made to be like their originals, and the rates to be distributed as the prior's.`,
  );
  picture.dataset.error = String(error ?? "");
}
