/** The picture of any state, also of another model than the one at work. */

import { msg } from "../../messages.js";
import { damaged } from "../../engine/damage.js";
import { readDamage } from "../../state/damage.js";
import { flipped, readFlips } from "../../state/flips.js";
import { fromGrid } from "../../math/rates.js";

/**
 * @param {Session} session
 * @param {State} state
 * @returns {Promise<{image: Float32Array, entry: ModelEntry, latent: Latent}>} image: (C, H, W) in [-1, 1]
 * @throws {Error} in one line, where its model cannot be opened or run here
 */
export async function stateImage(session, state) {
  const { engine, entry, latent } = state.model === session.entry.name ? session : await session.peek(state.model);
  if (!engine) throw new Error(msg`${state.model} cannot run in this browser`);
  if (entry.dims !== state.rates.length)
    throw new Error(msg`rates: expected ${entry.dims}, found ${state.rates.length}`);
  const drawn = engine.sample(fromGrid(state.rates), state.seed, state.sampler, state.steps);
  const damage = latent.sampled ? readDamage(state.view.damage) : null;
  const spikes = damage ? damaged(drawn, entry.dims, damage, state.seed) : drawn;
  const flips = latent.spiking ? readFlips(state.view.flips, state.steps, entry.dims) : new Set();
  return { image: engine.decode(flips.size ? flipped(spikes, flips) : spikes, state.steps).slice(), entry, latent };
}
