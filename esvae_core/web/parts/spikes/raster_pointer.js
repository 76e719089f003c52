/** What the pointer and the keys do on the spike raster: which cell is read out, and where the cursor is. */

/** Rows and steps that a key moves the cursor by; Infinity: to the end. @type {Record<string, [number, number]>} */
const MOVES = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
  PageUp: [-8, 0],
  PageDown: [8, 0],
};

const within = (n, count) => Math.min(count - 1, Math.max(0, n));

/** @typedef {import("./editor_layout.js").RasterCell} RasterCell */

export class RasterPointer {
  /** Where the keys are, and whether that is shown. @type {RasterCell & {seen: boolean}} */
  cursor = { place: 0, t: 0, where: "cell", seen: false };
  /** What is read out: under the pointer, or at the cursor. @type {RasterCell|null} */
  pointed = null;

  /** A press, to which the cursor goes. @param {RasterCell} cell */
  press(cell) {
    this.cursor = { ...cell, seen: false };
  }

  /**
   * A key; what is at the cursor is read out.
   * @param {string} key
   * @param {number} dims
   * @param {number} steps
   * @returns {"move"|"turn"|null} whether the cursor moved, or its cell is to be turned; null: nothing of the raster's
   */
  key(key, dims, steps) {
    const move = MOVES[key];
    if (!move && key !== " " && key !== "Enter") return null;
    if (move) {
      const { place, t } = this.cursor;
      this.cursor = { place: within(place + move[0], dims), t: within(t + move[1], steps), where: "cell", seen: true };
    }
    this.pointed = this.cursor;
    return move ? "move" : "turn";
  }

  /** The raster has got the focus, or lost it. @param {boolean} seen whether the cursor is shown */
  focus(seen) {
    this.cursor.seen = seen;
  }
}
