/** Draws the spike raster: cells, rates beside them, spikes of each step below them. */

import { msg } from "../../messages.js";
import { formatNumber } from "../../math/axis.js";
import { bernoulliSum } from "../../math/distributions.js";
import { countsOf, populationOf } from "../../math/spike_trains.js";
import { namedPlaces, rowsFirst } from "../shared/raster_layout.js";
import { BELOW, BESIDE, LINE, TOP } from "./editor_layout.js";

const LATER = 0.3; // opacity of steps that are not shown yet
const QUIET = 0.65; // opacity of letters

/** @typedef {import("./editor_layout.js").RasterLayout} RasterLayout */

/**
 * What is drawn: `order` has the neuron of each row, `names` the name of each neuron, `heat` the effect of turning each
 * cell, and `chosen` is the neuron whose name stands out.
 * @typedef {{now: Traced, order: number[], names: string[], heat: Float32Array|null, chosen: string|undefined,
 *   cursor: {place: number, t: number, seen: boolean}}} RasterContent
 */

/**
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {RasterContent} content
 */
export function drawRaster(context, colour, layout, content) {
  drawCells(context, colour, layout, content);
  drawNames(context, colour, layout, content);
  drawMarkers(context, colour, layout, content);
  drawRates(context, colour, layout, content);
  drawPopulation(context, colour, layout, content.now);
  drawSteps(context, layout);
}

/**
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {RasterContent} content
 */
function drawCells(context, colour, layout, { now, order, heat }) {
  const { dims, steps, left, right, row, cell } = layout;
  context.fillStyle = `color-mix(in srgb, ${colour.quiet} 9%, transparent)`;
  context.fillRect(left, TOP, right - left, row * dims);
  const most = heat ? Math.max(...heat) || 1 : 1;
  for (let place = 0; place < dims; place++) {
    for (let t = 0; t < steps; t++) {
      const [x, y, i] = [left + t * cell, TOP + place * row, t * dims + order[place]];
      context.globalAlpha = 1;
      if (heat) {
        context.fillStyle = `color-mix(in srgb, ${colour.was} ${Math.round(85 * (heat[i] / most))}%, transparent)`;
        context.fillRect(x, y, cell, row);
      }
      context.globalAlpha = t < now.upto ? 1 : LATER;
      drawCell(context, colour, layout, { x, y, spike: now.spikes[i], turned: now.flips.has(i), inset: Boolean(heat) });
    }
  }
  context.globalAlpha = 1;
}

/**
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {{x: number, y: number, spike: number, turned: boolean, inset: boolean}} about inset: with room around for heat
 */
function drawCell(context, colour, { row, cell }, { x, y, spike, turned, inset }) {
  const [padX, padY] = [Math.min(1.5, 0.12 * cell), row > 5 ? 1 : 0.5];
  const [w, tall] = [cell - 2 * padX, row - 2 * padY];
  const by = inset ? Math.min(2, tall / 4) : 0;
  if (spike) {
    context.fillStyle = turned ? colour.now : colour.quiet;
    context.fillRect(x + padX, y + padY + by, w, tall - 2 * by);
  } else if (turned) {
    context.strokeStyle = colour.was;
    context.lineWidth = 1.5;
    context.strokeRect(x + padX + 1, y + padY + 0.5, w - 2, Math.max(1, tall - 1));
  }
}

/**
 * Names of as many neurons as there is room for; first that of the chosen one, then those that are no numbers.
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {RasterContent} content
 */
function drawNames(context, colour, { row, left }, { order, names, chosen }) {
  const marked = order.findIndex((j) => String(j) === chosen);
  const first = rowsFirst(marked, order, (place) => names[order[place]]);
  context.textAlign = "right";
  context.fillStyle = colour.ink;
  for (const place of namedPlaces(order.length, row, LINE, first)) {
    context.globalAlpha = place === marked ? 1 : QUIET;
    context.fillText(names[order[place]], left - 5, TOP + place * row + row / 2 + 3.5);
  }
  context.globalAlpha = 1;
}

