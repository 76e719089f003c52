/** Measures attributes of the picture on the screen, and by how much they differ from those without controls. */

import { has } from "../../having.js";
import { meterOf } from "../../math/attributes.js";
import { fromGrid } from "../../math/rates.js";

const PAUSE = 60; // ms between two measurements, so that the hand is followed first

/** @typedef {{value: number, change: number}} Reading of an attribute, and how far from the picture without controls */

/**
 * @param {Session} session
 * @param {() => Uint16Array} base rates at which no control was moved
 * @param {(readings: Map<string, Reading>) => void} show called after each measurement
 * @returns {{dispose: () => void}|null} null where the page cannot measure its pictures
 */
export function gauge(session, base, show) {
  const meter = meterOf(session.entry.dataset ?? "", session.entry.channels);
  if (!meter || !has(session, "engine")) return null;
  const measure = meter;
  const { engine, entry, live, measured } = session;
  /** Of which rates and noise the values without controls are. */
  let known = { key: "", values: {} };
  let timer = 0;

  /** @param {Decoded} now */
  function valuesOfBase({ state, image }, rates) {
    if (rates === state.rates) return measure(image, entry.size); // edited spikes count as well
    const key = `${rates} ${state.seed} ${state.sampler} ${state.steps}`;
    if (known.key === key) return known.values;
    const spikes = engine.sample(fromGrid(rates), state.seed, state.sampler, state.steps);
    known = { key, values: measure(engine.decode(spikes, state.steps), entry.size) };
    return known.values;
  }

  function read() {
    timer = 0;
    const { now } = live;
    if (!now || now.state.model !== entry.name) return;
    const values = measure(now.image, entry.size);
    const before = valuesOfBase(now, base());
    const pairs = Object.entries(values).map(([name, value]) => {
      const period = measured?.attributes.find((each) => each.name === name)?.period ?? 0;
      return /** @type {const} */ ([name, { value, change: apart(value, before[name], period) }]);
    });
    show(new Map(pairs));
  }

  const stop = live.on(() => (timer ||= setTimeout(read, PAUSE)));
  return {
    dispose() {
      stop();
      clearTimeout(timer);
    },
  };
}

/** The difference; of a circular attribute the shorter way round. */
function apart(after, before, period) {
  const difference = after - before;
  if (!period) return difference;
  return ((((difference + period / 2) % period) + period) % period) - period / 2;
}
