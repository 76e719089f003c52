/** Charts of How it works: the prior's numbers, rates, the noise of one neuron, the readout's weights. */

import { msg } from "../../messages.js";
import { counted, formatNumber } from "../../math/axis.js";
import { uniform } from "../../engine/noise.js";

const numbered = (values) => Array.from(values, (value, j) => [j, value]);
const sum = (values) => values.reduce((a, b) => a + b, 0);

/** From the lowest to the highest. @param {ArrayLike<number> & Iterable<number>} values */
const span = (values) => msg`from ${formatNumber(Math.min(...values))} to ${formatNumber(Math.max(...values))}`;

/** Standard normal numbers. @param {Float32Array|Float64Array} numbers (d) @returns {ChartDescription} */
export function normalsChart(numbers) {
  const most = Math.max(3, ...numbers.map(Math.abs));
  return {
    x: { label: msg`latent neuron`, from: -0.5, to: numbers.length - 0.5, whole: true },
    y: { label: "n", from: -most, to: most },
    marks: [{ kind: "dots", tone: "now", values: numbered(numbers) }],
    words: msg`${numbers.length} numbers ${span(numbers)}.`,
  };
}

/** From a place on the axis to a rate, and back; the place of rates 0 and 1 is finite. */
const FITTED = { toPlace: (r) => Math.asin(Math.sqrt(r)), toRate: (a) => Math.sin(a) ** 2 };
const LEARNED = {
  toPlace: (r) => Math.log(Math.max(r, 1e-4) / Math.max(1 - r, 1e-4)),
  toRate: (a) => 1 / (1 + Math.exp(-a)),
};

/**
 * How the prior bends numbers into rates.
 * @param {Float32Array} rates (d) that it made
 * @param {boolean} fitted whether it is one of Gaussians; else a linear layer with a sigmoid
 * @returns {ChartDescription}
 */
export function priorCurve(rates, fitted) {
  const { toPlace, toRate } = fitted ? FITTED : LEARNED;
  const places = Array.from(rates, toPlace);
  const [low, high] = fitted ? [0, Math.PI / 2] : [Math.min(-4, ...places), Math.max(4, ...places)];
  const grid = Array.from({ length: 81 }, (_, k) => low + ((high - low) * k) / 80);
  return {
    x: { label: fitted ? msg`a neuron of one Gaussian` : "W n + b", from: low, to: high },
    y: { label: msg`rate`, from: 0, to: 1 },
    marks: [
      { kind: "line", tone: "quiet", name: fitted ? msg`sin²` : msg`sigmoid`, values: grid.map((a) => [a, toRate(a)]) },
      { kind: "dots", tone: "now", name: msg`a latent neuron`, values: places.map((a, j) => [a, rates[j]]) },
    ],
    words: msg`Rates ${span(rates)}.`,
  };
}

/** How many rates are others than at the start. @param {Float32Array} rates @param {Float32Array} origin */
export const movedCount = (rates, origin) => rates.filter((r, j) => Math.abs(r - origin[j]) > 1e-4).length;

/**
 * Rates, and where they were if any was moved.
 * @param {Float32Array} rates (d)
 * @param {Float32Array} origin (d)
 * @returns {ChartDescription}
 */
export function ratesChart(rates, origin) {
  const d = rates.length;
  const before = { kind: "dots", tone: "was", name: msg`before they were moved`, values: numbered(origin), size: 2.5 };
  return {
    x: { label: msg`latent neuron`, from: -0.6, to: d - 0.4, whole: true },
    y: { label: msg`rate`, from: 0, to: 1 },
    marks: [
      { kind: "bars", tone: "now", values: numbered(rates) },
      movedCount(rates, origin) ? /** @type {ChartMark} */ (before) : null,
    ],
    words: msg`${d} rates ${span(rates)}, mean ${formatNumber(sum(rates) / d)}.`,
  };
}

/**
 * What the noise of one neuron is held against at each step, and where the neuron fires.
 * @param {{rate: number, name: string, noise: number[], fires: boolean[], sampler: Sampler}} neuron noise: a number for
 *   each step, or of systematic sampling the one offset at each
 * @returns {ChartDescription}
 */
