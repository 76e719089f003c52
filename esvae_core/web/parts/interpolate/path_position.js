/** Where on the path the rates are: gone to, left, and found again after undo and redo. */

import { same } from "../../math/rates.js";

export class PathPosition {
  #path;
  /** 0 to the path's end; null beside it. @type {number|null} */
  now = null;

  /** @param {() => import("./path_frames.js").PathFrames} path as it is now */
  constructor(path) {
    this.#path = path;
  }

  /** Go there. @param {number} place @returns {Uint16Array} the rates of that place */
  go(place) {
    this.now = place;
    return this.#path().ratesAt(place);
  }

  /** The rates are taken elsewhere. */
  leave() {
    this.now = null;
  }

  /** The path has changed, and may be shorter. */
  shorten() {
    if (this.now !== null) this.now = Math.min(this.now, this.#path().end);
  }

  /** The frame at that place. */
  frame() {
    return this.#path().frameAt(this.now);
  }

  /** Whether rates are those of the place. @param {Uint16Array} rates */
  holds(rates) {
    return this.now !== null && same(rates, this.#path().ratesAt(this.now));
  }

  /**
   * Go to the frame that has these rates, or leave the path.
   * @param {Uint16Array} rates
   * @param {Uint16Array[]} frames rates of each frame
   * @returns {number} the frame; -1: none
   */
  find(rates, frames) {
    const k = frames.findIndex((each) => same(each, rates));
    this.now = k < 0 ? null : this.#path().placeOf(k);
    return k;
  }
}
