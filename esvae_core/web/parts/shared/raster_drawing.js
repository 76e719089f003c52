/** How a spike raster is drawn: a band behind the chosen row, spikes, and names and numbers at the sides. */

import { msg } from "../../messages.js";
import { namedRows, numberedSteps, rowsFirst } from "./raster_layout.js";

/** @typedef {import("./raster_layout.js").RasterLayout} RasterLayout */

/**
 * What stands out: the place of the chosen neuron, -1: none; and how many steps have arrived.
 * @typedef {{place: number, upto: number}} Looked
 */

export const LETTERS = 11; // px
const WIDEST = 76; // px of a name
const FRAMED = 9; // px, at least, of the frame around a spike that was edited by hand
const MOST_FRAMED = 64;

/**
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {{names: string[], order: number[], decoded: Decoded, looked: Looked}} shown names by place
 */
export function drawRaster(context, colour, layout, { names, order, decoded, looked }) {
  drawChosen(context, colour, layout, looked.place);
  drawSpikes(context, colour, layout, order, decoded, looked.upto);
  drawTurned(context, colour, layout, order, decoded);
  drawNames(context, colour, layout, names, order, looked.place);
  drawSteps(context, colour, layout);
  drawArrived(context, colour, layout, looked.upto);
}

/** A band behind the row of the chosen neuron. */
function drawChosen(context, colour, { left, top, width, row }, place) {
  if (place < 0) return;
  const tall = Math.max(row, 3);
  context.globalAlpha = 0.22;
  context.fillStyle = colour.now;
  context.fillRect(left, top + (place + 0.5) * row - tall / 2, width, tall);
  context.globalAlpha = 1;
}

/** Later steps are pale; what is gone is a thin line. */
function drawSpikes(context, colour, { left, top, column, row, neurons, steps }, order, { spikes, before }, upto) {
  const [padX, padY] = [Math.min(1.5, 0.12 * column), row > 3 ? Math.min(1, 0.15 * row) : 0];
  for (let place = 0; place < neurons; place++) {
    for (let t = 0; t < steps; t++) {
      const at = t * neurons + order[place];
      const is = spikes[at];
      const was = before ? before[at] : is;
      if (!is && !was) continue;
      context.globalAlpha = t < upto ? 1 : 0.12;
      context.fillStyle = is ? (was ? colour.quiet : colour.now) : colour.was;
      const tall = is ? row - 2 * padY : Math.max(1, (row - 2 * padY) * 0.35);
      context.fillRect(left + t * column + padX, top + place * row + (row - tall) / 2, column - 2 * padX, tall);
    }
  }
  context.globalAlpha = 1;
}

/** A frame around each spike that was edited by hand, large enough to be seen; of many, which are seen anyway, none. */
function drawTurned(context, colour, { left, top, column, row, neurons }, order, { flips }) {
  if (!flips?.size || flips.size > MOST_FRAMED) return;
  const placeOf = new Map(order.map((j, place) => [j, place]));
  const [wide, tall] = [Math.max(column, FRAMED), Math.max(row, FRAMED)];
  context.strokeStyle = colour.was;
  context.lineWidth = 2;
  for (const cell of flips) {
    const [x, y] = [
      left + (Math.floor(cell / neurons) + 0.5) * column,
      top + (placeOf.get(cell % neurons) + 0.5) * row,
    ];
    context.strokeRect(x - wide / 2 - 1, y - tall / 2 - 1, wide + 2, tall + 2);
  }
}

/** Names at the side, as many as fit; first that of the chosen neuron, then those that are no numbers. */
function drawNames(context, colour, layout, names, order, marked) {
  context.textAlign = "right";
  for (const { place, y } of namedRows(
    layout,
    rowsFirst(marked, order, (at) => names[at]),
  )) {
    context.globalAlpha = place === marked ? 1 : 0.65;
    context.fillStyle = place === marked ? colour.now : colour.ink;
    context.fillText(names[place], layout.left - 5, y);
  }
}

/** Numbers of steps below. */
function drawSteps(context, colour, layout) {
  context.globalAlpha = 0.65;
  context.fillStyle = colour.ink;
  context.textAlign = "center";
  for (const { step, x } of numberedSteps(layout)) context.fillText(String(step), x, layout.bottom + 12);
  context.fillText(msg`time step`, layout.left + layout.width / 2, layout.bottom + 25);
  context.globalAlpha = 1;
}

/** A line behind the last step that has arrived. */
function drawArrived(context, colour, { left, top, bottom, column, steps }, upto) {
  if (upto >= steps) return;
  context.fillStyle = colour.now;
  context.fillRect(left + upto * column - 0.75, top, 1.5, bottom - top);
}

/** A name as far as there is room for it. @param {DrawingContext} context @param {string} name */
export function fitted(context, name) {
  if (context.measureText(name).width <= WIDEST) return name;
  let end = name.length - 1;
  while (end > 1 && context.measureText(`${name.slice(0, end)}…`).width > WIDEST) end--;
  return `${name.slice(0, end)}…`;
}
