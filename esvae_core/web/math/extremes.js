/** Which test images have the highest and the lowest number of a latent dimension, and how often they have which. */

/**
 * @param {Pick<Atlas, "counts"|"dims"|"count">} atlas
 * @param {number} j
 * @param {number} most rows at either end
 * @returns {{highest: number[], lowest: number[]}} rows, the outermost first; of equal ones those that come first
 */
export function extremes({ counts, dims, count }, j, most) {
  const rows = Array.from({ length: count }, (_, row) => row);
  const value = (row) => counts[row * dims + j];
  rows.sort((a, b) => value(b) - value(a) || a - b);
  const highest = rows.slice(0, Math.min(most, count >> 1));
  rows.sort((a, b) => value(a) - value(b) || a - b);
  return { highest, lowest: rows.slice(0, highest.length) };
}

/**
 * Share of the images in each of so many equal parts of the range.
 * @param {Pick<Atlas, "counts"|"dims"|"count"|"steps">} atlas
 * @param {number} j
 * @param {number} bins
 */
export function histogram({ counts, dims, count, steps }, j, bins) {
  const shares = new Float64Array(bins);
  for (let row = 0; row < count; row++) shares[Math.round((counts[row * dims + j] * (bins - 1)) / steps)] += 1 / count;
  return shares;
}
