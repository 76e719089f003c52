/** Where things are in a spike raster, in CSS pixels of its canvas. Does not touch the DOM. */

import { placeIn } from "./bar_gestures.js";

const [TOP, BELOW] = [2, 30]; // px around the cells
const BESIDE_NAMES = 7; // px between a name and the cells, and at the edge
const LINE = 12; // px of a name
const APART = 22; // px between numbers of steps

/**
 * Cells of spikes: a row for each neuron, a column for each step.
 * @typedef {object} RasterLayout
 * @property {number} left
 * @property {number} top
 * @property {number} bottom
 * @property {number} width of all columns
 * @property {number} column width of one
 * @property {number} row height of one
 * @property {number} neurons
 * @property {number} steps
 */

/**
 * @param {{width: number, height: number, names: number}} room that there is; `names` is the width of the widest
 * @param {{neurons: number, steps: number}} cells
 * @returns {RasterLayout}
 */
export function rasterLayout({ width, height, names }, { neurons, steps }) {
  const left = Math.ceil(names) + BESIDE_NAMES;
  const tall = height - TOP - BELOW;
  const column = (width - left) / steps;
  return { left, top: TOP, bottom: TOP + tall, width: width - left, column, row: tall / neurons, neurons, steps };
}

/** The cell at a place; the nearest one if it is beside them. @param {RasterLayout} layout @returns {{place: number, step: number}} */
export function cellAt({ left, top, bottom, width, neurons, steps }, x, y) {
  return { place: placeIn(y, top, bottom - top, neurons), step: placeIn(x, left, width, steps) };
}

/**
 * Rows whose names are written: as many as fit, and the marked one in any case.
 * @param {RasterLayout} layout
 * @param {number} marked place of the row; -1: none
 * @returns {{place: number, y: number}[]} with the base line of the name
 */
export function namedRows({ neurons, row, top, bottom }, marked) {
  const every = fittingStride(row, LINE);
  const close = (place) => marked >= 0 && Math.abs(place - marked) * row < LINE;
  const places = Array.from({ length: neurons }, (_, place) => place);
  return places
    .filter((place) => place === marked || (place % every === 0 && !close(place)))
    .map((place) => ({ place, y: Math.min(bottom, Math.max(top + 8, top + (place + 0.5) * row + 3.5)) }));
}

/**
 * Steps whose numbers are written below, from 1.
 * @param {RasterLayout} layout
 * @returns {{step: number, x: number}[]} with the middle of the number
 */
export function numberedSteps({ left, column, steps }) {
  const every = fittingStride(column, APART);
  const first = column * (every - 1) >= APART; // whether there is room for 1 before the second number
  const numbers = Array.from({ length: steps }, (_, t) => t + 1);
  return numbers
    .filter((step) => step % every === 0 || (step === 1 && first))
    .map((step) => ({ step, x: left + (step - 0.5) * column }));
}

/** Of things `size` apart every how many-th may stand with `room` each: 1, 2, 4, 8 ... */
export function fittingStride(size, room) {
  let stride = 1;
  while (stride * size < room && stride < 4096) stride *= 2;
  return stride;
}
