/** Rates on the grid on which links keep them; the twin of the helpers in `app/state.py`. */

/** Rates are multiples of 1/46080: k/T is exact for T = 2, 4, 8 ... 1024, 3, 5, 6, 10, 12, 20, and more. */
export const GRID = 46_080;

/** Rates in [0, 1] -> units of 1/GRID; what is outside or no number is moved inside. @returns {Uint16Array} */
export function toGrid(values) {
  return Uint16Array.from(values, (v) => Math.floor(Math.min(1, Math.max(0, v || 0)) * GRID + 0.5));
}

/** Units of 1/GRID -> rates in [0, 1]. @returns {Float32Array} */
export function fromGrid(rates) {
  return Float32Array.from(rates, (r) => r / GRID);
}

/** Rates in units of 1/GRID with one at another value. @param {Uint16Array} rates @param {number} j @param {number} value */
export const withRate = (rates, j, value) => rates.with(j, Math.round(value * GRID));

/** k/T of a count k -> units of 1/GRID. */
export function ofCount(count, steps) {
  return Math.floor((count / steps) * GRID + 0.5);
}

/** Whether two vectors of numbers are equal. */
export function same(a, b) {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}