export function noiseChart({ rate, name, noise, fires, sampler }) {
  const steps = noise.length;
  const bernoulli = sampler === "bernoulli";
  const values = noise.map((u, t) => [t + 1, bernoulli ? u : rate * (t + 1) + u]);
  const level = [
    [0.5, rate],
    [steps + 0.5, rate],
  ];
  return {
    x: { label: msg`step`, from: 0.5, to: steps + 0.5, whole: true },
    y: bernoulli
      ? { label: msg`chance`, from: 0, to: 1 }
      : { label: msg`rate added up`, from: 0, to: Math.max(1, rate * steps + 1), whole: true },
    marks: [
      bernoulli
        ? { kind: "line", tone: "now", name: msg`rate of ${name}, ${formatNumber(rate)}`, values: level }
        : { kind: "line", tone: "quiet", name: msg`r t + φ of ${name}, r = ${formatNumber(rate)}`, values },
      { kind: "dots", tone: "now", name: msg`spike`, values: values.filter((_, t) => fires[t]) },
      { kind: "dots", tone: "was", hollow: true, name: msg`silent`, values: values.filter((_, t) => !fires[t]) },
    ],
    words: msg`${name} at rate ${formatNumber(rate)}: ${counted(fires.filter(Boolean).length, msg`spike`, msg`spikes`)} in ${counted(steps, msg`step`, msg`steps`)}.`,
  };
}

/**
 * The frozen noise of one neuron, at each step.
 * @param {Pick<State, "seed"|"sampler"|"steps">} state
 * @param {number} dims
 * @param {number} j
 */
export function noiseOf({ seed, sampler, steps }, dims, j) {
  const numbers = uniform(seed, steps, dims);
  return Array.from({ length: steps }, (_, t) => numbers[sampler === "bernoulli" ? t * dims + j : j]);
}

/** Share of the weight that the last five steps hold, 0 to 1. @param {Float64Array} weights (T) */
export const lastShare = (weights) => sum(weights.slice(-5)) / sum(weights);

/**
 * The readout's weight of each step.
 * @param {Float64Array} weights (T)
 * @param {number} upto steps that are shown
 * @returns {ChartDescription}
 */
export function readoutChart(weights, upto) {
  const steps = weights.length;
  const bars = Array.from(weights, (weight, t) => [t + 1, weight]);
  return {
    x: { label: msg`step`, from: 0.5, to: steps + 0.5, whole: true },
    y: { label: msg`weight`, from: 0, to: 1 },
    marks: [
      { kind: "bars", tone: "now", values: bars.slice(0, upto) },
      { kind: "bars", tone: "quiet", values: bars.slice(upto) },
    ],
    words:
      steps > 5
        ? msg`The last five of ${steps} steps hold ${Math.round(100 * lastShare(weights))} percent.`
        : msg`Weights of ${counted(steps, msg`step`, msg`steps`)}.`,
  };
}

/** Steps after which the picture is shown: the first few powers of two, and the last. @param {number} steps */
export const shownSteps = (steps) => [...new Set([1, 2, 4, 8, steps].map((t) => Math.min(t, steps)))];

/** Mean squared error. @param {Float32Array} a @param {Float32Array} b */
export const squaredError = (a, b) => a.reduce((total, v, k) => total + (v - b[k]) ** 2, 0) / b.length;

/**
 * Numbers of a latent without spikes.
 * @param {Float32Array} heights (d)
 * @param {Pick<Latent, "name"|"value">} latent
 * @returns {ChartDescription}
 */
export function numbersChart(heights, { name, value }) {
  const d = heights.length;
  const values = Array.from(heights, (height, j) => value(j, height));
  const most = Math.max(...values.map((_, j) => Math.abs(value(j, 0))), 1e-9);
  const [left, right] = [-0.6, d - 0.4];
  const zero = [
    [left, 0],
    [right, 0],
  ];
  return {
    x: { label: msg`latent dimension`, from: left, to: right, whole: true },
    y: { label: name, from: -most, to: most },
    marks: [
      { kind: "line", tone: "quiet", values: zero },
      { kind: "dots", tone: "now", values: numbered(values) },
    ],
    words: msg`${d} numbers ${span(values)}.`,
  };
}
