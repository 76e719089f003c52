/**
 * A drawing as shapes, before it is a file; and a canvas context that writes down shapes instead of painting them.
 *
 * @typedef {[r: number, g: number, b: number, a: number]} Colour bytes, and alpha from 0 to 1
 * @typedef {{kind: "rect", x: number, y: number, width: number, height: number}
 *   | {kind: "circle", x: number, y: number, radius: number}
 *   | {kind: "path", points: [number, number][][], closed: boolean}
 *   | {kind: "text", x: number, y: number, text: string, width: number, size: number, family: string, bold: boolean}
 *   | {kind: "image", x: number, y: number, width: number, height: number, pixels: Pixels, alpha: number}} Outline
 *   a text's x is its left end, y its baseline, and width what it takes on the screen
 * @typedef {{width: number, height: number, bytes: Uint8Array}} Pixels (height, width, 3) bytes
 * @typedef {{fill?: Colour, stroke?: Colour, thick?: number, dash?: number[]}} Paint
 * @typedef {Outline & Paint} Shape
 * @typedef {{width: number, height: number, ground: Colour, title: string, words: string, shapes: Shape[]}} Figure
 *   in CSS pixels, y down; `words` say it to those who do not see it
 */

import { msg } from "../messages.js";

const FULL_TURN = 2 * Math.PI;

/** The part of a canvas' 2D context that charts draw with. */
export class Recorder {
  fillStyle = "#000";
  strokeStyle = "#000";
  globalAlpha = 1;
  lineWidth = 1;
  font = "10px sans-serif";
  textAlign = "start";
  textBaseline = "alphabetic";
  /** @type {Shape[]} */
  shapes = [];
  #lines = [];
  #circles = [];
  #dash = [];
  #colour;
  #measure;

  /**
   * @param {(css: string) => Colour} colour what a CSS colour is
   * @param {(text: string, font: string) => number} measure how wide a text is
   */
  constructor(colour, measure) {
    this.#colour = colour;
    this.#measure = measure;
  }

  clearRect() {}

  setLineDash(dash) {
    this.#dash = [...dash];
  }

  measureText(text) {
    return { width: this.#measure(text, this.font) };
  }

  fillRect(x, y, width, height) {
    this.#add({ kind: "rect", x, y, width, height }, true);
  }

  strokeRect(x, y, width, height) {
    this.#add({ kind: "rect", x, y, width, height }, false);
  }

  /** @param {number} [most] width to which it is squeezed */
  fillText(text, x, y, most = Infinity) {
    this.#write(text, x, y, most, true);
  }

  strokeText(text, x, y, most = Infinity) {
    this.#write(text, x, y, most, false);
  }

  /** @param {HTMLCanvasElement} canvas painted without transparency */
  drawImage(canvas, x, y, width, height) {
    this.shapes.push({ kind: "image", x, y, width, height, pixels: canvasPixels(canvas), alpha: this.globalAlpha });
  }

  #write(text, x, y, most, filled) {
    const width = Math.min(most, this.measureText(String(text)).width);
    const read = /^\s*(.*?)([\d.]+)px\s+(.*)$/.exec(this.font);
    const [, bold, digits, family] = /** @type {RegExpExecArray} */ (read); // all fonts here have pixels
    const size = Number(digits);
    const left = { right: x - width, end: x - width, center: x - width / 2 }[this.textAlign] ?? x;
    const down = { middle: 0.35, top: 0.8, hanging: 0.8, bottom: -0.2 }[this.textBaseline] ?? 0;
    this.#add(
      {
        kind: "text",
        x: left,
        y: y + down * size,
        text: String(text),
        width,
        size,
        family,
        bold: isBold(bold),
      },
      filled,
    );
  }

  beginPath() {
    [this.#lines, this.#circles] = [[], []];
  }

  moveTo(x, y) {
    this.#lines.push({ points: [[x, y]], closed: false });
  }

  lineTo(x, y) {
    if (this.#lines.length) this.#lines.at(-1).points.push([x, y]);
    else this.moveTo(x, y);
  }

  closePath() {
    if (this.#lines.length) this.#lines.at(-1).closed = true;
  }

  arc(x, y, radius, from, to) {
    if (Math.abs(to - from) < FULL_TURN - 1e-6) throw new Error(msg`arc: only whole circles are written down`);
    this.#circles.push({ kind: "circle", x, y, radius });
  }

  rect(x, y, width, height) {
    this.#lines.push({
      points: [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
      ],
      closed: true,
    });
  }

  fill() {
    this.#trace(true);
  }

  stroke() {
    this.#trace(false);
  }

  #trace(filled) {
    const open = this.#lines.filter(({ closed, points }) => !closed && points.length > 1);
    const closed = this.#lines.filter((line) => line.closed);
    for (const [lines, isClosed] of [
      [open, filled],
      [closed, true],
    ]) {
      if (lines.length)
        this.#add({ kind: "path", points: lines.map(({ points }) => points), closed: isClosed }, filled);
    }
    for (const circle of this.#circles) this.#add({ ...circle }, filled);
  }

  #add(outline, filled) {
    const [r, g, b, a] = this.#colour(filled ? this.fillStyle : this.strokeStyle);
    const colour = [r, g, b, a * this.globalAlpha];
    if (!colour[3]) return;
    if (filled) this.shapes.push({ ...outline, fill: colour });
    else
      this.shapes.push({
        ...outline,
        stroke: colour,
        thick: this.lineWidth,
        ...(this.#dash.length ? { dash: [...this.#dash] } : {}),
      });
  }
}

