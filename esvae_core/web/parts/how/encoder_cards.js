/**
 * The first half of the path: an image, the encoder's spikes, the rates; or the prior's random numbers, where there is
 * no image.
 */

import { h, onLook, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { encoderLayers } from "../../engine/network.js";
import { normal } from "../../engine/noise.js";
import { fromGrid } from "../../math/rates.js";
import { capitalized, counted, formatNumber } from "../../math/axis.js";
import { card } from "./card.js";
import { movedCount, normalsChart, priorCurve, ratesChart } from "./card_charts.js";
import { chart } from "../shared/chart.js";
import { equation } from "./equations.js";
import { layerMaps, paintLayers } from "./layer_pictures.js";
import { encoderImage, keyOf } from "../shared/source_image.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { paintSpikes } from "../shared/raster.js";
import { firingRates } from "../spikes/layer_charts.js";

/**
 * What the encoder is shown and what its layers do, null until they are here; painted: by the model, in place of the
 * image.
 * @typedef {{image: Float32Array, painted: boolean, layers: Record<string, LayerActivity>}} EncodedImage
 * @typedef {EncodedImage | {image: null, painted: boolean, layers: null}} Encoded
 */

/**
 * @param {Having<"engine"|"spikingEngine">} session
 * @param {DecoderTrace} trace
 */
export function encoderCards(session, trace) {
  const parts = elementsOf(session);
  /** @type {Encoded} */
  let encoded = { image: null, painted: false, layers: null };
  let asked = "";

  /** @param {Traced} now */
  function draw(now) {
    const { source } = now.state;
    if (keyOf(source) !== asked) read(source);
    if (source.kind === "prior" && session.latent.stepwise) showStepwisePrior(parts, session, source.seed);
    else if (source.kind === "prior") showPrior(parts, session, source);
    else if (encoded.image) showEncoder(parts, session, encoded, now);
    showRates(parts, session, encoded, now);
    const { image, painted } = encoded;
    parts.first.dataset.source = source.kind === "prior" ? "prior" : !image ? "none" : painted ? "painted" : "image";
  }

  /** Fetch what the encoder is shown, once for each source. @param {Source} source */
  function read(source) {
    const { entry, spikingEngine: engine } = session;
    const key = keyOf(source);
    asked = key;
    encoded = { image: null, painted: encoded.painted, layers: null };
    encoderImage(session, source).then(({ image, painted }) => {
      if (asked !== key || session.entry !== entry) return;
      encoded = { image, painted, layers: engine.traceEncode(image, entry.steps).layers };
      if (trace.now) draw(trace.now);
    });
  }

  const stops = [trace.on(draw), onLook(parts.maps, () => trace.now && draw(trace.now))];
  return {
    cards: [parts.first, parts.second, parts.third],
    dispose() {
      stops.forEach((stop) => stop());
      [parts.normals, parts.curve, parts.bars].forEach((each) => each.dispose());
    },
  };
}

/** @param {Having<"spikingEngine">} session */
function elementsOf({ entry: { size }, spikingEngine: engine }) {
  const layers = encoderLayers(engine.model);
  const { element: maps, maps: shown } = layerMaps(layers);
  return {
    first: card(1, msg`Image`, "howImage"),
    second: card(2, msg`Encoder`, "howEncoder"),
    third: card(3, msg`Rates`, "howRates"),
    canvas: pixels(size, size, msg`The image`, "middling source-image"),
    layers,
    maps,
    shown,
    normals: chart(msg`Standard normal numbers`, { tall: 130 }),
    curve: chart(msg`From numbers to rates`, { tall: 150 }),
    raster: h("canvas", { class: "still-raster", role: "img", "aria-label": msg`Latent spikes that the prior made` }),
    bars: chart(msg`Spikes per step of each latent neuron`, { tall: 150 }),
  };
}

/** @typedef {ReturnType<typeof elementsOf>} EncoderElements */

/**
 * @param {EncoderElements} parts
 * @param {Having<"spikingEngine">} session
 * @param {EncodedImage} encoded
 * @param {Traced} now
 */
function showEncoder(parts, session, { image, painted, layers }, { state, upto }) {
  const { first, second, canvas, maps, shown } = parts;
  const { size, channels, steps } = session.entry;
  first.rename(msg`Image`);
  second.rename(msg`Encoder`);
  first.show(canvas);
  drawPixels(canvas, image, channels);
  const colours = channels === 1 ? msg`gray` : msg`colour`;
  first.say(
    msg`${sourceWords(state.source, painted)} ${size} × ${size} ${colours} pixels from −1 (black) to 1 (white). The encoder sees the same image at each of its ${counted(steps, msg`step`, msg`steps`)}.`,
  );
  first.state(null);
  second.show(maps);
  const fired = paintLayers(shown, layers, steps, upto < state.steps && upto <= steps ? upto : null);
  const { neuron } = session.spikingEngine.model;
  second.say(encoderWords(parts.layers.length - 1, neuron, fired, steps));
  second.state(equation(neuron.reset));
}

/**
 * @param {number} convolutions
 * @param {Neuron} neuron
 * @param {{spikes: number, neurons: number}} fired
 * @param {number} steps
 */
function encoderWords(convolutions, { learned_leak, leak, threshold }, { spikes, neurons }, steps) {
  const leaks = learned_leak
    ? msg`each channel by a factor of its own, learned`
    : msg`factor ${formatNumber(leak)} a step`;
  const share = ((100 * spikes) / (neurons * steps)).toFixed(0);
  return msg`${convolutions} convolutions, each halving the size, then the latent neurons. Every neuron leaks (${leaks}), adds its input, and fires above ${formatNumber(threshold)}: ${spikes.toLocaleString("en")} spikes of ${neurons.toLocaleString("en")} neurons, ${share} % of what there could be.`;
}

/**
 * What the encoder is shown, at the beginning of a sentence.
 * @param {Source} source of an image
 * @param {boolean} painted
 */
function sourceWords(source, painted) {
  const name = source.kind === "test" ? msg`Test image ${source.index}` : "";
  if (!painted) return name ? `${name},` : msg`A picture of your own,`;
  const lacking = name
    ? msg`The original of ${name} is not stored here, only its firing rates.`
    : msg`These rates were read from a picture of someone's own, of which only the rates are kept.`;
  return msg`${lacking} In its place the model's own picture of it is shown to the encoder again:`;
}

/**
 * @param {EncoderElements} parts
 * @param {Having<"spikingEngine">} session
 * @param {Extract<Source, {kind: "prior"}>} source
 */
function showPrior({ first, second, normals, curve }, session, source) {
  const { dims } = session.entry;
  const components = session.spikingEngine.model.prior_components;
  const fitted = components > 0;
  first.rename(msg`Random numbers`);
  second.rename(msg`Prior`);
  first.show(normals);
  normals.draw(normalsChart(normal(source.seed, dims)));
  first.say(
    msg`There is no image: these rates come from the prior. It begins with ${dims} standard normal numbers, of seed ${source.seed}.`,
  );
  first.state(null);
  second.show(curve);
  curve.draw(priorCurve(fromGrid(session.ratesOf(source)), fitted));
  second.say(
    fitted
      ? msg`One of ${components} Gaussians, fitted to the rates of the training images, bends them into rates.`
      : msg`One linear layer, trained with the model, and a sigmoid turn them into rates like those of images.`,
  );
  second.state(equation(fitted ? "fitted" : "learned"));
}

/**
 * FSVAE's, whose spikes go on from those before.
 * @param {EncoderElements} parts
 * @param {Having<"spikingEngine">} session
 * @param {number} seed
 */
function showStepwisePrior({ first, second, raster }, { entry, spikingEngine: engine }, seed) {
  const { candidates, neuron } = engine.model;
  first.rename(msg`First step`);
  second.rename(msg`Prior`);
  first.show();
  first.say(msg`There is no image: the latent spikes come from the prior, which begins with silence.`);
  first.state(null);
  second.show(raster);
  paintSpikes(raster, engine.generate(seed), entry.dims);
  second.say(
    msg`At each step three layers hear the latent spikes of the step before and offer ${candidates} candidates for each neuron, of which one is taken at random, by the seed ${seed}. Above is what they made; below, how often each neuron spikes is kept, and its spikes are placed anew.`,
  );
  second.state(equation(neuron.reset));
}

/**
 * @param {EncoderElements} parts
 * @param {Having<"spikingEngine">} session
 * @param {Encoded} encoded
 * @param {Traced} now
 */
function showRates({ third, bars }, session, { image, painted, layers }, { state, rates }) {
  const { entry, latent, spikingEngine: engine } = session;
  const own = image && !painted && !latent.stepwise ? firingRates(layers.to_latent.spikes, entry.steps) : null;
  const origin = own ?? fromGrid(session.ratesOf(state.source));
  const moved = movedCount(rates, origin);
  const where = moved ? msg` You have moved ${moved} of them since.` : "";
  const mean = msg`each is the mean of a latent neuron's ${counted(entry.steps, msg`step`, msg`steps`)}`;
  third.show(bars);
  bars.draw(ratesChart(rates, origin));
  third.say(
    latent.stepwise
      ? msg`How often each of ${entry.dims} latent neurons spikes, over T. Of an image, three layers hear the encoder's spikes and the latent spikes of the step before, offer ${engine.model.candidates} candidates for each neuron at each step, and one is taken at random.${where}`
      : msg`The latent: ${entry.dims} firing rates, spikes per step, from 0 (never) to 1 (always). ${own ? capitalized(mean) : msg`Of an image, ${mean}`}.${where}`,
  );
  third.state(equation("rate"));
}
