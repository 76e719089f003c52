/** Charts of what many draws show, with the law that it should follow; and in words why this is not Poisson. */

import { msg } from "../../messages.js";
import { counted, formatNumber } from "../../math/axis.js";
import * as theory from "../../math/distributions.js";
import { valuesOf } from "./sampled_statistics.js";

/**
 * What the charts are of: K draws of all neurons, the neurons that are asked for (`one`: their number if it is one,
 * else -1), and what these are called.
 * @typedef {{found: import("./sampled_statistics.js").SampledStatistics, draws: number, rates: Float32Array,
 *   sampler: Sampler, steps: number, neurons: number[], one: number, name: string}} Statistics
 */

const sum = (values) => values.reduce((a, b) => a + b, 0);
const numbered = (values) => Array.from(values, (value, k) => [k, value]);

/** Spikes in T steps. @param {Statistics} statistics @returns {ChartDescription} */
export function countsChart({ found, draws, rates, sampler, steps, neurons, one, name }) {
  const values = valuesOf(found.counts, rates.length, neurons);
  const there = theory.shares(values, steps);
  const law = theory.pooled(neurons.map((j) => theory.countLaw(sampler, rates[j], steps)));
  const { mean, variance, fano } = theory.fano(values);
  const binomial = one < 0 ? msg`mean of the binomials` : msg`Binomial(${steps}, r)`;
  const moments = msg`mean ${formatNumber(mean)}, variance ${formatNumber(variance)}`;
  return {
    x: { label: msg`spikes`, from: -0.5, to: steps + 0.5, whole: true },
    y: { label: msg`share of the draws`, from: 0, to: 1.08 * Math.max(...there, ...law) },
    marks: [
      { kind: "bars", tone: "quiet", name: msg`drawn`, values: numbered(there) },
      {
        kind: "line",
        tone: "now",
        name: sampler === "systematic" ? msg`T r, rounded up or down` : binomial,
        values: numbered(law),
      },
      { kind: "dots", tone: "now", values: numbered(law), size: 2.5 },
    ],
    words: msg`${name}, ${draws} draws: ${moments}; drawn and expected shares differ by ${formatNumber(theory.totalVariation(there, law))}.`,
    note: `${name}: ${moments}${one < 0 ? "" : msg`, Fano factor ${formatNumber(fano)}`}`,
  };
}

/** True Poisson counts of the same means. @param {Statistics} statistics @returns {ChartDescription} */
export function poissonChart({ found, rates, steps, neurons, name }) {
  const values = valuesOf(found.poisson, rates.length, neurons);
  const means = neurons.map((j) => rates[j] * steps);
  const most = Math.max(steps + 2, ...means.map((m) => Math.ceil(m + 4 * Math.sqrt(m))));
  const there = theory.shares(values, most);
  const law = theory.pooled(means.map((m) => theory.poisson(m, most)));
  const { mean, variance } = theory.fano(values);
  const beyond = 1 - sum(law.slice(0, steps + 1));
  return {
    x: { label: msg`events`, from: -0.5, to: most + 0.5, whole: true },
    y: { label: msg`share of the draws`, from: 0, to: 1.08 * Math.max(...there, ...law) },
    marks: [
      { kind: "region", tone: "was", name: msg`more than T: cannot be spikes`, values: [steps + 0.5, most + 0.5] },
      { kind: "bars", tone: "quiet", name: msg`drawn`, values: numbered(there) },
      { kind: "line", tone: "was", name: msg`Poisson(T r)`, values: numbered(law) },
      { kind: "dots", tone: "was", values: numbered(law), size: 2.5 },
    ],
    words: msg`True Poisson counts of the same mean, ${name}: mean ${formatNumber(mean)}, variance ${formatNumber(variance)}; ${formatNumber(100 * beyond)} percent need more than ${counted(steps, msg`spike`, msg`spikes`)} in ${counted(steps, msg`step`, msg`steps`)}.`,
    note: msg`Same mean, variance ${formatNumber(variance)}; ${beyond < 5e-4 ? msg`hardly any` : `${formatNumber(100 * beyond)} %`} beyond T = ${steps}`,
  };
}

const NO_INTERVAL = msg`With one time step there is at most one spike, so there are no intervals: choose a larger T.`;

/** Steps from one spike to the next. @param {Statistics} statistics @returns {ChartDescription} */
export function intervalsChart({ found, draws, rates, sampler, steps, neurons, name }) {
  const added = (lists) => Float64Array.from({ length: steps }, (_, k) => sum(lists.map((list) => list[k])));
  const there = added(neurons.map((j) => found.intervals[j])).map((n) => n / draws);
  const law = added(neurons.map((j) => theory.expectedIntervals(sampler, rates[j], steps)));
  const points = (values) => numbered(values).slice(1);
  const systematic = sampler === "systematic";
  return {
    x: { label: msg`steps`, from: 0.5, to: Math.max(2, steps) - 0.5, whole: true },
    y: { label: msg`intervals per draw`, from: 0, to: 1.08 * Math.max(...there, ...law, 0.01) },
    marks: [
      { kind: "bars", tone: "quiet", name: msg`drawn`, values: points(there) },
      {
        kind: "line",
        tone: "now",
        name: systematic ? msg`1/r, rounded up or down` : msg`geometric law`,
        values: points(law),
      },
      { kind: "dots", tone: "now", values: points(law), size: 2.5 },
    ],
    words:
      steps === 1
        ? NO_INTERVAL
        : msg`${name}: ${formatNumber(sum(there))} intervals per draw, ${formatNumber(sum(law))} expected; ${formatNumber(there[1] ?? 0)} of one step, ${formatNumber(law[1] ?? 0)} expected.`,
    note:
      steps === 1
        ? NO_INTERVAL
        : systematic
          ? msg`As even as whole steps allow`
          : msg`r (1 − r)^(k−1), times the places where k steps fit into T`,
  };
}

