/** What a spike raster says in words and numbers. Does not touch the DOM. */

import { msg } from "../../messages.js";

/**
 * The line below it, and what a screen reader says of it.
 * @param {Latent} latent
 * @param {Pick<Decoded, "spikes"|"before"|"rates"|"state">} decoded
 */
export function rasterWords(latent, { spikes, before, rates, state }) {
  const { count, won, lost } = tally(spikes, before);
  const most = latent.counts ? "" : msg` of ${rates.length * state.steps}`;
  return {
    line: msg`${count}${most}; expected ${expectedSpikes(latent, rates, state)}`,
    label: msg`Spike raster: ${rates.length} neurons, ${state.steps} time steps, ${count} spikes; ${won} new and ${lost} gone since the last change`,
  };
}

/** @param {number} count spikes of one neuron in one step */
export const heard = (count) => (count > 1 ? msg`${count} spikes` : count ? msg`a spike` : msg`silent`);

/**
 * How many spikes there are, and what the last change won and lost.
 * @param {ArrayLike<number>} spikes
 * @param {ArrayLike<number>|null} before
 */
export function tally(spikes, before) {
  let [count, won, lost] = [0, 0, 0];
  for (let i = 0; i < spikes.length; i++) {
    const [is, was] = [spikes[i], before ? before[i] : spikes[i]];
    count += is;
    won += is && !was ? 1 : 0;
    lost += was && !is ? 1 : 0;
  }
  return { count, won, lost };
}

/**
 * Sum of the spikes that rates lead one to expect, and its deviation where there is one.
 * @param {Latent} latent
 * @param {ArrayLike<number>} rates heights from 0 to 1
 * @param {Pick<State, "steps"|"sampler">} state
 */
export function expectedSpikes(latent, rates, { steps, sampler }) {
  const unit = latent.counts ? 1 : steps;
  const means = Array.from(rates, (rate, j) => latent.value(j, rate));
  const sum = (of) => unit * means.reduce((a, mean) => a + of(mean), 0);
  const spread = Math.sqrt(sum((mean) => (latent.counts ? mean : mean * (1 - mean))));
  const varies = latent.counts || sampler === "bernoulli";
  return `${sum((mean) => mean).toFixed(0)}${varies ? ` ± ${spread.toFixed(0)}` : ""}`;
}
