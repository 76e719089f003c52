/** What can be read off spike trains: counts, populations, intervals, orders, and the same counts at other times. */

import { uniform } from "../engine/noise.js";

/** Spikes of each neuron. @param {Uint8Array} spikes (T, d) @returns {Uint16Array} (d) */
export function countsOf(spikes, dims) {
  const counts = new Uint16Array(dims);
  for (let i = 0; i < spikes.length; i++) counts[i % dims] += spikes[i];
  return counts;
}

/** Spikes of each step. @returns {Uint16Array} (T) */
export function populationOf(spikes, dims) {
  const sums = new Uint16Array(spikes.length / dims);
  for (let i = 0; i < spikes.length; i++) sums[Math.floor(i / dims)] += spikes[i];
  return sums;
}

/** The step of each neuron's first spike; T where there is none. @returns {Uint16Array} (d) */
export function firstOf(spikes, dims) {
  const steps = spikes.length / dims;
  const first = new Uint16Array(dims).fill(steps);
  for (let i = spikes.length - 1; i >= 0; i--) if (spikes[i]) first[i % dims] = Math.floor(i / dims);
  return first;
}

/**
 * How often one spike of a neuron followed another after k steps.
 * @param {Uint8Array} spikes (T, d)
 * @param {number} [only] of this neuron; of all unless given
 * @param {Float64Array} [into] (T), [k] is added to
 */
export function intervalsOf(spikes, dims, only = -1, into = new Float64Array(spikes.length / dims)) {
  const steps = spikes.length / dims;
  for (let j = only < 0 ? 0 : only; j < (only < 0 ? dims : only + 1); j++) {
    let last = -1;
    for (let t = 0; t < steps; t++) {
      if (!spikes[t * dims + j]) continue;
      if (last >= 0) into[t - last]++;
      last = t;
    }
  }
  return into;
}

/** Neurons by rising `values`, those of equal ones by number. @returns {number[]} */
export function ascending(values) {
  return Array.from(values, (_, j) => j).sort((a, b) => values[a] - values[b] || a - b);
}

/** How a neuron's spikes can be placed without changing how many there are. */
/** @typedef {"early"|"late"|"regular"|"shuffled"} Timing */

/** @type {Timing[]} */
export const TIMINGS = ["early", "late", "regular", "shuffled"];

/**
 * Every neuron's spikes at other times, as many as before.
 * @param {Uint8Array} spikes (T, d)
 * @param {"early"|"late"|"regular"|"shuffled"} timing
 * @param {number} seed of the shuffle
 * @returns {Uint8Array} (T, d)
 */
export function retimed(spikes, dims, timing, seed) {
  const steps = spikes.length / dims;
  const out = new Uint8Array(spikes.length);
  const noise = timing === "shuffled" ? uniform(seed, steps, dims) : [];
  countsOf(spikes, dims).forEach((count, j) => {
    for (const t of places(timing, count, steps, (s) => noise[s * dims + j])) out[t * dims + j] = 1;
  });
  return out;
}

function places(timing, count, steps, noise) {
  const all = Array.from({ length: steps }, (_, t) => t);
  if (timing === "early") return all.slice(0, count);
  if (timing === "late") return all.slice(steps - count);
  if (timing === "regular") return all.slice(0, count).map((k) => Math.floor(((k + 0.5) * steps) / count));
  return all.sort((a, b) => noise(a) - noise(b) || a - b).slice(0, count);
}
