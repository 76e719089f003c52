/** Damage to spike trains under frozen noise; the twin of `esvae_core/engine/damage.py`, which says what each kind is. */

import { uniform } from "./noise.js";

/** @typedef {Uint8Array|Float32Array} Spikes (T, d), whole numbers */

/** @type {DamageKind[]} */
export const KINDS = ["flip", "delete", "jitter", "shuffle"];
/** Largest amount of each kind, in hundredths. @type {Record<DamageKind, number>} */
export const MOST = { flip: 100, delete: 100, jitter: 800, shuffle: 100 };
/** Those that change how many spikes there are; where only counts matter, the others change nothing. */
export const TIMELESS = ["flip", "delete"];
const FROM = 2 ** 31 + 2 ** 16;
const SUMMED = 12;

/**
 * Spikes with that damage under the noise of that seed; themselves without any.
 * @param {Spikes} spikes
 * @param {number} dims d
 * @param {Damage|null|undefined} damage
 * @param {number} seed 0 to 2^32 - 1
 * @returns {Spikes}
 */
export function damaged(spikes, dims, damage, seed) {
  return damage ? DO[damage.kind](spikes, dims, damage.amount / 100, seed) : spikes;
}

function flip(spikes, dims, probability, seed) {
  const chance = uniform(seed, spikes.length / dims, dims, FROM);
  return spikes.map((n, i) => (chance[i] < probability ? Number(!n) : n));
}

function remove(spikes, dims, probability, seed) {
  const chance = uniform(seed, spikes.length / dims, dims, FROM);
  return spikes.map((n, i) => (chance[i] < probability ? 0 : n));
}

function jitter(spikes, dims, deviation, seed) {
  const steps = spikes.length / dims;
  const chance = uniform(seed, SUMMED * steps, dims, FROM);
  const out = spikes.slice().fill(0);
  spikes.forEach((n, i) => {
    if (!n) return;
    let sum = 0;
    for (let k = 0; k < SUMMED; k++) sum += chance[k * spikes.length + i];
    const t = Math.floor(i / dims) + Math.floor((sum - SUMMED / 2) * deviation + 0.5);
    out[Math.min(steps - 1, Math.max(0, t)) * dims + (i % dims)] = 1;
  });
  return out;
}

function shuffle(spikes, dims, share, seed) {
  const steps = spikes.length / dims;
  const keys = uniform(seed, steps, dims, FROM);
  const chance = uniform(seed, 1, dims, FROM + steps);
  const out = spikes.slice();
  for (let j = 0; j < dims; j++) {
    if (chance[j] >= share) continue;
    const order = Array.from({ length: steps }, (_, t) => t).sort((a, b) => keys[a * dims + j] - keys[b * dims + j]);
    order.forEach((from, t) => (out[t * dims + j] = spikes[from * dims + j]));
  }
  return out;
}

const DO = { flip, delete: remove, jitter, shuffle };
