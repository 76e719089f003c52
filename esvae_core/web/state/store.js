/**
 * What is on the screen, what came before it, and who wants to know.
 *
 *     store.set({ rates });            // during a gesture, as often as the hand moves
 *     store.commit("d3");              // at its end: one step that can be undone
 *     store.change({ seed: 8 }, "noise");
 *
 * A state is a frozen object (see state/url_state.js) and is never changed in place.
 */

import { msg } from "../messages.js";
import { same } from "../math/rates.js";

/** @typedef {{steps: {label: string, state: State}[], at: number}} History oldest first */

const LIMIT = 500; // steps that can be undone
const PAUSE = 1500; // ms between two key presses that belong together

export class Store {
  /** @type {Map<"state"|"commit"|"leave", Set<(state: State) => void>>} */
  #listeners = new Map();
  /** @type {State} */
  #state;
  /** Oldest first; all that can be jumped to. @type {{label: string, state: State, keys?: unknown, time?: number}[]} */
  #steps;
  #at = 0;

  /** @param {State} state @param {History|null} [history] that has led to it */
  constructor(state, history = null) {
    this.#state = Object.freeze(state);
    this.#steps = history?.steps.map(({ label, state: each }) => ({ label, state: Object.freeze(each) })) ?? [
      { label: msg`start`, state: this.#state },
    ];
    this.#at = history?.at ?? 0;
  }

  /** What is on the screen now, also in the middle of a gesture. */
  get state() {
    return this.#state;
  }

  /** What was on the screen when the last gesture ended. */
  get settled() {
    return this.#steps[this.#at].state;
  }

  /** All steps, and which one is on the screen. @returns {History} */
  get history() {
    return { steps: this.#steps, at: this.#at };
  }

  /** Change fields; 'state' is told, the history is not. @param {Partial<State>} patch */
  set(patch) {
    this.#show({ ...this.#state, ...patch });
  }

  /**
   * End a gesture: what has changed since the last one becomes a step.
   * @param {string} label
   * @param {unknown} [keys] the control whose keys did it: presses soon after each other become one step
   */
  commit(label, keys = null) {
    if (alike(this.#state, this.settled)) return;
    const last = this.#steps[this.#at];
    const [time, latest] = [performance.now(), this.#at === this.#steps.length - 1];
    if (keys && latest && last.keys === keys && time - (last.time ?? 0) < PAUSE) this.#steps.pop();
    else this.#steps.splice(this.#at + 1);
    this.#steps.push({ label, state: this.#state, keys, time });
    this.#steps.splice(0, Math.max(0, this.#steps.length - LIMIT));
    this.#at = this.#steps.length - 1;
    this.#tell("commit");
  }

  /** A gesture of one change. @param {Partial<State>} patch @param {string} label @param {unknown} [keys] as `commit` */
  change(patch, label, keys = null) {
    this.set(patch);
    this.commit(label, keys);
  }

  /**
   * Change how the view is shown, which is no step: undo leaves it.
   * @param {"present"} name of the view's value
   * @param {string|null} value null: none
   */
  showAs(name, value) {
    const step = this.#steps[this.#at];
    step.state = Object.freeze(shownAs(step.state, name, value));
    this.#show(shownAs(this.#state, name, value));
    this.#tell("commit");
  }

  /** Give up what has changed since the last gesture ended. */
  cancel() {
    this.#show(this.settled);
  }

  undo() {
    this.#tell("leave");
    this.jump(this.#at - 1);
  }

  redo() {
    this.#tell("leave");
    this.jump(this.#at + 1);
  }

  /** Show the i-th step of the history. */
  jump(i) {
    if (i < 0 || i >= this.#steps.length) return;
    this.#at = i;
    this.#show(shownAs(this.#steps[i].state, "present", this.#state.view.present ?? null));
    this.#tell("commit");
  }

  /** Show the nearest step whose state is such a one, earlier ones first. @param {(state: State) => boolean} holds */
  jumpTo(holds) {
    const far = this.#steps.flatMap(({ state }, i) => (holds(state) ? [{ i, far: Math.abs(i - this.#at) }] : []));
    if (far.length) this.jump(far.reduce((a, b) => (b.far < a.far ? b : a)).i);
  }

  /**
   * Listen: 'state' after every change, 'commit' at the end of gestures and after undo and redo, 'leave' before undo and
   * redo, so that a gesture that waits for more keys ends as a step.
   * @param {"state"|"commit"|"leave"} event
   * @param {(state: State) => void} listener
   * @returns {() => void} stop listening
   */
  on(event, listener) {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  #show(state) {
    this.#state = Object.freeze(state);
    this.#tell("state");
  }

  #tell(event) {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(this.#state);
  }
}

/** @param {State} a @param {State} b */
function alike(a, b) {
  return (
    a === b ||
    (same(a.rates, b.rates) &&
      ["model", "seed", "sampler", "steps", "order"].every((key) => a[key] === b[key]) &&
      JSON.stringify([a.source, a.view]) === JSON.stringify([b.source, b.view]))
  );
}

/** A state with another value of its view. @param {State} state @returns {State} */
const shownAs = (state, name, value) => ({ ...state, view: viewWith(state.view, { [name]: value }) });

/**
 * What the link keeps, changed; null and "" forget an entry.
 * @param {State["view"]} view
 * @param {Record<string, string|null>} patch
 * @returns {State["view"]}
 */
export const viewWith = (view, patch) =>
  Object.fromEntries(
    Object.entries({ ...view, ...patch }).flatMap(([name, value]) =>
      value === null || value === "" ? [] : [/** @type {const} */ ([name, value])],
    ),
  );
