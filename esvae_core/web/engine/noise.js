/**
 * Frozen noise: a number for every (seed, time step, neuron), the same here and in Python.
 * The twin is `esvae_core/engine/noise.py`, which says how it works; both are held against the same test vectors.
 */

import { EngineError } from "./errors.js";

function mixed(x) {
  x = (x + 0x9e3779b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

/**
 * (T, d) numbers on [0, 1), multiples of 2^-24.
 * @param {number} seed 0 to 2^32 - 1
 * @param {number} steps T
 * @param {number} neurons d
 * @param {number} [first] number of the first step
 * @returns {Float32Array}
 */
export function uniform(seed, steps, neurons, first = 0) {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new EngineError("input", `seed: expected 0 to ${0xffffffff}, got ${seed}`);
  }
  const out = new Float32Array(steps * neurons);
  const ofSeed = mixed(seed | 0);
  for (let t = 0; t < steps; t++) {
    const ofStep = mixed((ofSeed + first + t) | 0);
    for (let j = 0; j < neurons; j++) out[t * neurons + j] = (mixed((ofStep + j) | 0) >>> 8) * 2 ** -24;
  }
  return out;
}

/** First step of the numbers that are not for spikes; no spike train is as long. */
const NORMAL_FROM = 2 ** 31;

/**
 * Standard normal numbers, by Box and Muller's transform of two uniform numbers each.
 * @param {number} seed 0 to 2^32 - 1
 * @param {number} count
 * @returns {Float64Array}
 */
export function normal(seed, count) {
  const u = uniform(seed, 2, count, NORMAL_FROM);
  const one = (_, j) => Math.sqrt(-2 * Math.log(1 - u[j])) * Math.cos(2 * Math.PI * u[count + j]);
  return Float64Array.from({ length: count }, one);
}

/** One number on [0, 1) that is neither for spikes nor in `normal`: to choose by. */
export function chance(seed) {
  return uniform(seed, 1, 1, NORMAL_FROM + 2)[0];
}

const CHOICES_FROM = 2 ** 31 + 2 ** 17;

/**
 * Which of the candidates of FSVAE's latent spikes are taken; `esvae_core/engine/autoregressive.py`.
 * @returns {number[]} (T, d) 0 to candidates - 1
 */
export const choices = (seed, steps, neurons, candidates) =>
  Array.from(uniform(seed, steps, neurons, CHOICES_FROM), (u) => Math.floor(u * candidates));

/** Rates (d) and noise (T, d) -> spikes (T, d): 1 where the rate exceeds the noise. */
export function bernoulli(rates, noise) {
  const single = Float32Array.from(rates);
  return Uint8Array.from(noise, (u, i) => (single[i % single.length] > u ? 1 : 0));
}

/** Rates (d) and noise (T, d) -> evenly spaced spikes (T, d); only the first step's noise is used. */
export function systematic(rates, noise) {
  const single = Float32Array.from(rates);
  const width = single.length;
  return Uint8Array.from(noise, (_, i) => {
    const j = i % width;
    const t = (i - j) / width;
    return Math.floor((t + 1) * single[j] + noise[j]) - Math.floor(t * single[j] + noise[j]);
  });
}

/**
 * Rates (d) in [0, 1] -> spikes (T, d) with frozen noise.
 * @param {ArrayLike<number>} rates
 * @param {number} seed
 * @param {"bernoulli"|"systematic"} sampler
 * @param {number} steps T
 * @returns {Uint8Array}
 */
export function sample(rates, seed, sampler, steps) {
  for (let j = 0; j < rates.length; j++) {
    if (!(rates[j] >= 0 && rates[j] <= 1)) {
      throw new EngineError("input", `rates: expected numbers in [0, 1], got ${rates[j]} at ${j}`);
    }
  }
  if (sampler !== "bernoulli" && sampler !== "systematic") {
    throw new EngineError("input", `sampler: expected 'bernoulli' or 'systematic', got ${String(sampler)}`);
  }
  const noise = uniform(seed, steps, rates.length);
  return sampler === "systematic" ? systematic(rates, noise) : bernoulli(rates, noise);
}
