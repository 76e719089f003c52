/** The steps that can be undone, kept for this tab, so that they survive a reload. */

import { readMoved, writeMoved } from "./control_amounts.js";
import { recall, remember } from "./remembered.js";
import { decodeState, encodeState } from "./url_state.js";

const NAME = "history";
const MOST = 100; // steps
const LONGEST = 1_000_000; // characters
const PAUSE = 250; // ms after a gesture

/** Links of states, which never change. @type {WeakMap<State, string>} */
const links = new WeakMap();

/** @param {State} state */
function linkOf(state) {
  const link = links.get(state) ?? encodeState(state);
  links.set(state, link);
  return link;
}

/**
 * The steps as text, the one on the screen among them.
 * @param {import("./store.js").History} history
 */
export function writeHistory({ steps, at }) {
  const from = Math.max(0, Math.min(at, steps.length - MOST));
  const kept = steps
    .slice(from, from + MOST)
    .map(({ label, state }) => [label, linkOf(state), writeMoved(state.rates)]);
  return JSON.stringify({ at: at - from, steps: kept });
}

/**
 * What `writeHistory` wrote, if it leads to this state.
 * @param {string|null} text may be anything
 * @param {State} state
 * @returns {import("./store.js").History|null}
 */
export function readHistory(text, state) {
  if (!text) return null;
  try {
    const { at, steps } = JSON.parse(text);
    if (!Array.isArray(steps) || steps.length > MOST || steps[at]?.[1] !== linkOf(state)) return null;
    const read = steps.map(([label, link], i) => ({
      label: String(label),
      state: i === at ? state : decodeState(link),
    }));
    read.forEach(({ state: { rates } }, i) => readMoved(rates, steps[i][2]));
    return { at, steps: read };
  } catch {
    return null; // of another version, or damaged
  }
}

/** What this tab kept of a state's history. @param {State} state */
export const keptHistory = (state) => readHistory(recall(NAME, "sessionStorage"), state);

/** Keep the history from now on. @param {import("./store.js").Store} store */
export function keepHistory(store) {
  let timer = 0;
  const keep = () => {
    clearTimeout(timer);
    const text = writeHistory(store.history);
    remember(NAME, text.length <= LONGEST ? text : "", "sessionStorage");
  };
  store.on("commit", () => {
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  });
  addEventListener("pagehide", keep);
}
