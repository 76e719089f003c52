/**
 * The second half of the path: rates and noise make spikes, spikes charge the decoder, the readout adds them up into a
 * picture.
 */

import { h, onLook, pixels } from "../../dom.js";
import { decoderLayers } from "../../engine/network.js";
import { uniform } from "../../engine/noise.js";
import { counted, formatNumber } from "../../math/axis.js";
import { card, layerMaps } from "./card.js";
import { chart } from "../shared/chart.js";
import { equation } from "./equations.js";
import { paintLayers } from "./encoder_cards.js";
import { keyOf, sourceImage } from "../shared/source_image.js";
import { nameOf } from "../shared/mixer.js";
import { paint } from "../shared/paint.js";
import { paintSpikes } from "../shared/raster.js";

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function decoderCards(session, trace) {
  const { entry, spikingEngine: engine } = session;
  const { size, channels, dims } = entry;
  const { model } = engine;
  const layers = decoderLayers(model).filter((l) => l.neuron);
  const cards = ["Noise", "Spikes", "Decoder", "Readout", "Picture"].map((title, k) => card(k + 4, title));
  const [noise, spikes, decoder, readout, picture] = cards;
  const dots = chart("One neuron's noise", { tall: 150 });
  const raster = h("canvas", { class: "still-raster", role: "img", "data-figure": "Spikes" });
  const { element: maps, maps: shown } = layerMaps(layers);
  const weights = chart("Weight of each step", { tall: 96 });
  const strip = h("div", { class: "made-strip" });
  const large = pixels(size, size, "The picture", "large middling");
  noise.show(dots);
  spikes.show(raster);
  decoder.show(maps);
  readout.show(weights, strip);
  picture.show(large);
  decoder.state(equation(model.neuron.reset));
  readout.state(model.learned_readout ? null : equation("readout", model.readout_decay));
  picture.state(equation("error"));
  let [image, asked] = [null, ""];

  function draw(now) {
    const { state } = now;
    readSource(state);
    trace.watch(
      cards,
      layers.map((l) => l.name),
    );
    if (!trace.now.layers[layers[0].name]) return; // what is watched has just changed: this is called again
    showNoise(now);
    showSpikes(now);
    showDecoder(trace.now);
    showReadout(now);
    showPicture(now);
  }

  function showNoise({ state, rates, drawn }) {
    const { steps, seed, sampler } = state;
    const wanted = state.view.neuron;
    const one =
      /^[0-9]+$/.test(wanted ?? "") && Number(wanted) < dims
        ? Number(wanted)
        : rates.reduce((best, r, j) => (Math.abs(r - 0.5) < Math.abs(rates[best] - 0.5) ? j : best), 0);
    const numbers = uniform(seed, steps, dims);
    const r = rates[one];
    const name = nameOf(session, one);
    const bernoulli = sampler === "bernoulli";
    const values = Array.from({ length: steps }, (_, t) => [
      t + 1,
      bernoulli ? numbers[t * dims + one] : r * (t + 1) + numbers[one],
    ]);
    const fires = values.map((_, t) => drawn[t * dims + one] === 1);
    dots.draw({
      x: { label: "step", from: 0.5, to: steps + 0.5, whole: true },
      y: bernoulli
        ? { label: "chance", from: 0, to: 1 }
        : { label: "rate added up", from: 0, to: Math.max(1, r * steps + 1), whole: true },
      marks: [
        bernoulli
          ? {
              kind: "line",
              tone: "now",
              name: `rate of ${name}, ${formatNumber(r)}`,
              values: [
                [0.5, r],
                [steps + 0.5, r],
              ],
            }
          : { kind: "line", tone: "quiet", name: `r t + φ of ${name}, r = ${formatNumber(r)}`, values },
        { kind: "dots", tone: "now", name: "spike", values: values.filter((_, t) => fires[t]) },
        { kind: "dots", tone: "was", hollow: true, name: "silent", values: values.filter((_, t) => !fires[t]) },
      ],
      words: `${name} at rate ${formatNumber(r)}: ${counted(fires.filter(Boolean).length, "spike")} in ${counted(steps, "step")}.`,
    });
    noise.say(
      bernoulli
        ? `Each neuron draws a number from 0 to 1 at every step, and fires where it is below the rate. The numbers are frozen by the seed, ${seed}: the same ones come again.`
        : `Each neuron draws one offset φ, adds its rate at every step, and fires whenever it passes a whole number. The offsets are frozen by the seed, ${seed}.`,
    );
    noise.state(equation(sampler));
    noise.dataset.fired = String(fires.filter(Boolean).length);
    noise.dataset.neuron = String(one);
  }

  function showSpikes({ state, spikes: z, rates, upto, flips }) {
    paintSpikes(raster, z, dims, upto);
    const count = z.reduce((a, b) => a + b, 0);
    raster.setAttribute(
      "aria-label",
      `${counted(count, "spike")} of ${dims} neurons in ${counted(state.steps, "step")}`,
    );
    const expected = state.steps * rates.reduce((a, b) => a + b, 0);
    const edited = flips.size ? ` ${flips.size} are turned by hand, on the page Spikes.` : "";
    spikes.say(
      `${dims} rows of neurons, ${counted(state.steps, "step")}: ${counted(count, "spike")}, expected ${expected.toFixed(0)}. This is all that the decoder gets to see.${edited}`,
    );
  }

  function showDecoder({ state, layers: did, upto }) {
    const { spikes: fired, neurons } = paintLayers(shown, did, state.steps, upto < state.steps ? upto : null);
    const share = (100 * fired) / (neurons * state.steps);
    decoder.say(
      `The spikes spread into ${layers[0].channelsOut} maps of ${layers[0].sideOut} × ${layers[0].sideOut}, and ${layers.length - 1} transposed convolutions double them to ${size} × ${size}. ${fired.toLocaleString("en")} spikes, ${share.toFixed(0)} % of what there could be: that is the work to be done.`,
    );
  }

  function showReadout({ state, images, upto }) {
    const steps = state.steps;
    const all = engine.readoutWeights(steps);
    const bars = Array.from(all, (w, t) => [t + 1, w]);
    const total = all.reduce((a, b) => a + b, 0);
    const last = all.slice(-5).reduce((a, b) => a + b, 0) / total;
    weights.draw({
      x: { label: "step", from: 0.5, to: steps + 0.5, whole: true },
      y: { label: "weight", from: 0, to: 1 },
      marks: [
        { kind: "bars", tone: "now", values: bars.slice(0, upto) },
        { kind: "bars", tone: "quiet", values: bars.slice(upto) },
      ],
      words: `The last five of ${steps} steps hold ${Math.round(100 * last)} percent.`,
    });
    const places = [...new Set([1, 2, 4, 8, steps].map((t) => Math.min(t, steps)))];
    strip.replaceChildren(
      ...places.map((t) => {
        const canvas = pixels(size, size, `Picture after ${t} of ${steps} steps`, "thumb");
        paint(canvas, images.subarray((t - 1) * engine.pixels, t * engine.pixels), channels);
        return h("figure", {}, canvas, h("figcaption", {}, `after ${t}`));
      }),
    );
    readout.say(
      `One more neuron per pixel adds up what the last layer sends and never fires; ${model.learned_readout ? "what it keeps at each step was learned" : `it forgets a factor ${model.readout_decay} at each step`}${steps > 5 ? `, so the last five hold ${Math.round(100 * last)} % of the weight` : ""}.`,
    );
  }

  function showPicture({ state, images, upto }) {
    const shownImage = images.subarray((upto - 1) * engine.pixels, upto * engine.pixels);
    paint(large, shownImage, channels);
    const when = upto < state.steps ? ` after ${upto} of ${counted(state.steps, "step")}` : "";
    const error = image ? shownImage.reduce((sum, v, k) => sum + (v - image[k]) ** 2, 0) / image.length : null;
    picture.say(
      image
        ? `The picture${when}. Its mean squared error against the image is ${formatNumber(error)}, on the scale from −1 to 1; training made that small, and the rates' distribution like the prior's.`
        : `The picture${when}. There is no image to compare it with; training made such pictures like their images, and the rates' distribution like the prior's.`,
    );
    picture.dataset.error = String(error ?? "");
  }

  function readSource({ source }) {
    const key = keyOf(source);
    if (key === asked) return;
    [image, asked] = [null, key];
    sourceImage(session, source).then((found) => {
      if (asked !== key || !found || session.entry !== entry) return;
      image = found;
      showPicture(trace.now);
    });
  }

  const stops = [trace.on(draw), onLook(raster, () => trace.now && draw(trace.now))];
  return {
    cards,
    dispose() {
      stops.forEach((stop) => stop());
      [dots, weights].forEach((each) => each.dispose());
    },
  };
}
