/** What a page in a notebook's cell tells Python, and does when it is asked; `notebook_widget.js` is between the two. */

import { has } from "./having.js";
import { msg } from "./messages.js";
import { fromGrid, same } from "./math/rates.js";
import { differingCells, writeFlips } from "./state/flips.js";

/**
 * @typedef {{rates: number[]|null, spikes: string[]|null, selection: number[]|null}} Told rates in units of 1/GRID; a text of
 *   0 and 1 for each time step, null without spikes; numbers of test images, null where there is no map
 */

/**
 * Tell the parent what is on the screen, whenever it changes, and let it change that.
 * @param {Session} session
 */
export function connect(session) {
  const tell = () => {
    const { now } = session.live;
    if (!now) return;
    /** @type {Told} */
    const told = {
      rates: [...now.state.rates],
      spikes: session.latent.spiking ? written(now.spikes, now.state.steps) : null,
      selection: session.atlas?.arrays.map2 ? selected(session.atlas, session.selected) : null,
    };
    parent.postMessage({ esvae: told }, "*"); // which origin it has is not known here, and none of this is secret
  };
  session.live.on(tell);
  session.onSelected(tell);
  addEventListener("message", ({ source, data }) => {
    if (source === parent && data?.esvae) show(session, data.esvae);
  });
}

/** @param {Atlas} atlas @param {number[]|null} rows */
const selected = ({ indices }, rows) => (rows ?? []).map((row) => indices[row]);

/** @param {Uint8Array|Float32Array} spikes (T, d) @returns {string[]} */
function written(spikes, steps) {
  const dims = spikes.length / steps;
  return Array.from({ length: steps }, (_, t) => spikes.slice(t * dims, (t + 1) * dims).join(""));
}

/**
 * Show what was asked for; what it does not name stays.
 * @param {Session} session
 * @param {Partial<Told>} asked
 */
function show(session, { rates, spikes, selection }) {
  const { store, atlas } = session;
  if (rates && !same(rates, store.state.rates))
    store.change({ rates: Uint16Array.from(rates) }, msg`rates from Python`);
  if (spikes && has(session, "spikingEngine")) {
    try {
      showSpikes(session, spikes);
    } catch (error) {
      session.say(msg`These spikes are not shown: ${error.message}.`, "warning"); // more edits than a state holds
    }
  }
  if (selection && atlas) session.select(selection.map((index) => atlas.rowOf(index)));
}

/**
 * Turn the cells in which the spikes that the state draws differ from these.
 * @param {Having<"spikingEngine">} session
 * @param {string[]} rows
 */
function showSpikes({ store, spikingEngine }, rows) {
  const { rates, seed, sampler, view } = store.state;
  const drawn = spikingEngine.sample(fromGrid(rates), seed, sampler, rows.length);
  const flips = writeFlips(differingCells(drawn, Uint8Array.from(rows.join(""), Number)));
  const { flips: _, damage: __, ...rest } = view;
  store.change({ steps: rows.length, view: flips ? { ...rest, flips } : rest }, msg`spikes from Python`);
}
