/**
 * Rates that the visitor changes by hand: which are locked, as the link says, what Mute and Solo hold back, and one step
 * of undo for each gesture. Does not touch the DOM.
 */

import { msg } from "../../messages.js";
import { GRID, toGrid } from "../../math/rates.js";
import { parseNumber, parseVector, VectorError, vectorText } from "../../math/vector_text.js";
import { snapped } from "./bar_gestures.js";
import { viewWith } from "../../state/store.js";
import { nameOf } from "./dimension_names.js";

const FINE = 1 / 64;
const NOTCHES = 16; // steps of Shift where there is no T
const PAUSE = 500; // ms without a key or a turn of the wheel end the gesture
const CLOSE = 1e-5; // by which a value written with five digits may lie outside its range

/** @typedef {{muted: Map<number, number>, alone: {i: number, rates: Uint16Array}|null}} HeldBack */

/**
 * What Mute and Solo hold back of rates that they have made, to give it again; other rates, as of another image, hold
 * nothing back.
 * @type {WeakMap<Uint16Array, HeldBack>}
 */
const heldBack = new WeakMap();

export class RateEditor {
  #session;
  #rest;
  /** What `#locked` was read from, and what it gave. @type {{text: string|undefined, locked: Set<number>}} */
  #read = { text: undefined, locked: new Set() };
  /** The gesture that ends when no key comes any more. @type {{timer: ReturnType<typeof setTimeout>, label: string}|null} */
  #pending = null;

  /** @param {Pick<Session, "store"|"live"|"entry"|"latent"|"ratesOf">} session */
  constructor(session) {
    this.#session = session;
    this.#rest = Math.round(session.latent.rest * GRID);
    this.notches = session.entry.steps ?? NOTCHES;
  }

  /** Rates that Reset goes back to: the source's, where it is to be had. */
  get start() {
    const { state } = this.#session.store;
    try {
      return this.#session.ratesOf(state.source);
    } catch {
      return state.rates;
    }
  }

  /** Whether a dimension may change. @param {number} i */
  free = (i) => !this.#locked.has(i);

  /** Those that may not, which the view remembers: `3.17` are two. */
  get #locked() {
    const text = this.#session.store.state.view.locked;
    if (text !== this.#read.text) this.#read = { text, locked: new Set(text?.split(".").map(Number)) };
    return this.#read.locked;
  }

  /** Which of the acts are on for a dimension. @param {number} i */
  marks(i) {
    const { muted, alone } = this.#held;
    return { lock: !this.free(i), mute: muted.has(i), alone: alone?.i === i };
  }

  /**
   * In the middle of a gesture: let these be the rates; locked ones stay.
   * @param {[i: number, value: number][]} changes values are moved into [0, 1]
   * @param {Event|null} [event] that caused it
   * @param {HeldBack} [held]
   */
  put(changes, event = null, held = this.#held) {
    const { store, live } = this.#session;
    const rates = store.state.rates.slice();
    for (const [i, value] of changes) {
      if (this.free(i)) rates[i] = Math.floor(Math.min(1, Math.max(0, value)) * GRID + 0.5);
    }
    if (event) live.follow(event);
    heldBack.set(rates, held);
    store.set({ rates });
  }