/**
 * The end of the steps that are shown, and the cursor.
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {RasterContent} content
 */
function drawMarkers(context, colour, { row, cell, left, bottom, steps }, { now: { upto }, cursor }) {
  context.strokeStyle = colour.now;
  context.lineWidth = 1.5;
  if (upto < steps) line(context, left + upto * cell, TOP - 4, left + upto * cell, bottom);
  if (cursor.seen) context.strokeRect(left + cursor.t * cell, TOP + cursor.place * row, cell, row);
}

/**
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {RasterContent} content
 */
function drawRates(context, colour, { row, right, dims, steps }, { now: { state, rates, spikes }, order }) {
  const counts = countsOf(spikes, dims);
  const [x0, wide] = [right + 10, BESIDE - 18];
  context.fillStyle = colour.ink;
  context.globalAlpha = QUIET;
  context.textAlign = "left";
  context.fillText("0", x0 - 3, TOP - 5);
  context.fillText(msg`rate`, x0 + wide / 2 - 9, TOP - 5);
  context.fillText("1", x0 + wide - 3, TOP - 5);
  context.globalAlpha = 1;
  order.forEach((j, place) => {
    const y = TOP + place * row;
    context.fillStyle = colour.quiet;
    context.fillRect(x0, y + row * 0.22, (wide * counts[j]) / steps, row * 0.56);
    const spread = state.sampler === "bernoulli" ? Math.sqrt((rates[j] * (1 - rates[j])) / steps) : 0;
    context.strokeStyle = colour.now;
    context.lineWidth = 1;
    if (spread && row >= 7) {
      const [low, high] = [Math.max(0, rates[j] - spread), Math.min(1, rates[j] + spread)];
      line(context, x0 + wide * low, y + row / 2, x0 + wide * high, y + row / 2);
    }
    context.lineWidth = 2;
    line(context, x0 + wide * rates[j], y + 1, x0 + wide * rates[j], y + row - 1);
  });
}

/**
 * Spikes of each step, and what the rates let expect of them.
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {RasterLayout} layout
 * @param {Traced} now
 */
function drawPopulation(context, colour, { left, right, cell, bottom, dims }, { rates, spikes, upto }) {
  const sums = populationOf(spikes, dims);
  const { mean: expected, deviation: spread } = bernoulliSum(rates, 1);
  const most = Math.max(...sums, expected + spread, 1);
  const [floor, tall] = [bottom + BELOW - 6, BELOW - 16];
  const y = (n) => floor - (tall * n) / most;
  context.fillStyle = colour.quiet;
  sums.forEach((n, t) => {
    context.globalAlpha = t < upto ? 1 : LATER;
    context.fillRect(left + t * cell + 1, y(n), cell - 2, floor - y(n));
  });
  context.globalAlpha = 0.2;
  context.fillStyle = colour.now;
  context.fillRect(left, y(expected + spread), right - left, y(expected - spread) - y(expected + spread));
  context.globalAlpha = 1;
  context.strokeStyle = colour.now;
  context.lineWidth = 1.5;
  line(context, left, y(expected), right, y(expected));
  context.fillStyle = colour.ink;
  context.globalAlpha = QUIET;
  context.textAlign = "left";
  context.fillText(`${formatNumber(expected)}`, right + 10, y(expected) + 1);
  context.fillText(msg`spikes a step`, right + 10, Math.min(floor, y(expected) + 13));
}

/**
 * Numbers of the steps, in the letters of the population.
 * @param {DrawingContext} context
 * @param {RasterLayout} layout
 */
function drawSteps(context, { left, right, cell, bottom, steps }) {
  const y = bottom + BELOW + 7;
  context.textAlign = "center";
  const every = Math.ceil(18 / cell);
  for (let t = 0; t < steps; t += every) context.fillText(String(t + 1), left + (t + 0.5) * cell, y);
  context.textAlign = "left";
  context.fillText(msg`step`, right + 10, y);
  context.globalAlpha = 1;
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}
