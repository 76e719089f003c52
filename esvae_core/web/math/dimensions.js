/**
 * One dimension moved, all others as they are; the twin of the same functions in `esvae_core/explore/dimensions.py`.
 */

/** Rates at equally spaced quantiles, from the least to the greatest, linear between neighbours. @returns {number[]} */
export function quantileValues(column, frames) {
  const sorted = Float64Array.from(column).sort();
  return Array.from({ length: frames }, (_, i) => {
    const at = (i / (frames - 1)) * (sorted.length - 1);
    const low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[Math.min(sorted.length - 1, low + 1)] - sorted[low]);
  });
}

/** Rates from 0 to 1 in equal steps of what sampling noise can tell (docs/math.md, equation 11). @returns {number[]} */
export function geodesicValues(frames) {
  return Array.from({ length: frames }, (_, i) => Math.sin((i / (frames - 1)) * (Math.PI / 2)) ** 2);
}

/** From 0 to 1 in equal steps. @returns {number[]} */
export const equalValues = (frames) => Array.from({ length: frames }, (_, i) => i / (frames - 1));

/** The rates with one dimension at another value. @returns {Float32Array} */
export function withValue(rates, dimension, value) {
  const out = Float32Array.from(rates);
  out[dimension] = value;
  return out;
}

/**
 * Where a dimension changes the picture: absolute mean change over draws, the largest over the colours.
 * @param {Float32Array[]} low (C, H, W) in [-1, 1] each, with the dimension at one end
 * @param {Float32Array[]} high the same draws with it at the other
 * @returns {Float32Array} (H, W) from 0 to 2
 */
export function sensitivity(low, high, channels) {
  const area = low[0].length / channels;
  const out = new Float32Array(area);
  for (let p = 0; p < area; p++) {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      low.forEach((image, k) => (sum += high[k][c * area + p] - image[c * area + p]));
      out[p] = Math.max(out[p], Math.abs(sum / low.length));
    }
  }
  return out;
}

/** The class that a dimension goes with most. @returns {{label: number, value: number}} value from -1 to 1 */
export function strongest(correlation, dimension) {
  let best = { label: 0, value: 0 };
  correlation.forEach((row, label) => {
    if (Math.abs(row[dimension]) > Math.abs(best.value)) best = { label, value: row[dimension] };
  });
  return best;
}
