/**
 * What pointer and keys on a row of bars mean. Does not touch the DOM.
 *
 * A gesture that starts sideways sweeps across bars, one that starts up or down stays with its bar.
 */

const SLACK = 5; // px before a gesture shows its direction

/**
 * A pointer's place in CSS pixels, and whether Shift is held.
 * @typedef {{x: number, y: number, shift?: boolean}} BarPointer
 */

/** A value, or with Shift the nearest of its notches. @param {number} value @param {number} notches @param {boolean} shift */
export const snapped = (value, notches, shift) => (shift ? Math.round(value * notches) / notches : value);

/** Which of `count` things beside each other a place is in; the outermost have all that is outside. */
export const placeIn = (x, left, width, count) =>
  Math.min(count - 1, Math.max(0, Math.floor(((x - left) / width) * count)));

/** A pointer that was pressed on a row of bars. */
export class BarGesture {
  #box;
  #dims;
  #notches;
  #pressed;
  /** Place of the bar that the sweep has reached, and the value there. @type {{at: number, value: number}|null} */
  #last = null;
  /** @type {"sweep"|"one"|null} */
  #mode = null;

  /**
   * @param {{left: number, top: number, width: number, height: number}} box of the row, in CSS pixels
   * @param {number[]} dims of its bars from left to right
   * @param {number} notches of a value, with Shift
   * @param {BarPointer} pressed
   */
  constructor(box, dims, notches, pressed) {
    [this.#box, this.#dims, this.#notches, this.#pressed] = [box, dims, notches, pressed];
  }

  get swept() {
    return this.#mode === "sweep";
  }

  /** Dimension of the bar that the gesture is at: the one that was pressed, or of a sweep the last one. */
  get dim() {
    return this.#dims[this.#last ? this.#last.at : this.#at(this.#pressed.x)];
  }

  /**
   * Which bars get which value from 0 to 1, or beyond where the pointer is.
   * @param {BarPointer} pointer
   * @returns {[dim: number, value: number][]}
   */
  moved({ x, y, shift = false }) {
    const [dx, dy] = [Math.abs(x - this.#pressed.x), Math.abs(y - this.#pressed.y)];
    if (!this.#mode && Math.max(dx, dy) > SLACK) this.#mode = dx > dy ? "sweep" : "one";
    const value = snapped(1 - (y - this.#box.top) / this.#box.height, this.#notches, shift);
    if (!this.swept) return [[this.dim, value]];
    const to = { at: this.#at(x), value };
    const from = this.#last ?? to;
    this.#last = to;
    return this.#between(from, to, shift);
  }

  /**
   * All bars from one to another, also those that a fast pointer has skipped.
   * @returns {[dim: number, value: number][]}
   */
  #between(from, to, shift) {
    const first = Math.min(from.at, to.at);
    return Array.from({ length: Math.abs(to.at - from.at) + 1 }, (_, n) => {
      const share = from.at === to.at ? 1 : (first + n - from.at) / (to.at - from.at);
      return [this.#dims[first + n], snapped(from.value + share * (to.value - from.value), this.#notches, shift)];
    });
  }

  #at(x) {
    return placeIn(x, this.#box.left, this.#box.width, this.#dims.length);
  }
}

const STEPS = { ArrowUp: 1, ArrowDown: -1, PageUp: 8, PageDown: -8 };
const MOVES = { ArrowRight: 1, ArrowLeft: -1 };
const ENDS = { Home: 0, End: 1 };
/** @type {Record<string, BarAct>} */
const ACTS = { l: "lock", m: "mute", s: "alone", Backspace: "reset", Delete: "reset" };

/**
 * What a key on a bar asks for; null if nothing.
 * @typedef {"lock"|"mute"|"alone"|"reset"} BarAct
 * @param {string} key as in KeyboardEvent
 * @returns {{kind: "type"}|{kind: "move", by: number}|{kind: "step", by: number}|{kind: "end", value: number}|{kind: "act", act: BarAct}|null}
 */
export function barKey(key) {
  if (key === "Enter") return { kind: "type" };
  if (key in MOVES) return { kind: "move", by: MOVES[key] };
  if (key in STEPS) return { kind: "step", by: STEPS[key] };
  if (key in ENDS) return { kind: "end", value: ENDS[key] };
  return key in ACTS ? { kind: "act", act: ACTS[key] } : null;
}
