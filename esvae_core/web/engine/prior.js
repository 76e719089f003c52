/**
 * New rates from a model's prior, the same here and in Python; the twin is `esvae_core/engine/prior.py`.
 *
 * @typedef {{temperature?: number, prior?: "learned"|"fitted"}} PriorOptions
 */

import { EngineError } from "./errors.js";
import { chance, normal } from "./noise.js";

/** The tensors of a bundle that a prior needs, as copies of their own. */
export function priorTensors(tensors) {
  const own = Object.entries(tensors).filter(([name]) => /^(prior|fitted)\./.test(name));
  return Object.fromEntries(own.map(([name, values]) => [name, values.slice()]));
}

/**
 * @param {EngineSettings} model
 * @param {Record<string, Float32Array>} tensors
 * @param {number} seed 0 to 2^32 - 1
 * @param {PriorOptions} [options] the temperature scales the deviations; the fitted prior, where there is one, unless
 *   one is asked for
 * @returns {Float32Array} (d) in [0, 1]
 */
export function priorRates(model, tensors, seed, { temperature = 1, prior } = {}) {
  if (![undefined, null, "learned", "fitted"].includes(prior)) {
    throw new EngineError("input", `prior: expected 'learned' or 'fitted', got ${String(prior)}`);
  }
  if (!(temperature >= 0 && temperature < Infinity)) {
    throw new EngineError("input", `temperature: expected a finite number of 0 or more, got ${String(temperature)}`);
  }
  const hasFitted = model.prior_components > 0;
  if (prior === "fitted" && !hasFitted) throw new EngineError("input", "prior: this model has no fitted one");
  const numbers = normal(seed, model.latent_dim).map((n) => temperature * n);
  return prior === "learned" || !hasFitted ? learned(tensors, numbers) : fitted(model, tensors, numbers, chance(seed));
}

function learned(tensors, numbers) {
  const d = numbers.length;
  const weight = tensors["prior.weight"];
  return Float32Array.from(tensors["prior.bias"], (bias, i) => {
    let sum = bias;
    for (let j = 0; j < d; j++) sum += weight[i * d + j] * numbers[j];
    return 1 / (1 + Math.exp(-sum));
  });
}

function fitted(model, tensors, numbers, share) {
  const d = numbers.length;
  const weights = tensors["fitted.weights"];
  const end = weights.reduce((sum, w) => sum + w, 0) * share;
  let chosen = -1;
  for (let sum = 0; sum <= end && chosen < weights.length - 1;) sum += weights[++chosen];
  const mean = tensors["fitted.means"].subarray(chosen * d);
  const factor = tensors["fitted.factors"].subarray((chosen * d * (d + 1)) / 2); // the lower triangle, row by row
  return Float32Array.from(numbers, (_, i) => {
    let sum = mean[i];
    for (let j = 0; j <= i; j++) sum += factor[(i * (i + 1)) / 2 + j] * numbers[j];
    const rate = Math.sin(Math.min(Math.max(sum, 0), Math.PI / 2)) ** 2;
    return model.prior_snap ? Math.floor(rate * model.time_steps + 0.5) / model.time_steps : rate;
  });
}
