/** What pointers and keys on the map mean, and where a camera goes by them. Does not touch the DOM. */

import { dragged, pointAt, pointTowards, shifted, zoomed } from "../../math/map_geometry.js";

const STILL = 4; // pixels that a click may move
const KEY_MOVE = 40; // pixels that Shift with an arrow moves or turns the map
const KEY_ZOOM = 1.3;
const WHOLE_MAP = 1e4; // pixels; any point is nearer

/** @typedef {import("../../math/map_geometry.js").Camera} Camera */

/**
 * A place in pixels of the canvas.
 * @typedef {[x: number, y: number]} Spot
 */

/**
 * How the camera moves: shifted, or dragged as `axes` says; with a factor, also zoomed around a place.
 * @typedef {{kind: "shift"|"drag", dx: number, dy: number, zoom?: {factor: number, at: Spot}}} CameraMove
 */

/**
 * What a pointer has done: shown what is at a place, taken it, drawn a lasso or ended one, or moved the camera.
 * @typedef {{kind: "hover"|"take", at: Spot} | {kind: "lasso"|"enclose", polygon: Spot[]} | CameraMove} MapAction
 */

/** Pointers on the map, from the first that is pressed to the last that is released. */
export class MapGesture {
  /** @type {Map<number, Spot>} */
  #pointers = new Map();
  /**
   * @type {null | {kind: "look"} | {kind: "lasso", polygon: Spot[]} | {kind: "pinch", apart: number, middle: Spot} |
   *   {kind: "move", from: Spot, far: boolean, shift: boolean}}
   */
  #now = null;

  /** Whether a pointer is down. */
  get pressed() {
    return this.#pointers.size > 0;
  }

  /** Whether moves belong to a gesture; else they look at what is below. */
  get active() {
    return this.#now !== null;
  }

  /**
   * A pointer is pressed: the second one pinches, another draws the lasso or moves the map.
   * @param {number} id
   * @param {Spot} at
   * @param {{lassoing?: boolean, shift?: boolean}} [held]
   * @returns {(() => MapAction|null)|null} to be called when it has been held down for a while: a finger that rests
   *   shows what is under it from then on, and takes nothing; null if it can not
   */
  press(id, at, { lassoing = false, shift = false } = {}) {
    this.#pointers.set(id, at);
    if (this.#pointers.size === 2) this.#now = { kind: "pinch", ...this.#fingers() };
    else if (lassoing) this.#now = { kind: "lasso", polygon: [at] };
    else {
      const move = { kind: /** @type {const} */ ("move"), from: at, far: false, shift };
      this.#now = move;
      return () => {
        if (this.#now !== move || move.far) return null;
        this.#now = { kind: "look" };
        return { kind: "hover", at };
      };
    }
    return null;
  }

  /** @param {number} id @param {Spot} at @returns {MapAction|null} */
  move(id, at) {
    const [now, before] = [this.#now, this.#pointers.get(id)];
    if (!now || !before) return null;
    this.#pointers.set(id, at);
    if (now.kind === "look") return { kind: "hover", at };
    if (now.kind === "lasso") {
      now.polygon.push(at);
      return { kind: "lasso", polygon: now.polygon };
    }
    if (now.kind === "pinch") return this.#pinched(now);
    now.far ||= Math.hypot(at[0] - now.from[0], at[1] - now.from[1]) > STILL;
    return now.far ? { kind: now.shift ? "shift" : "drag", dx: at[0] - before[0], dy: at[1] - before[1] } : null;
  }

  /** The gesture ends with the first pointer that is released. @param {number} id @param {Spot} at @returns {MapAction|null} */
  release(id, at) {
    const done = this.#now;
    this.cancel(id);
    if (done?.kind === "lasso") return { kind: "enclose", polygon: done.polygon };
    return done?.kind === "move" && !done.far ? { kind: "take", at } : null;
  }

  /** @param {number} id */
  cancel(id) {
    this.#pointers.delete(id);
    this.#now = null;
  }

  /** Forget a lasso that is being drawn. */
  dropLasso() {
    if (this.#now?.kind === "lasso") this.#now = null;
  }

  /** @returns {MapAction} */
  #pinched({ apart, middle }) {
    const next = this.#fingers();
    this.#now = { kind: "pinch", ...next };
    const [dx, dy] = [next.middle[0] - middle[0], next.middle[1] - middle[1]];
    return { kind: "shift", dx, dy, zoom: { factor: next.apart / apart, at: next.middle } };
  }

  /** How far two fingers are apart, and where their middle is. @returns {{apart: number, middle: Spot}} */
  #fingers() {
    const [[ax, ay], [bx, by]] = [...this.#pointers.values()];
    return { apart: Math.hypot(ax - bx, ay - by) || 1, middle: [(ax + bx) / 2, (ay + by) / 2] };
  }
}

/**
 * @param {Camera} camera
 * @param {CameraMove} move
 * @param {2|3} axes
 * @returns {Camera}
 */
export function cameraAfter(camera, { kind, dx, dy, zoom }, axes, width, height) {
  const moved =
    kind === "shift" ? shifted(camera, width, height, dx, dy) : dragged(camera, axes, width, height, dx, dy);
  return zoom ? zoomed(moved, width, height, zoom.factor, ...zoom.at) : moved;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * What a key asks for; null if nothing.
 * @param {Pick<KeyboardEvent, "key"|"shiftKey"|"ctrlKey"|"metaKey"|"altKey">} event
 * @returns {{kind: "step", dx: number, dy: number} | {kind: "camera", move: CameraMove} | {kind: "zoom", factor: number} |
 *   {kind: "take"|"all"|"lasso"|"escape"} | null}
 */
export function mapKey({ key, shiftKey, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  if (key in ARROWS) {
    const [dx, dy] = ARROWS[key];
    if (!shiftKey) return { kind: "step", dx, dy };
    return { kind: "camera", move: { kind: "drag", dx: -KEY_MOVE * dx, dy: -KEY_MOVE * dy } };
  }
  if (key === "+" || key === "=") return { kind: "zoom", factor: KEY_ZOOM };
  if (key === "-") return { kind: "zoom", factor: 1 / KEY_ZOOM };
  if (key === "Enter") return { kind: "take" };
  if (key === "0") return { kind: "all" };
  if (key === "Escape") return { kind: "escape" };
  return key.toLowerCase() === "l" ? { kind: "lasso" } : null;
}

/** By which factor a turn of the wheel zooms. @param {Pick<WheelEvent, "deltaY"|"deltaMode">} event */
export const wheelZoom = ({ deltaY, deltaMode }) => Math.exp(-deltaY * (deltaMode ? 0.05 : 0.0016));

/**
 * The row that an arrow key leads to: the next one in its direction; at first the source, or the one in the middle.
 * @param {{key: number, source: number}} now rows; -1: none
 * @param {{xy: Float32Array, width: number, height: number}} seen
 * @param {{dx: number, dy: number}} towards
 * @param {(row: number) => boolean} shown
 * @returns {number} -1 if there is none
 */
export function rowByKey({ key, source }, { xy, width, height }, { dx, dy }, shown) {
  if (key >= 0 && shown(key)) return pointTowards(xy, key, dx, dy, shown);
  return source >= 0 && shown(source) ? source : pointAt(xy, width / 2, height / 2, WHOLE_MAP, shown);
}
