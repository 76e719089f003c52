/**
 * The first half of the path: an image, the encoder's spikes, the rates; or the prior's random numbers, where there is
 * no image.
 */

import { h, onLook, pixels } from "../../dom.js";
import { encoderLayers } from "../../engine/network.js";
import { normal } from "../../engine/noise.js";
import { fromGrid } from "../../math/rates.js";
import { counted, formatNumber } from "../../math/axis.js";
import { card, layerMaps } from "./card.js";
import { chart } from "../shared/chart.js";
import { equation } from "./equations.js";
import { layerName, paintMaps } from "../shared/layer_maps.js";
import { encoderImage, keyOf } from "../shared/source_image.js";
import { paint } from "../shared/paint.js";
import { paintSpikes } from "../shared/raster.js";

const SEEN = 16; // channels of a layer, so that each can be made out

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function encoderCards(session, trace) {
  const { entry, latent, spikingEngine: engine } = session;
  const { size, channels } = entry;
  const { model } = engine;
  const layers = encoderLayers(model);
  const cards = [card(1, "Image"), card(2, "Encoder"), card(3, "Rates")];
  const [first, second, third] = cards;
  const canvas = pixels(size, size, "The image", "middling source-image");
  const { element: maps, maps: shown } = layerMaps(layers);
  const normals = chart("Standard normal numbers", { tall: 130 });
  const curve = chart("From numbers to rates", { tall: 150 });
  const raster = h("canvas", { class: "still-raster", role: "img", "aria-label": "Latent spikes that the prior made" });
  const bars = chart("Spikes per step of each latent neuron", { tall: 150 });
  let [image, painted, encoded] = [null, false, null];
  let asked = "";

  function draw(now) {
    const { source } = now.state;
    const key = keyOf(source);
    if (key !== asked) {
      asked = key;
      [image, encoded] = [null, null];
      encoderImage(session, source).then((found) => {
        if (asked !== key || session.entry !== entry) return;
        ({ image, painted } = found);
        encoded = engine.traceEncode(image, entry.steps).layers;
        draw(trace.now);
      });
    }
    if (source.kind === "prior" && latent.stepwise) ofStepwisePrior(source.seed);
    else if (source.kind === "prior") ofPrior(now);
    else if (image) ofImage(now);
    showRates(now);
    first.dataset.source = source.kind === "prior" ? "prior" : !image ? "none" : painted ? "painted" : "image";
  }

  function ofImage({ state, upto }) {
    first.rename("Image");
    second.rename("Encoder");
    first.show(canvas);
    paint(canvas, image, channels);
    const colours = channels === 1 ? "gray" : "colour";
    first.say(
      `${described(state.source)} ${size} × ${size} ${colours} pixels from −1 (black) to 1 (white). The encoder sees the same image at each of its ${counted(entry.steps, "step")}.`,
    );
    first.state(null);
    second.show(maps);
    const { spikes, neurons } = paintLayers(
      shown,
      encoded,
      entry.steps,
      upto < state.steps && upto <= entry.steps ? upto : null,
    );
    second.say(
      `${layers.length - 1} convolutions, each halving the size, then the latent neurons. Every neuron leaks (${model.neuron.learned_leak ? "each channel by a factor of its own, learned" : `factor ${formatNumber(model.neuron.leak)} a step`}), adds its input, and fires above ${formatNumber(model.neuron.threshold)}: ${spikes.toLocaleString("en")} spikes of ${neurons.toLocaleString("en")} neurons, ${((100 * spikes) / (neurons * entry.steps)).toFixed(0)} % of what there could be.`,
    );
    second.state(equation(model.neuron.reset));
  }

  function ofPrior({ state }) {
    const fitted = model.prior_components > 0;
    const numbers = normal(state.source.seed, entry.dims);
    const rates = fromGrid(session.ratesOf(state.source));
    first.rename("Random numbers");
    second.rename("Prior");
    first.show(normals);
    const most = Math.max(3, ...numbers.map(Math.abs));
    normals.draw({
      x: { label: "latent neuron", from: -0.5, to: entry.dims - 0.5, whole: true },
      y: { label: "n", from: -most, to: most },
      marks: [{ kind: "dots", tone: "now", values: Array.from(numbers, (v, j) => [j, v]) }],
      words: `${entry.dims} numbers from ${formatNumber(Math.min(...numbers))} to ${formatNumber(Math.max(...numbers))}.`,
    });
    first.say(
      `There is no image: these rates come from the prior. It begins with ${entry.dims} standard normal numbers, of seed ${state.source.seed}.`,
    );
    first.state(null);
    second.show(curve);
    const inner = (r) => (fitted ? Math.asin(Math.sqrt(r)) : Math.log(Math.max(r, 1e-4) / Math.max(1 - r, 1e-4)));
    const outer = (a) => (fitted ? Math.sin(a) ** 2 : 1 / (1 + Math.exp(-a)));
    const places = Array.from(rates, inner);
    const [low, high] = fitted ? [0, Math.PI / 2] : [Math.min(-4, ...places), Math.max(4, ...places)];
    const grid = Array.from({ length: 81 }, (_, k) => low + ((high - low) * k) / 80);
    curve.draw({
      x: { label: fitted ? "a neuron of one Gaussian" : "W n + b", from: low, to: high },
      y: { label: "rate", from: 0, to: 1 },
      marks: [
        { kind: "line", tone: "quiet", name: fitted ? "sin²" : "sigmoid", values: grid.map((a) => [a, outer(a)]) },
        { kind: "dots", tone: "now", name: "a latent neuron", values: places.map((a, j) => [a, rates[j]]) },
      ],
      words: `Rates from ${formatNumber(Math.min(...rates))} to ${formatNumber(Math.max(...rates))}.`,
    });
    second.say(
      fitted
        ? `One of ${model.prior_components} Gaussians, fitted to the rates of the training images, bends them into rates.`
        : "One linear layer, trained with the model, and a sigmoid turn them into rates like those of images.",
    );
    second.state(equation(fitted ? "fitted" : "learned"));
  }

  /** FSVAE's, whose spikes go on from those before. @param {number} seed */
  function ofStepwisePrior(seed) {
    first.rename("First step");
    second.rename("Prior");
    first.show();
    first.say("There is no image: the latent spikes come from the prior, which begins with silence.");
    first.state(null);
    second.show(raster);
    paintSpikes(raster, engine.generate(seed), entry.dims);
    second.say(
      `At each step three layers hear the latent spikes of the step before and offer ${model.candidates} candidates for each neuron, of which one is taken at random, by the seed ${seed}. Above is what they made; below, how often each neuron spikes is kept, and its spikes are placed anew.`,
    );
    second.state(equation(model.neuron.reset));
  }

  function described(source) {
    if (!painted) return source.kind === "own" ? "A picture of your own," : `Test image ${source.index},`;
    const lacking =
      source.kind === "own"
        ? "These rates were read from a picture of someone's own, of which only the rates are kept."
        : `Test image ${source.index} itself is not on this machine; only its rates are, in the model's atlas.`;
    return `${lacking} In its place the model's own picture of it is shown to the encoder again:`;
  }

  function showRates({ state, rates }) {
    third.show(bars);
    const own =
      image && !painted && !latent.stepwise
        ? encoded.to_latent.spikes.reduce(
            (sums, o, i) => ((sums[i % entry.dims] += o / entry.steps), sums),
            new Float32Array(entry.dims),
          )
        : null;
    const origin = own ?? fromGrid(session.ratesOf(state.source));
    const moved = rates.filter((r, j) => Math.abs(r - origin[j]) > 1e-4).length;
    bars.draw({
      x: { label: "latent neuron", from: -0.6, to: entry.dims - 0.4, whole: true },
      y: { label: "rate", from: 0, to: 1 },
      marks: [
        { kind: "bars", tone: "now", values: Array.from(rates, (r, j) => [j, r]) },
        moved
          ? {
              kind: "dots",
              tone: "was",
              name: "before they were moved",
              values: Array.from(origin, (r, j) => [j, r]),
              size: 2.5,
            }
          : null,
      ],
      words: `${entry.dims} rates from ${formatNumber(Math.min(...rates))} to ${formatNumber(Math.max(...rates))}, mean ${formatNumber(rates.reduce((a, b) => a + b, 0) / entry.dims)}.`,
    });
    const where = moved ? ` You have moved ${moved} of them since.` : "";
    if (latent.stepwise) {
      third.say(
        `How often each of ${entry.dims} latent neurons spikes, over T. Of an image, three layers hear the encoder's spikes and the latent spikes of the step before, offer ${model.candidates} candidates for each neuron at each step, and one is taken at random.${where}`,
      );
    } else
      third.say(
        `The latent: ${entry.dims} firing rates, spikes per step, from 0 (never) to 1 (always). ${own ? `Each is the mean of a latent neuron's ${counted(entry.steps, "step")}.` : `Of an image, each is the mean of a latent neuron's ${counted(entry.steps, "step")}.`}${where}`,
      );
    third.state(equation("rate"));
  }

  const stops = [trace.on(draw), onLook(maps, () => trace.now && draw(trace.now))];
  return {
    cards,
    dispose() {
      stops.forEach((stop) => stop());
      [normals, curve, bars].forEach((each) => each.dispose());
    },
  };
}

