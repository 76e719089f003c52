/**
 * From what LiveDecoder drew to what the Spikes view shows: the spikes under damage and the visitor's edits, the
 * picture after each step, and what some layers of the decoder did meanwhile. All of it follows from the state.
 */

import { msg } from "./messages.js";
import { writeFlips } from "./state/flips.js";
import { uptoIn } from "./state/url_state.js";

export class DecoderTrace {
  /** @type {Session} */
  #session;
  /** @type {Set<(now: Traced) => void>} */
  #listeners = new Set();
  #stop;
  /** Who watches -> names of layers. @type {Map<unknown, string[]>} */
  #watched = new Map();

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    /** What is there now; null before the first picture. @type {Traced|null} */
    this.now = null;
    this.#stop = session.live.on((drawn) => this.#update(drawn));
  }

  /** Called after each change with what is there. @param {(now: Traced) => void} listener @returns {() => void} stop */
  on(listener) {
    this.#listeners.add(listener);
    if (this.now) listener(this.now);
    return () => this.#listeners.delete(listener);
  }

  dispose() {
    this.#stop();
    this.#listeners.clear();
  }

  /** Keep spikes and membranes of these decoder layers from now on, for `who` asks. */
  watch(who, names) {
    if (String(this.#watched.get(who) ?? "") === String(names)) return;
    this.#watched.set(who, names);
    if (this.#session.live.now) this.#update(this.#session.live.now);
  }

  /**
   * Turn these cells, t * d + j, as one step that can be undone.
   * @param {Iterable<number>} cells
   * @param {string} label
   */
  flip(cells, label) {
    const flips = new Set(this.now?.flips);
    for (const cell of cells) if (!flips.delete(cell)) flips.add(cell);
    this.edit(flips, label);
  }

  /** Let these be the flipped cells. @param {Iterable<number>} flips @param {string} label */
  edit(flips, label) {
    try {
      this.remember({ flips: writeFlips(flips) }, label);
    } catch (error) {
      this.#session.say(msg`This edit is not made: ${error.message}.`, "warning");
    }
  }

  /** Show the picture after so many steps; the link keeps it. @param {number} upto 1 to T */
  show(upto) {
    this.remember({ upto: upto >= this.#session.store.state.steps ? "" : String(upto) });
  }

  /** The end of a gesture that chose steps. @param {string} label */
  settle(label) {
    this.#session.store.commit(label);
  }

  /**
   * Keep small things in the link; an empty text forgets one. Without a label the gesture is not over.
   * @param {Record<string, string>} patch
   * @param {string} [label]
   */
  remember(patch, label) {
    const { store } = this.#session;
    const view = Object.fromEntries(
      Object.entries({ ...store.state.view, ...patch }).filter(([, value]) => value !== ""),
    );
    store.set({ view });
    if (label) store.commit(label);
  }

  /** @param {Decoded} decoded */
  #update({ state, rates, drawn, flips, damage, spikes, image: last }) {
    const { spikingEngine: engine, entry } = this.#session;
    if (state.model !== entry.name || !(drawn instanceof Uint8Array) || !(spikes instanceof Uint8Array)) return;
    const start = performance.now();
    /** @type {Pick<Traced, "images"|"layers">} */
    let { images, layers } = { images: null, layers: {} };
    let [image, plain] = [last, last];
    if (engine) {
      if (flips.size || damage) plain = engine.decode(drawn, state.steps);
      const trace = engine.trace(spikes, state.steps, [...new Set([...this.#watched.values()].flat())]);
      images = trace.images;
      image = images.subarray(images.length - engine.pixels);
      layers = trace.layers;
    }
    this.now = {
      state,
      rates,
      drawn,
      plain,
      flips,
      damage,
      spikes,
      images,
      image,
      layers,
      upto: uptoIn(state),
      ms: performance.now() - start,
    };
    for (const listener of this.#listeners) listener(this.now);
  }
}
