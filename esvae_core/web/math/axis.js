/** Axes of charts: where to put ticks; and numbers as people write them. */

/** Round numbers in [from, to], about `count` of them; whole ones if asked. @returns {number[]} */
export function ticks(from, to, count = 5, whole = false) {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5].map((k) => k * power).find((s) => s >= rough * 0.999) ?? 10 * power;
  if (whole) step = Math.max(1, Math.round(step));
  const out = [];
  for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++)
    out.push(Number((k * step).toPrecision(10)));
  return out;
}

/**
 * Where a chart's values are in its picture.
 * @param {{from: number, to: number}} x
 * @param {{from: number, to: number}} y which grows upwards
 * @param {{width: number, height: number}} size
 * @param {{left: number, right: number, top: number, bottom: number}} margin
 */
export function plotArea(x, y, { width, height }, margin) {
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  const share = (v, { from, to }) => (v - from) / (to - from || 1);
  return {
    ...{ left, right, top, bottom },
    /** @param {number} v */
    toX: (v) => left + share(v, x) * (right - left),
    /** @param {number} v */
    toY: (v) => bottom - share(v, y) * (bottom - top),
  };
}

/** Three digits that matter, no zeros at the end. */
export function formatNumber(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "–";
}

/** "1 spike", "2 spikes". @param {number} count @param {string} one @param {string} many */
export const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

/** "Mean rate" of "mean rate". @param {string} words */
export const capitalized = (words) => words.charAt(0).toUpperCase() + words.slice(1);
