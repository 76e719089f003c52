/** What a chart says where the pointer is. */

import { formatNumber } from "./axis.js";

const NEAR = 16; // pixels to a dot that has words of its own

/**
 * @param {Pick<DrawnChart, "x"|"marks">} chart
 * @param {{x: number, y: number}|null} at in pixels
 * @param {(v: number) => number} toX pixels of a value @param {(v: number) => number} toY
 * @returns {{x: number, points: [number, number][], words: string}|null} null where there is nothing to read
 */
export function readingAt({ x, marks }, at, toX, toY) {
  if (!at) return null;
  const dots = marks.flatMap(({ kind, titles, values }) =>
    kind === "dots" && titles ? values.map((point, i) => ({ point, words: titles[i] })) : [],
  );
  const far = ({ point }) => Math.hypot(toX(point[0]) - at.x, toY(point[1]) - at.y);
  const dot = least(dots, far);
  if (dot && far(dot) <= NEAR) return { x: dot.point[0], points: [dot.point], words: dot.words };

  const lines = marks.filter(isLine);
  const place = least(placesOf({ marks }), (each) => Math.abs(toX(each) - at.x));
  if (place === undefined) return null;
  const found = lines
    .map((mark) => ({ name: mark.name, value: valueAt(mark, place) }))
    .filter(({ value }) => value !== null);
  return {
    x: place,
    points: found.map(({ value }) => [place, value]),
    words: `${x.label} ${x.name?.(place) ?? formatNumber(place)}: ${found.map(({ name, value }) => [name, formatNumber(value)].filter(Boolean).join(" = ")).join("; ")}`,
  };
}

/** @param {ChartMark} mark */
const isLine = ({ kind }) => kind === "line" || kind === "bars";

/**
 * The places along x that can be read, in ascending order: those of the bars, or else of the lines.
 * @param {Pick<DrawnChart, "marks">} chart
 * @returns {number[]}
 */
export function placesOf({ marks }) {
  const lines = marks.filter(isLine);
  const bars = lines.filter(({ kind }) => kind === "bars");
  const places = (bars.length ? bars : lines).flatMap(({ values }) => values.map(([place]) => place));
  return [...new Set(places)].sort((a, b) => a - b);
}

/**
 * The first of those for which `size` is least.
 * @template T
 * @param {T[]} all
 * @param {(each: T) => number} size
 * @returns {T|undefined}
 */
function least(all, size) {
  const none = /** @type {T|undefined} */ (undefined);
  return all.reduce((best, each) => (best === undefined || size(each) < size(best) ? each : best), none);
}

/** A mark's value at a place: a bar's own, a line's own or straight between its neighbours; null beyond them. */
function valueAt({ kind, values }, place) {
  const after = values.findIndex(([x]) => x >= place);
  if (after < 0) return null;
  const [x, y] = values[after];
  if (x === place) return y;
  if (kind === "bars" || after === 0) return null;
  const [x0, y0] = values[after - 1];
  return y0 + ((place - x0) / (x - x0)) * (y - y0);
}
