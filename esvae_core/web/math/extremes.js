/** Which rows of a list of numbers have the highest and the lowest, and how often which occur. */

/**
 * @param {ArrayLike<number>} values
 * @param {number} most rows at either end
 * @returns {{highest: number[], lowest: number[]}} rows, the outermost first; of equal ones those that come first
 */
export function extremes(values, most) {
  const rows = Array.from(values, (_, row) => row);
  rows.sort((a, b) => values[b] - values[a] || a - b);
  const highest = rows.slice(0, Math.min(most, values.length >> 1));
  rows.sort((a, b) => values[a] - values[b] || a - b);
  return { highest, lowest: rows.slice(0, highest.length) };
}

/**
 * Share of the values that are nearest to each of so many places, evenly from one end of a range to the other.
 * @param {ArrayLike<number>} values within the range
 * @param {[number, number]} range
 * @param {number} bins
 */
export function histogram(values, [low, high], bins) {
  const shares = new Float64Array(bins);
  const scale = (bins - 1) / (high - low || 1);
  for (let row = 0; row < values.length; row++) shares[Math.round((values[row] - low) * scale)] += 1 / values.length;
  return shares;
}
