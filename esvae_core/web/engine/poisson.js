/**
 * Poisson counts under frozen noise, and a Poisson VAE in the page; the twins are `esvae_core/engine/poisson.py`, which
 * says how counts are drawn, and `esvae_core/engine/ann.py`.
 */

import { AnnEngine } from "./ann.js";
import { EngineError } from "./errors.js";
import { uniform } from "./noise.js";

const MAX_COUNT = 255;
const [MIN_LOG, MAX_LOG] = [-50, 6.5];
const TERMS = 20;

/** Of numbers from -700 to 700, by sums and products alone: the bits do not depend on the browser. */
export function exp(x) {
  const whole = Math.floor(x / Math.LN2 + 0.5);
  const rest = x - whole * Math.LN2;
  let total = 1;
  for (let n = TERMS; n > 0; n--) total = 1 + (total * rest) / n;
  for (let k = whole; k > 0; k--) total *= 2;
  for (let k = whole; k < 0; k++) total /= 2;
  return total;
}

/**
 * Counts of that seed.
 * @param {ArrayLike<number>} logRates (d)
 * @param {number} seed 0 to 2^32 - 1
 * @returns {Uint8Array} (d)
 */
export function counts(logRates, seed) {
  const chance = uniform(seed, 1, logRates.length);
  return Uint8Array.from(logRates, (log, j) => {
    const rate = exp(Math.min(MAX_LOG, Math.max(MIN_LOG, log)));
    let term = exp(-rate);
    let [total, k] = [term, 0];
    while (k < MAX_COUNT && chance[j] >= total) {
      term = (term * rate) / ++k;
      total += term;
    }
    return k;
  });
}

/**
 * Counts of that seed -> spikes in each of T steps.
 * @param {Uint8Array} found (d)
 * @returns {Uint8Array} (T, d); summed over time, the counts
 */
export function spread(found, seed, steps) {
  const d = found.length;
  const most = found.reduce((a, b) => Math.max(a, b), 0);
  const spikes = new Uint8Array(steps * d);
  const times = most ? uniform(seed, most, d, 1) : [];
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < found[j]; k++) spikes[Math.floor(times[k * d + j] * steps) * d + j]++;
  }
  return spikes;
}

/** Its pictures come from counts: `sample` draws them, spread over T steps, and `decode` adds them up again. */
export class PoissonEngine extends AnnEngine {
  /**
   * @param {ArrayLike<number>} heights (d) in [0, 1]
   * @param {number} [seed] 0 to 2^32 - 1
   * @param {string} [_sampler] there is one alone
   * @param {number} [steps] T
   * @returns {Uint8Array} (T, d) spikes in each step
   */
  sample(heights, seed = 0, _sampler = "", steps = 1) {
    return spread(counts(this.code(heights), seed), seed, steps);
  }

  /** @param {ArrayLike<number>} spikes (T, d) counts of any T @returns {Float32Array} (C, H, W) in [-1, 1] */
  decode(spikes, _steps = 1) {
    const d = this.model.latent_dim;
    if (!spikes?.length || spikes.length % d) {
      throw new EngineError("input", `spikes: expected a multiple of ${d} numbers, got ${spikes?.length}`);
    }
    const sum = new Float64Array(d);
    for (let i = 0; i < spikes.length; i++) sum[i % d] += spikes[i];
    return this.picture(sum);
  }

  /** The prior's rates are the same for all seeds: all chance is in the counts. */
  priorRates(seed, { temperature = 1 } = {}) {
    this.checkTemperature(temperature);
    return new Float32Array(this.model.latent_dim).fill(0.5);
  }

  /** Log-rates, kept by the model within a bound to either side of the prior's. */
  bounded(raw) {
    const bound = /** @type {number} */ (this.model.residual_bound); // which every Poisson VAE has
    const [low, high] = this.range;
    return raw.map((x, j) => (low[j] + high[j]) / 2 + bound * Math.tanh(x / bound));
  }
}
