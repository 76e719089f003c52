/** What can be done with a sample: keep it, replace it, make it the source. */

import { msg } from "../../messages.js";
import { writePins } from "./pins.js";
import { otherSeed } from "./sample_grid.js";
import { viewWith } from "../../state/store.js";

/**
 * @param {Session} session
 * @param {Pick<import("./drawn_samples.js").DrawnSamples, "ready"|"ratesOf">} samples
 * @param {() => import("./sample_settings.js").SampleSettings} settings
 */
export function sampleActs(session, samples, settings) {
  const { store, entry } = session;
  const keep = (patch) => viewWith(store.state.view, patch);
  return {
    /** Keep a seed at a place, at the temperature that it is seen at; null: no longer. */
    onpin(place, seed, temperature = settings().heat) {
      const pins = settings().pinned;
      if (seed === null) pins.delete(place);
      else pins.set(place, { seed, temperature });
      store.change({ view: keep({ pins: writePins(pins), sort: null }) }, seed === null ? msg`unpin` : msg`pin`);
    },

    /** Another sample in a place, which becomes the chosen one. @param {number} place */
    async onreplace(place) {
      if (!(await samples.ready()) || session.entry !== entry) return;
      const { heat, pinned } = settings();
      const seed = otherSeed();
      const pins = writePins(pinned.set(place, { seed, temperature: heat }));
      const source = asSource(session, samples.ratesOf(seed, heat), seed);
      store.change({ ...source, view: keep({ pins, sort: null }) }, msg`another sample`);
    },

    /** @param {import("./sample_grid.js").SampleCell} cell */
    onchoose: ({ seed, rates }) => void store.change(asSource(session, rates, seed), msg`sample ${seed}`),
  };
}

/**
 * The state that shows one sample; counts are drawn anew for each, with its own seed.
 * @param {Session} session
 * @param {Uint16Array} rates
 * @param {number} seed
 * @returns {Partial<State>}
 */
const asSource = ({ latent }, rates, seed) => ({
  source: { kind: "own", rates },
  rates,
  ...(latent.counts ? { seed } : {}),
});
