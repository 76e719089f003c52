/** Where things are in a spike raster, in CSS pixels of its canvas. Does not touch the DOM. */

import { ascending } from "../../math/spike_trains.js";
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
 * Rows whose names are written, as many as fit.
 * @param {RasterLayout} layout
 * @param {number[]} first places of rows that others give way to
 * @returns {{place: number, y: number}[]} with the base line of the name
 */
export function namedRows({ neurons, row, top, bottom }, first) {
  return namedPlaces(neurons, row, LINE, first).map((place) => ({
    place,
    y: Math.min(bottom, Math.max(top + 8, top + (place + 0.5) * row + 3.5)),
  }));
}

/**
 * Of rows `row` px high those whose names, `line` px high, do not touch: first these, as far as they fit, the earlier
 * before the later, then every so many of the others.
 * @param {number} count @param {number} row @param {number} line @param {number[]} first
 */
export function namedPlaces(count, row, line, first) {
  const every = fittingStride(row, line);
  const regular = Array.from({ length: Math.ceil(count / every) }, (_, k) => k * every);
  /** @type {number[]} */
  const found = [];
  for (const place of [...first, ...regular]) {
    if (found.every((other) => Math.abs(other - place) * row >= line)) found.push(place);
  }
  return ascending(found).map((k) => found[k]);
}

/**
 * Rows that others give way to: the chosen one, then neurons that are called something else than their number.
 * @param {number} chosen its place; -1: none
 * @param {number[]} order the neuron of each row
 * @param {(place: number) => string} nameAt
 */
export function rowsFirst(chosen, order, nameAt) {
  const called = order.flatMap((j, place) => (nameAt(place) === `d${j}` ? [] : [place]));
  return chosen < 0 ? called : [chosen, ...called];
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
