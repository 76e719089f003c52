/** What many draws of the samplers show of counts and intervals, beside as many true Poisson counts. */

import { sample, uniform } from "../../engine/noise.js";
import { poissonDraw } from "../../math/distributions.js";
import { countsOf, intervalsOf } from "../../math/spike_trains.js";
import { MAX_SEED } from "../../state/url_state.js";

/**
 * Of K draws: counts (K, d), true Poisson counts of the same means (K, d), and of each neuron (T) how often one spike
 * followed another after k steps.
 * @typedef {{counts: Uint16Array, poisson: Uint16Array, intervals: Float64Array[]}} SampledStatistics
 */

/**
 * @param {Float32Array} rates (d)
 * @param {Pick<State, "seed"|"sampler"|"steps">} noise the first draw's seed; the others have those after it
 * @param {number} draws K
 * @returns {SampledStatistics}
 */
export function sampledStatistics(rates, { seed, sampler, steps }, draws) {
  const d = rates.length;
  const counts = new Uint16Array(draws * d);
  const intervals = Array.from({ length: d }, () => new Float64Array(steps));
  for (let k = 0; k < draws; k++) {
    const spikes = sample(rates, (seed + k) % (MAX_SEED + 1), sampler, steps);
    counts.set(countsOf(spikes, d), k * d);
    for (let j = 0; j < d; j++) intervalsOf(spikes, d, j, intervals[j]);
  }
  const noise = uniform((seed + draws) % (MAX_SEED + 1), draws, d);
  const poisson = Uint16Array.from(noise, (u, i) => poissonDraw(steps * rates[i % d], u));
  return { counts, intervals, poisson };
}

/**
 * Values of some neurons in all draws, draw by draw.
 * @param {Uint16Array} values (K, d)
 * @param {number} d
 * @param {number[]} neurons
 */
export function valuesOf(values, d, neurons) {
  const draws = values.length / d;
  return Array.from({ length: draws * neurons.length }, (_, i) => {
    return values[Math.floor(i / neurons.length) * d + neurons[i % neurons.length]];
  });
}

/** The neuron whose rate is nearest to 1/2, where sampling noise is largest. @param {Float32Array} rates */
export const noisiest = (rates) =>
  rates.reduce((best, r, j) => (Math.abs(r - 0.5) < Math.abs(rates[best] - 0.5) ? j : best), 0);

/** The neuron that a link names, -1 for none. @param {string|undefined} text @param {number} dims */
export const neuronIn = (text, dims) => (/^[0-9]+$/.test(text ?? "") && Number(text) < dims ? Number(text) : -1);
