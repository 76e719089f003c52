/** A canvas to draw on, and what the encoder is given of it. */

import { contextOf, h } from "../../dom.js";
import { msg } from "../../messages.js";
import { likeData, resize, toGray } from "../../math/image.js";

const SIDE = 224; // px of the pad's own picture

/** @typedef {[x: number, y: number]} Point in pixels of the pad */

/**
 * Points of an event, with those that the browser has held back.
 * @param {PointerEvent} event
 * @returns {PointerEvent[]}
 */
const pointsOf = (event) => {
  const held = event.getCoalescedEvents?.() ?? [];
  return held.length ? held : [event];
};

export class DrawingPad {
  #context;
  #ground;
  /** Where the pen was; null between strokes. @type {Point|null} */
  #last = null;

  /** @param {number[]} ground colour of an empty pad, gray or RGB, 0 to 255 */
  constructor(ground) {
    this.#ground = ground;
    this.canvas = h("canvas", {
      class: "pad",
      width: SIDE,
      height: SIDE,
      role: "img",
      tabindex: 0,
      "aria-label": msg`Drawing pad: draw with the pen, the mouse or a finger`,
    });
    this.#context = contextOf(this.canvas, { willReadFrequently: true });
  }

  /** Whether a stroke is being drawn. */
  get drawing() {
    return this.#last !== null;
  }

  /** Show a drawing; null: an empty pad. @param {ImageData|null} [drawing] */
  show(drawing = null) {
    if (drawing) return this.#context.putImageData(drawing, 0, 0);
    const [r, g = r, b = r] = this.#ground;
    this.#context.fillStyle = `rgb(${r} ${g} ${b})`;
    this.#context.fillRect(0, 0, SIDE, SIDE);
  }

  /** What is on it. */
  read() {
    return this.#context.getImageData(0, 0, SIDE, SIDE);
  }

  /**
   * Draw as far as the pointer has come.
   * @param {PointerEvent} event
   * @param {string} colour
   * @param {number} width of the pen
   */
  draw(event, colour, width) {
    const context = this.#context;
    for (const each of pointsOf(event)) {
      const to = this.#pointAt(each);
      context.strokeStyle = colour;
      [context.lineWidth, context.lineCap, context.lineJoin] = [width, "round", "round"];
      context.beginPath();
      context.moveTo(...(this.#last ?? to));
      context.lineTo(...to);
      context.stroke();
      this.#last = to;
    }
  }

  /** The pen is lifted. */
  lift() {
    this.#last = null;
  }

  /** @param {PointerEvent} event @returns {Point} */
  #pointAt({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    return [((clientX - box.left) / box.width) * SIDE, ((clientY - box.top) / box.height) * SIDE];
  }
}

/**
 * A drawing as a model's images are: brought to their size, and of digits to their form.
 * @param {Uint8ClampedArray} rgba (side, side, 4) bytes
 * @param {Pick<ModelEntry, "size"|"channels"|"dataset">} entry
 * @returns {Uint8Array} (size, size, channels)
 */
export function drawnBytes(rgba, { size, channels, dataset }) {
  const side = Math.sqrt(rgba.length / 4);
  if (channels === 1) return likeData(toGray(rgba), side, dataset, size);
  const rgb = Uint8Array.from({ length: 3 * side * side }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]);
  return resize(rgb, [side, side], [size, size], 3);
}
