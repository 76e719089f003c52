/** Where the parts of the spike raster lie on its canvas, in CSS pixels, and which cell a point is in. */

export const TOP = 16; // above the cells, for the scale of the rates
export const BESIDE = 84; // for the rates beside them
export const BELOW = 64; // for the population below them
const FOOT = 16; // for the numbers of the steps
const NAMES = 34; // for the names beside the cells, at least
const BESIDE_NAMES = 11; // between a name and the cells, and at the edge
export const LINE = 9; // height of a name
const TALL = 64 * LINE; // of all rows, if they are made higher so that each has room for its name

/**
 * `row` and `cell` are the height and width of a cell; the cells reach from `left` to `right` and from TOP to `bottom`.
 * @typedef {{dims: number, steps: number, row: number, cell: number, left: number, right: number,
 *   bottom: number}} RasterLayout
 */

/**
 * A cell, or with "neuron" the name or the rate beside its row.
 * @typedef {{place: number, t: number, where: "cell"|"neuron"}} RasterCell
 */

/** Height of a neuron's row. @param {number} dims */
const rowHeight = (dims) => Math.max(dims * LINE <= TALL ? LINE : 4, Math.min(17, Math.floor(420 / dims)));

/** Height of the whole canvas. @param {number} dims */
export const rasterHeight = (dims) => TOP + rowHeight(dims) * dims + BELOW + FOOT;

/**
 * @param {number} dims
 * @param {number} steps
 * @param {number} width of the canvas
 * @param {number} [names] width of the longest name
 * @returns {RasterLayout}
 */
export function rasterLayout(dims, steps, width, names = 0) {
  const row = rowHeight(dims);
  const [left, right] = [Math.max(NAMES, Math.ceil(names) + BESIDE_NAMES), width - BESIDE];
  const cell = (right - left) / steps;
  return { dims, steps, row, cell, left, right, bottom: TOP + row * dims };
}

/**
 * What is at a point of the canvas; null above and below the rows.
 * @param {RasterLayout} layout
 * @returns {RasterCell|null}
 */
export function cellAt({ dims, steps, row, cell, left, right }, x, y) {
  const place = Math.floor((y - TOP) / row);
  if (place < 0 || place >= dims) return null;
  const t = Math.floor((x - left) / cell);
  return { place, t: Math.min(steps - 1, Math.max(0, t)), where: x < left || x > right ? "neuron" : "cell" };
}
