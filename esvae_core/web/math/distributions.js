/**
 * What theory says of spike trains: counts, intervals and Fano factors under either sampler, and of true Poisson
 * counts.
 *
 * Every law is exact for T steps, so what is drawn must agree with it up to chance.
 */

/** (n + 1) chances of k = 0 ... n successes in n tries of chance p. @returns {Float64Array} */
export function binomial(n, p) {
  const out = new Float64Array(n + 1);
  if (p <= 0 || p >= 1) {
    out[p <= 0 ? 0 : n] = 1;
    return out;
  }
  let log = n * Math.log1p(-p);
  const odds = Math.log(p) - Math.log1p(-p);
  for (let k = 0; k <= n; k++) {
    out[k] = Math.exp(log);
    log += Math.log((n - k) / (k + 1)) + odds;
  }
  return out;
}

/** Chances of k = 0 ... most events where `mean` are expected and there is no limit. @returns {Float64Array} */
export function poisson(mean, most) {
  const out = new Float64Array(most + 1);
  if (mean <= 0) {
    out[0] = 1;
    return out;
  }
  let log = -mean;
  for (let k = 0; k <= most; k++) {
    out[k] = Math.exp(log);
    log += Math.log(mean / (k + 1));
  }
  return out;
}

/** A Poisson number from a uniform one on [0, 1), by the inverse of the distribution. */
export function poissonDraw(mean, u) {
  let [k, chance] = [0, Math.exp(-mean)];
  for (let below = chance; below <= u && k < 1000; below += chance) chance *= mean / ++k;
  return k;
}

/** (T + 1) chances of k spikes in T steps at rate r. */
export function countLaw(sampler, r, steps) {
  if (sampler === "bernoulli") return binomial(steps, r);
  const out = new Float64Array(steps + 1); // T r rounded up or down, so that the mean is T r
  const low = Math.min(steps, Math.floor(r * steps + 1e-9));
  const share = Math.max(0, r * steps - low);
  out[low] = 1 - share;
  if (share) out[low + 1] = share;
  return out;
}

/** Chance that the next spike comes k steps after one, k = 1, 2 ... */
function intervalLaw(sampler, r, k) {
  if (r <= 0) return 0;
  if (sampler === "bernoulli") return r * (1 - r) ** (k - 1); // geometric
  const low = Math.floor(1 / r + 1e-9); // 1/r rounded up or down
  const share = Math.max(0, 1 / r - low);
  return { [low]: 1 - share, [low + 1]: share }[k] ?? 0;
}

/**
 * Intervals of k steps to be expected in T steps (equation 16 of docs/math.md): long ones have fewer places to begin.
 * @returns {Float64Array} (T), [0] is 0
 */
export function expectedIntervals(sampler, r, steps) {
  return Float64Array.from({ length: steps }, (_, k) => (k ? (steps - k) * r * intervalLaw(sampler, r, k) : 0));
}

/** Variance over mean of the count: 1 - r for Bernoulli; about 0 for systematic; 1 for Poisson. NaN at rate 0. */
export function fanoLaw(sampler, r, steps) {
  if (r <= 0) return NaN;
  if (sampler === "bernoulli") return 1 - r;
  const share = r * steps - Math.floor(r * steps + 1e-9);
  return Math.max(0, share * (1 - share)) / (r * steps);
}

/** Mean, variance (unbiased) and their ratio. @param {ArrayLike<number>} counts */
export function fano(counts) {
  const n = counts.length;
  const all = Float64Array.from(counts);
  const mean = all.reduce((a, b) => a + b, 0) / n;
  const variance = n > 1 ? all.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1) : 0;
  return { mean, variance, fano: mean > 0 ? variance / mean : NaN };
}

/**
 * Standard deviation of the Fano factor of `draws` counts that follow Binomial(T, r), their mean taken as known
 * (equation 17).
 */
export function fanoSpread(r, steps, draws) {
  if (r <= 0 || r >= 1) return 0;
  const variance = steps * r * (1 - r);
  const fourth = variance * (1 + 3 * (steps - 2) * r * (1 - r)); // fourth central moment of a binomial
  return Math.sqrt((fourth - (variance ** 2 * (draws - 3)) / (draws - 1)) / draws) / (steps * r);
}

/** Share of the values that fall on 0, 1 ... most; what lies beyond is counted at the end of it. */
export function shares(values, most) {
  const out = new Float64Array(most + 1);
  for (let i = 0; i < values.length; i++) out[Math.min(most, values[i])] += 1 / values.length;
  return out;
}

/** Mean of distributions of equal length, entry by entry. @param {Float64Array[]} laws */
export function pooled(laws) {
  return laws[0].map((_, k) => laws.reduce((sum, law) => sum + law[k], 0) / laws.length);
}

/** Half the summed difference of two distributions: 0 for equal ones, 1 for ones that never meet. */
export function totalVariation(a, b) {
  return a.reduce((sum, v, k) => sum + Math.abs(v - b[k]), 0) / 2;
}

/**
 * Spikes of all neurons in T steps, under Bernoulli sampling.
 * @param {Float32Array} rates
 * @param {number} steps
 * @returns {{mean: number, deviation: number}} expected number, and its standard deviation
 */
export function bernoulliSum(rates, steps) {
  const total = rates.reduce((a, r) => a + r, 0);
  const variance = rates.reduce((a, r) => a + r * (1 - r), 0);
  return { mean: steps * total, deviation: Math.sqrt(steps * variance) };
}