/** What is painted on a canvas, which has no transparent pixels. @returns {Pixels} */
export function canvasPixels(canvas) {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return {
    width,
    height,
    bytes: Uint8Array.from({ length: 3 * width * height }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]),
  };
}

/** Whether a weight, or the beginning of a CSS font, is that of bold letters. */
export const isBold = (weight) => /bold/.test(weight) || Number(/\b\d{3}\b/.exec(weight)?.[0] ?? 400) >= 600;

/** The same shapes, moved. @param {Shape[]} shapes @returns {Shape[]} */
export function translated(shapes, dx, dy) {
  return shapes.map((shape) =>
    shape.kind === "path"
      ? { ...shape, points: shape.points.map((line) => line.map(([x, y]) => [x + dx, y + dy])) }
      : { ...shape, x: shape.x + dx, y: shape.y + dy },
  );
}

/**
 * The box around shapes, lines with their thickness, in whole pixels.
 * @param {Shape[]} shapes
 * @returns {{left: number, top: number, right: number, bottom: number}}
 */
export function boxOf(shapes) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  const take = (left, top, right, bottom, by = 0) => {
    box.left = Math.min(box.left, left - by);
    box.top = Math.min(box.top, top - by);
    box.right = Math.max(box.right, right + by);
    box.bottom = Math.max(box.bottom, bottom + by);
  };
  for (const shape of shapes) {
    const by = shape.stroke ? (shape.thick ?? 1) / 2 : 0;
    if (shape.kind === "path") {
      for (const [px, py] of shape.points.flat()) take(px, py, px, py, by);
      continue;
    }
    const { x, y } = shape;
    if (shape.kind === "circle") take(x - shape.radius, y - shape.radius, x + shape.radius, y + shape.radius, by);
    else if (shape.kind === "text") take(x, y - 0.8 * shape.size, x + shape.width, y + 0.25 * shape.size);
    else take(x, y, x + shape.width, y + shape.height, by);
  }
  const [left, top] = [box.left, box.top].map(Math.floor); // whole pixels, so that edges stay as sharp as they are
  return { left, top, right: Math.ceil(box.right), bottom: Math.ceil(box.bottom) };
}