/**
 * Fano factors of all neurons that fire, against their rates.
 * @param {Statistics} statistics
 * @param {string[]} names of all neurons
 * @returns {ChartDescription}
 */
export function fanoChart({ found, draws, rates, sampler, steps }, names) {
  const firing = Array.from(rates, (_, j) => j).filter((j) => rates[j] > 0);
  /** @returns {[number, number][]} */
  const dots = (values) =>
    firing.map((j) => {
      const { variance } = theory.fano(valuesOf(values, rates.length, [j]));
      return [rates[j], variance / (steps * rates[j])];
    });
  const [there, other] = [dots(found.counts), dots(found.poisson)];
  const factors = (points) => points.map(([, factor]) => factor);
  const bernoulli = sampler === "bernoulli";
  const grid = Array.from({ length: 257 }, (_, i) => Math.max(1e-3, i / 256));
  const law = grid.map((r) => [r, theory.fanoLaw(sampler, r, steps)]);
  return {
    x: { label: msg`rate r, spikes per step`, from: 0, to: 1 },
    y: { label: msg`variance / mean`, from: 0, to: 1.05 * Math.max(1.2, ...factors(other), ...factors(there)) },
    marks: [
      bernoulli ? { kind: "band", tone: "now", values: grid.map((r) => bandAt(r, steps, draws)) } : null,
      { kind: "line", tone: "now", name: bernoulli ? msg`1 − r` : msg`systematic`, values: law },
      { kind: "line", tone: "was", dashed: true, name: msg`Poisson: 1`, values: POISSON },
      { kind: "dots", tone: "was", hollow: true, values: other },
      { kind: "dots", tone: "ink", name: msg`a neuron`, values: there, titles: firing.map((j) => names[j]) },
    ],
    ...fanoWords(there, bernoulli, steps, draws),
  };
}

/** The Fano factor of true Poisson counts, at rates from 0 to 1. */
const POISSON = [
  [0, 1],
  [1, 1],
];

/** Two deviations around the law at a rate: where about 95 % of Fano factors belong. */
function bandAt(r, steps, draws) {
  const spread = 2 * theory.fanoSpread(r, steps, draws);
  return [r, Math.max(0, 1 - r - spread), 1 - r + spread];
}

/** @param {[number, number][]} there rate and Fano factor of each neuron that fires */
function fanoWords(there, bernoulli, steps, draws) {
  const below = there.filter(([r]) => r < 1);
  const close = ([r, f]) => Math.abs(f - (1 - r)) <= 2 * theory.fanoSpread(r, steps, draws) + 1e-9;
  const within = msg`${below.filter(close).length} of the ${below.length} with rates`;
  const largest = formatNumber(Math.max(0, ...there.map(([, f]) => f)));
  const found = bernoulli
    ? msg`${within} below 1 lie within two deviations of 1 minus rate.`
    : msg`The largest is ${largest}.`;
  return {
    words: msg`${counted(there.length, msg`neuron fires`, msg`neurons that fire`)}. ${found} True Poisson counts lie around 1.`,
    note: bernoulli
      ? msg`${within} between 0 and 1 within the band, where about 95 % belong (two deviations of ${draws} draws)`
      : msg`Largest: ${largest}; Bernoulli spikes would show 1 − r`,
  };
}

/** What is drawn, and why it is not Poisson. @param {Pick<Statistics, "rates"|"sampler"|"steps"|"one">} statistics */
export function explanation({ rates, sampler, steps, one }) {
  const coins =
    steps === 1 ? msg`One coin makes a count of 0 or 1` : msg`${steps} coins make a count between 0 and ${steps}`;
  const text =
    sampler === "systematic"
      ? msg`Even spikes (systematic sampling) take one random offset for each neuron and then follow at equal distances: the count is T × r, rounded up or down, and so are the intervals 1/r. The Fano factor is nearly 0, so the picture hardly changes with the noise. Random spikes (Bernoulli sampling) are a coin with chance r at every step instead.`
      : msg`The paper speaks of Poisson spikes. What it draws, and this page too, is a coin with chance r at every step: a spike or none. ${coins}, Binomial(${steps}, r), with variance T r (1 − r). A Poisson count has no ceiling, and its variance equals its mean; coins come near it only where the rate is small.`;
  if (one < 0) return text;
  const rate = formatNumber(rates[one]);
  const factor =
    sampler === "bernoulli"
      ? msg` At rate ${rate} the Fano factor is ${formatNumber(1 - rates[one])}, where Poisson would have 1.`
      : "";
  const noiseless = rates[one] <= 0 || rates[one] >= 1;
  return `${text}${factor}${noiseless ? msg` A neuron at rate ${rate} has no sampling noise: choose another.` : ""}`;
}
