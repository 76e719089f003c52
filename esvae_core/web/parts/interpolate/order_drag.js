/** A press on an item of a list that may become a drag to another item's place. */

const SLACK = 6; // px before a press becomes a drag

export class OrderDrag {
  #start = [0, 0];
  /** Whether the press has become a drag; until `cancel`, since the click that ends it comes after the release. */
  dragging = false;
  /** Place of the item, and the one that it would be let go at. */
  from = -1;
  to = -1;
  /** How far it is from where it was taken hold of, in pixels. @type {[number, number]} */
  by = [0, 0];

  /** @param {number} from @param {number} x @param {number} y */
  press(from, x, y) {
    [this.from, this.to, this.by, this.#start] = [from, from, [0, 0], [x, y]];
    this.dragging = false;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {() => number} place the one nearest to the pointer, asked for once it is a drag
   * @returns {boolean} whether it is one
   */
  move(x, y, place) {
    this.by = [x - this.#start[0], y - this.#start[1]];
    if (!this.dragging && Math.hypot(...this.by) < SLACK) return false;
    this.dragging = true;
    this.to = place();
    return true;
  }

  /** @returns {{from: number, to: number}|null} what has moved where; null: nothing */
  release() {
    const { from, to } = this;
    return this.dragging && from !== to ? { from, to } : null;
  }

  /** There is no drag any more. */
  cancel() {
    this.dragging = false;
  }
}

/**
 * @param {number} x
 * @param {number} y
 * @param {[number, number][]} centres
 * @returns {number} the place whose centre is nearest
 */
export function nearestPlace(x, y, centres) {
  const far = centres.map(([cx, cy]) => Math.hypot(x - cx, y - cy));
  return far.indexOf(Math.min(...far));
}