  /** End a gesture. @param {string} label */
  finish(label) {
    clearTimeout(this.#pending?.timer);
    this.#pending = null;
    this.#session.store.commit(label);
  }

  /** Undo what the gesture has done so far. */
  cancel() {
    this.#session.store.cancel();
  }

  /** End a gesture of keys or wheel that waits for more of them. */
  finishPending() {
    if (this.#pending) this.finish(this.#pending.label);
  }

  /** A fine step, or with Shift to the next notch. @param {number} by steps @param {KeyboardEvent|WheelEvent} event */
  step(i, by, event) {
    const size = event.shiftKey ? 1 / this.notches : FINE;
    const value = this.#rates[i] / GRID + by * size;
    this.nudge(i, snapped(value, this.notches, event.shiftKey), event);
  }

  /** A value by a key or the wheel, of which more may follow. @param {Event|null} [event] */
  nudge(i, value, event = null) {
    const label = this.#name(i);
    if (this.#pending && this.#pending.label !== label) this.finishPending(); // keys on another one are a step of their own
    this.put([[i, value]], event);
    clearTimeout(this.#pending?.timer);
    this.#pending = { timer: setTimeout(() => this.finish(label), PAUSE), label };
  }

  /** Lock, or unlock. @param {number} i */
  lock(i) {
    this.finishPending();
    const { store } = this.#session;
    const others = [...this.#locked].filter((j) => j !== i);
    const locked = this.free(i) ? [...others, i] : others;
    const patch = { locked: locked.length ? locked.join(".") : null };
    store.change(
      { view: viewWith(store.state.view, patch) },
      `${this.free(i) ? msg`lock` : msg`unlock`} ${this.#name(i)}`,
    );
  }

  /** Let it say nothing, or give again what it said. @param {number} i */
  mute(i) {
    const { muted, alone } = this.#held;
    const before = muted.get(i);
    const others = new Map([...muted].filter(([j]) => j !== i));
    if (before === undefined) others.set(i, this.#rates[i]);
    this.put([[i, (before ?? this.#rest) / GRID]], null, { muted: others, alone });
    this.finish(`${before === undefined ? msg`mute` : msg`unmute`} ${this.#name(i)}`);
  }

  /** Let all others say nothing, or give again what they said. @param {number} i */
  alone(i) {
    const { muted, alone } = this.#held;
    const rates = this.#rates;
    const before = alone ? alone.rates.with(alone.i, rates[alone.i]) : rates; // what was changed meanwhile stays
    const next = alone?.i === i ? null : { i, rates: before };
    const now = next ? before.map((rate, j) => (j === i || !this.free(j) ? rate : this.#rest)) : before.slice();
    heldBack.set(now, { muted, alone: next });
    this.#session.store.change({ rates: now }, next ? msg`only ${this.#name(i)}` : msg`all again`);
  }

  /** Back to where it started. @param {number} i */
  reset(i) {
    this.put([[i, this.start[i] / GRID]]);
    this.finish(msg`reset ${this.#name(i)}`);
  }

  /** A height from 0 to 1 of what was typed as a dimension's value. @param {string} text @throws {VectorError} */
  heightOf(i, text) {
    const { latent } = this.#session;
    const [low, high] = [latent.value(i, 0), latent.value(i, 1)];
    const wanted = parseNumber(text);
    if (wanted < low || wanted > high) throw new VectorError(msg`expected ${low} to ${high}, found ${wanted}`);
    return (wanted - low) / (high - low);
  }

  /** Let that be the value. @throws {VectorError} if it is locked */
  typed(i, height) {
    if (!this.free(i)) throw new VectorError(msg`it is locked`);
    this.put([[i, height]]);
    this.finish(this.#name(i));
  }

  /** All values as a JSON list, by number of the dimension. */
  asText = () => vectorText(Array.from(this.#rates, (rate, i) => this.#session.latent.value(i, rate / GRID)));

  /** Let these be the values, by number of the dimension; locked ones stay. @param {string} text @throws {VectorError} */
  fromText = (text) => {
    const { store, entry, latent } = this.#session;
    const values = parseVector(text, entry.dims);
    const heights = values.map((v, i) => {
      const [low, high] = [latent.value(i, 0), latent.value(i, 1)];
      if (v < low - CLOSE || v > high + CLOSE)
        throw new VectorError(msg`d${i}: expected ${low} to ${high}, found ${v}`);
      return (v - low) / (high - low);
    });
    const rates = toGrid(heights).map((rate, i) => (this.free(i) ? rate : this.#rates[i]));
    store.change({ rates }, msg`pasted ${latent.names}`);
  };

  get #rates() {
    return this.#session.store.state.rates;
  }

  /** @returns {HeldBack} */
  get #held() {
    return heldBack.get(this.#rates) ?? { muted: new Map(), alone: null };
  }

  #name(i) {
    return nameOf(this.#session, i);
  }
}
