/** Ways between rate vectors; the twin of `esvae_core/explore/interpolate.py`, which tells what each is good for. */

const EDGE = 1e-3; // the logit of 0 and 1 is infinite; rates are taken this far inside

const inside = (r) => Math.min(1 - EDGE, Math.max(EDGE, r));
const WAYS = {
  linear: [(r) => r, (x) => x],
  logit: [(r) => Math.log(inside(r) / (1 - inside(r))), (x) => 1 / (1 + Math.exp(-x))],
  arcsine: [(r) => Math.asin(Math.sqrt(r)), (x) => Math.sin(x) ** 2],
};
export const PATHS = Object.keys(WAYS);

/**
 * A weighted mean of rate vectors along a way; with one weight of 1 it is that vector itself.
 * @returns {Float64Array}
 */
export function blend(vectors, weights, path) {
  const only = weights.indexOf(1);
  if (only >= 0) return Float64Array.from(vectors[only]);
  const [there, back] = WAYS[path];
  return Float64Array.from(vectors[0], (_, j) =>
    Math.min(1, Math.max(0, back(vectors.reduce((sum, v, i) => sum + weights[i] * there(v[j]), 0)))),
  );
}

/** The rates at `place` (0 to n - 1) on the way through n anchors. @returns {Float64Array} */
export function along(anchors, place, path) {
  const first = Math.min(anchors.length - 2, Math.max(0, Math.floor(place)));
  const share = place - first;
  return blend([anchors[first], anchors[first + 1]], [1 - share, share], path);
}

/** The rates at (x, y) in [0, 1] between four corners: top left, top right, bottom left, bottom right. */
export function bilinear(corners, x, y, path) {
  return blend(corners, [(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], path);
}

/** Share of the standard normal distribution below x (Abramowitz and Stegun, 7.1.26: error below 1.5e-7). */
export function normalShare(x) {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const half = 0.5 * tail * Math.exp(-z * z);
  return x > 0 ? 1 - half : half;
}

/**
 * Uniform noise that drifts: at angle 0 it follows `a`, at a quarter turn `b`, and it is uniform in between, so that
 * neighbouring frames share most of their random numbers.
 * @param {ArrayLike<number>} a, b standard normal numbers
 * @param {number} angle in radians
 * @returns {Float32Array} in [0, 1)
 */
export function drifting(a, b, angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return Float32Array.from(a, (n, i) => Math.min(1 - 2 ** -24, normalShare(c * n + s * b[i])));
}

/** Root mean square difference of two images. */
export function change(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / a.length);
}
