/**
 * Controls of a latent: each moves many of its numbers at once, so that one attribute of the picture changes. The twin of
 * `Control.apply` in `esvae_core/controls/directions.py`, which says what the numbers mean.
 */

import { fromGrid, toGrid } from "./rates.js";

/**
 * @param {{about: ControlsAbout, arrays: NamedArrays}|null} read
 * @returns {Control[]} those that pictures follow first
 */
export function controlsOf(read) {
  if (!read) return [];
  const { about, arrays } = read;
  const dims = arrays.middle.shape[0];
  const rank = arrays.left.shape[2];
  const part = (name, i, size) => arrays[name].values.subarray(i * size, (i + 1) * size);
  return about.controls.map((words, i) => {
    const gain = part("gain", i, about.knots.length);
    const field = {
      middle: arrays.middle.values,
      shift: part("shift", i, dims),
      left: part("left", i, dims * rank),
      right: part("right", i, rank * dims),
      rank,
      arcsine: about.coordinates === "arcsine",
      steps: about.steps,
    };
    return {
      ...words,
      apply: (rates, amount) => moved(rates, field, amount && interpolated(amount, about.knots, gain)),
      lies: (rates) => liesAlong(rates, field),
    };
  });
}

/**
 * Rates on the grid after going `far` along a field.
 * @param {Uint16Array} rates
 * @param {ControlField} field
 * @param {number} far
 * @returns {Uint16Array}
 */
export const moved = (rates, field, far) => (far ? toGrid(stepped(fromGrid(rates), field, far)) : rates.slice());

/**
 * How far rates lie along a field's step at its middle: the dot product of both.
 * @param {Uint16Array} rates
 * @param {ControlField} field
 */
export function liesAlong(rates, { shift, arcsine }) {
  return placeOf(fromGrid(rates), arcsine).reduce((sum, x, j) => sum + x * shift[j], 0);
}

/** Heights in the coordinates that controls move in. @param {Float32Array} heights @param {boolean} arcsine */
const placeOf = (heights, arcsine) =>
  Float64Array.from(heights, (height) => (arcsine ? Math.asin(Math.sqrt(height)) : height));

/** The value at x of a line through points; constant beyond the first and the last. */
function interpolated(x, knots, values) {
  if (x <= knots[0]) return values[0];
  for (let i = 1; i < knots.length; i++) {
    if (x <= knots[i]) {
      const share = (x - knots[i - 1]) / (knots[i] - knots[i - 1]);
      return values[i - 1] + share * (values[i] - values[i - 1]);
    }
  }
  return values[values.length - 1];
}

/**
 * Heights after going `far` along the field shift + (x - middle) left right, in equal steps, within their range.
 * @param {Float32Array} heights in [0, 1]
 * @param {ControlField} field
 * @returns {Float64Array}
 */
function stepped(heights, { middle, shift, left, right, rank, arcsine, steps }, far) {
  const dims = heights.length;
  const end = arcsine ? Math.PI / 2 : 1;
  const place = placeOf(heights, arcsine);
  const inner = new Float64Array(rank);
  for (let step = 0; step < steps; step++) {
    inner.fill(0);
    for (let j = 0; j < dims; j++) {
      const off = place[j] - middle[j];
      for (let r = 0; r < rank; r++) inner[r] += off * left[j * rank + r];
    }
    for (let j = 0; j < dims; j++) {
      let slope = shift[j];
      for (let r = 0; r < rank; r++) slope += inner[r] * right[r * dims + j];
      place[j] = Math.min(end, Math.max(0, place[j] + (far / steps) * slope));
    }
  }
  return place.map((x) => (arcsine ? Math.sin(x) ** 2 : x));
}
