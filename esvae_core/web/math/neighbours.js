/** Which real images a rate vector is near: distances in rate space. */

/**
 * The k nearest of the rows of `counts` to `rates`.
 * @param {ArrayLike<number>} rates (d) in [0, 1]
 * @param {ArrayLike<number>} counts (N, d), spikes in `steps` steps
 * @param {number} steps
 * @param {number} k
 * @param {(row: number) => boolean} [wanted] which rows count
 * @returns {{row: number, distance: number}[]} nearest first; distance is the root mean square difference of the rates
 */
export function nearest(rates, counts, steps, k, wanted = () => true) {
  const d = rates.length;
  const units = Float64Array.from(rates, (rate) => rate * steps); // as the counts have them: no division in the loop
  const best = [];
  let worst = Infinity;
  const total = counts.length / d;
  for (let row = 0; row < total; row++) {
    if (!wanted(row)) continue;
    let sum = 0;
    for (let j = 0, at = row * d; j < d && sum < worst; j++, at++) {
      const apart = units[j] - counts[at];
      sum += apart * apart;
    }
    if (sum >= worst) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].sum > sum) place--;
    best.splice(place, 0, { row, sum });
    if (best.length > k) best.pop();
    if (best.length === k) worst = best[k - 1].sum;
  }
  return best.map(({ row, sum }) => ({ row, distance: Math.sqrt(sum / d) / steps }));
}

/** How many of the rows of `counts` are within a distance of `rates`. */
export function within(rates, counts, steps, distance) {
  const d = rates.length;
  const limit = distance ** 2 * d;
  let found = 0;
  for (let row = 0; row < counts.length; row += d) {
    let sum = 0;
    for (let j = 0; j < d && sum <= limit; j++) sum += (rates[j] - counts[row + j] / steps) ** 2;
    if (sum <= limit) found++;
  }
  return found;
}

/**
 * How near real images are to each other: the distance of each of some rows to its nearest other row, sorted.
 * @returns {Float64Array} of at most `sample` distances
 */
export function ownDistances(counts, steps, d, sample = 200) {
  const total = counts.length / d;
  const every = Math.max(1, Math.floor(total / sample));
  const out = [];
  for (let row = 0; row < total && out.length < sample; row += every) {
    const rates = Float32Array.from(counts.subarray(row * d, (row + 1) * d), (n) => n / steps);
    const [found] = nearest(rates, counts, steps, 1, (other) => other !== row);
    if (found) out.push(found.distance);
  }
  return Float64Array.from(out).sort();
}

/** Share of the sorted values that are below x. */
export function rank(sorted, x) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < x) low = middle + 1;
    else high = middle;
  }
  return sorted.length ? low / sorted.length : 0;
}

/** (2, d) the 5th and 95th percentile of each dimension's rate. @returns {{low: Float32Array, high: Float32Array}} */
export function dataRange(counts, steps, d) {
  const total = counts.length / d;
  const [low, high] = [new Float32Array(d), new Float32Array(d)];
  const column = new Float32Array(total);
  for (let j = 0; j < d; j++) {
    for (let row = 0; row < total; row++) column[row] = counts[row * d + j] / steps;
    column.sort();
    low[j] = column[Math.round(0.05 * (total - 1))];
    high[j] = column[Math.round(0.95 * (total - 1))];
  }
  return { low, high };
}

/** (d) standard deviation of each dimension's rate over the data: how much it is used. */
export function usage(counts, steps, d) {
  const total = counts.length / d;
  return Float32Array.from({ length: d }, (_, j) => {
    let [sum, square] = [0, 0];
    for (let at = j; at < counts.length; at += d) {
      const rate = counts[at] / steps;
      sum += rate;
      square += rate * rate;
    }
    return Math.sqrt(Math.max(0, square / total - (sum / total) ** 2));
  });
}
