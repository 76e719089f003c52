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
  const middle = arrays.middle.values;
  const fieldOf = (end, i) => {
    const part = (name) => {
      const { values, shape } = arrays[name + end];
      const size = values.length / shape[0];
      return values.subarray(i * size, (i + 1) * size);
    };
    const rank = arrays[`left${end}`].shape[2];
    const own = { shift: part("shift"), left: part("left"), right: part("right"), rank };
    return { ...own, middle, arcsine: about.coordinates === "arcsine", steps: about.steps };
  };
  let twoSided = 0;
  return about.controls.map(({ two_sides: two, ...words }, i) => {
    const gain = arrays.gain.values.subarray(i * about.knots.length, (i + 1) * about.knots.length);
    const up = fieldOf("", i);
    const down = two ? fieldOf("Down", twoSided++) : up;
    const step = up.shift.map((towards, j) => (towards + down.shift[j]) / 2);
    return {
      ...words,
      apply: (rates, amount) => {
        const far = amount && interpolated(amount, about.knots, gain);
        return moved(rates, far > 0 ? up : down, far);
      },
      lies: (rates) => liesAlong(rates, step, up.arcsine),
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
 * How far rates lie along a step (d): the dot product of both.
 * @param {Uint16Array} rates
 * @param {ArrayLike<number>} step
 * @param {boolean} arcsine
 */
export function liesAlong(rates, step, arcsine) {
  return placeOf(fromGrid(rates), arcsine).reduce((sum, x, j) => sum + x * step[j], 0);
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