/**
 * Paint what layers did: rates over all steps, or the spikes of one.
 * @returns {{spikes: number, neurons: number}} in all of them, over all steps
 */
export function paintLayers(shown, did, steps, step) {
  let [spikes, neurons] = [0, 0];
  for (const { layer, canvas, caption } of shown) {
    const { spikes: fired } = did[layer.name];
    const area = fired.length / steps;
    const rates = new Float32Array(area);
    for (let i = 0; i < fired.length; i++) rates[i % area] += fired[i] / steps;
    const cells = layer.sideOut ** 2;
    const [seen, columns] =
      layer.kind === "collect"
        ? [layer.channelsOut, Math.ceil(layer.channelsOut / 2)]
        : [Math.min(SEEN, layer.channelsOut), SEEN / 2];
    paintMaps(
      canvas,
      seen,
      layer.sideOut,
      (c, p) => (step ? fired[(step - 1) * area + c * cells + p] : rates[c * cells + p]),
      columns,
    );
    const own = fired.reduce((a, b) => a + b, 0);
    canvas.classList.toggle("fine", layer.sideOut > 12); // these are made smaller: not by leaving pixels out
    const some = seen < layer.channelsOut ? `, ${seen} shown` : "";
    caption.textContent =
      layer.kind === "collect"
        ? `${layer.channelsOut} neurons`
        : `${layer.channelsOut} × ${layer.sideOut} × ${layer.sideOut}${some}`;
    canvas.setAttribute(
      "aria-label",
      `${layerName(layer)}: ${((100 * own) / fired.length).toFixed(0)} percent fire at a step`,
    );
    spikes += own;
    neurons += area;
  }
  return { spikes, neurons };
}
