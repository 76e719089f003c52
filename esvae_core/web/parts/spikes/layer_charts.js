/** What a layer did, for its maps; and the membrane of one of its neurons, as a chart. */

import { msg } from "../../messages.js";
import { counted, formatNumber } from "../../math/axis.js";
import { placeOf } from "./layer_units.js";

/**
 * Spikes per step of each neuron.
 * @param {Uint8Array} spikes (T, area)
 * @param {number} steps T
 * @returns {Float32Array} (area)
 */
export function firingRates(spikes, steps) {
  const rates = new Float32Array(spikes.length / steps);
  for (let i = 0; i < spikes.length; i++) rates[i % rates.length] += spikes[i] / steps;
  return rates;
}

/**
 * What the maps show of each neuron, 0 to 1 or above, and in words.
 * @param {"rate"|"spikes"|"membrane"} what
 * @param {LayerActivity} did
 * @param {Float32Array} rates
 * @param {number} upto the step that is shown, from 1
 * @param {Neuron} neuron
 * @returns {{value: (i: number) => number, words: string}}
 */
export function mapContent(what, did, rates, upto, neuron) {
  const at = (upto - 1) * rates.length;
  if (what === "rate") return { value: (i) => rates[i], words: msg`Spikes per step, over all steps` };
  if (what === "spikes") return { value: (i) => did.spikes[at + i], words: msg`Spikes at step ${upto}` };
  return {
    value: (i) => did.membranes[at + i] / (2 * neuron.threshold),
    words: msg`Membranes at step ${upto}, full colour at twice the threshold; below 0 in the other accent`,
  };
}

/** How much of a layer fires. @param {Float32Array} rates */
export function firingWords(rates) {
  const firing = rates.reduce((a, b) => a + b, 0) / rates.length;
  const silent = rates.filter((r) => r === 0).length / rates.length;
  return msg`${(100 * firing).toFixed(1)} % of the neurons fire at a step; ${Math.round(100 * silent)} % never do`;
}

/**
 * A neuron's membrane, and where it spikes.
 * @param {LayerActivity} did
 * @param {Pick<SpikingLayer, "channelsOut"|"sideOut"|"neuron">} layer
 * @param {import("./layer_units.js").Unit} unit
 * @param {number} steps T
 * @param {number} upto steps that are shown
 * @returns {ChartDescription}
 */
export function membraneChart(did, { channelsOut, sideOut: side, neuron }, [c, y, x], steps, upto) {
  const [area, at] = [channelsOut * side * side, placeOf([c, y, x], side)];
  const potential = Array.from({ length: steps }, (_, t) => did.membranes[t * area + at]);
  const fired = potential.map((_, t) => did.spikes[t * area + at]);
  const [low, high] = [Math.min(0, ...potential), Math.max(1.3 * neuron.threshold, ...potential)];
  const end = steps + 0.7;
  const spikes = msg`${counted(
    fired.reduce((a, b) => a + b, 0),
    msg`spike`,
    msg`spikes`,
  )} in ${counted(steps, msg`step`, msg`steps`)}`;
  const threshold = formatNumber(neuron.threshold);
  const level = [
    [0.5, neuron.threshold],
    [end, neuron.threshold],
  ];
  return {
    x: { label: msg`step`, from: 0.5, to: end, whole: true },
    y: { label: msg`membrane potential`, from: low, to: high + 0.12 * (high - low) },
    marks: [
      upto < steps ? { kind: "region", tone: "quiet", values: [upto + 0.5, end] } : null,
      { kind: "line", tone: "was", dashed: true, name: msg`threshold ${threshold}`, values: level },
      { kind: "line", tone: "ink", name: msg`membrane`, values: withResets(potential, fired, neuron) },
      {
        kind: "dots",
        tone: "now",
        name: msg`spike`,
        values: potential.flatMap((u, t) => (fired[t] ? [[t + 1, u]] : [])),
        size: 3.5,
      },
    ],
    words: msg`Channel ${c}, row ${y}, column ${x}: ${spikes}, membrane from ${formatNumber(Math.min(...potential))} to ${formatNumber(Math.max(...potential))}, threshold ${threshold}.`,
    note: msg`Channel ${c}${side > 1 ? msg`, row ${y}, column ${x}` : ""}: ${spikes}. ${neuron.learned_leak ? msg`A learned leak of its channel's own` : msg`Leak ${formatNumber(neuron.leak)} a step`}; a spike ${neuron.reset === "soft" ? msg`takes the threshold off` : msg`empties it`}.`,
  };
}

/**
 * The membrane at each step, and after each spike what the reset leaves of it.
 * @param {number[]} potential
 * @param {number[]} fired
 * @param {Neuron} neuron
 */
function withResets(potential, fired, { reset, threshold }) {
  const left = (u) => (reset === "soft" ? u - threshold : 0);
  const after = (u, t) => (fired[t] ? [[t + 1.12, left(u)]] : []);
  return potential.flatMap((u, t) => [[t + 1, u], ...after(u, t)]);
}
