/** Where points of a map lie on the screen, which are near, and what lies between them. Does not touch the DOM. */

import { nearest } from "./neighbours.js";

/**
 * Where one looks from. In the plane: the middle of the screen in map units, and the zoom. In space: the turn, too.
 * @typedef {{x: number, y: number, zoom: number, yaw: number, pitch: number}} Camera
 */

export const MIN_ZOOM = 0.5;
export const MAX_ZOOM = 60;
const DISTANCE = 4; // of the eye from the middle of the cube [-1, 1]^3

/** @returns {Camera} that shows all */
export const initialCamera = () => ({ x: 0, y: 0, zoom: 1, yaw: 0.6, pitch: 0.35 });

/** (N, D) whole numbers from 0 to 65535 -> [-1, 1]. @returns {Float32Array} */
export function unit(positions) {
  return Float32Array.from(positions, (v) => v / 32767.5 - 1);
}

/** Pixels per map unit when all is shown. */
export const scaleOf = (camera, width, height) => (camera.zoom * Math.min(width, height)) / 2.15;

/**
 * Points on the screen; y points down there, and up on the map.
 * @param {Float32Array} points (N, axes) in [-1, 1]
 * @param {2|3} axes
 * @param {Camera} camera
 * @returns {{xy: Float32Array, depth: Float32Array|null}} (N, 2) pixels; depth from 0 (near) to 1 (far), in space only
 */
export function projected(points, axes, camera, width, height) {
  const count = points.length / axes;
  const xy = new Float32Array(2 * count);
  const scale = scaleOf(camera, width, height);
  const [midX, midY] = [width / 2, height / 2];
  if (axes === 2) {
    for (let i = 0; i < count; i++) {
      xy[2 * i] = midX + (points[2 * i] - camera.x) * scale;
      xy[2 * i + 1] = midY - (points[2 * i + 1] - camera.y) * scale;
    }
    return { xy, depth: null };
  }
  const depth = new Float32Array(count);
  const [cy, sy, cp, sp] = [Math.cos(camera.yaw), Math.sin(camera.yaw), Math.cos(camera.pitch), Math.sin(camera.pitch)];
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [points[3 * i], points[3 * i + 1], points[3 * i + 2]];
    const across = cy * x + sy * z;
    const away = cy * z - sy * x;
    const up = cp * y - sp * away;
    const far = cp * away + sp * y;
    const near = DISTANCE / (DISTANCE + far); // perspective
    xy[2 * i] = midX + (across * near - camera.x) * scale;
    xy[2 * i + 1] = midY - (up * near - camera.y) * scale;
    depth[i] = Math.min(1, Math.max(0, (far / 1.75 + 1) / 2));
  }
  return { xy, depth };
}

/** A place on the screen -> map units of the plane. @returns {[number, number]} */
export function placeAt(camera, width, height, px, py) {
  const scale = scaleOf(camera, width, height);
  return [camera.x + (px - width / 2) / scale, camera.y - (py - height / 2) / scale];
}

/** Zoom by a factor so that what is under (px, py) stays there. @returns {Camera} */
export function zoomed(camera, width, height, factor, px, py) {
  const zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, camera.zoom * factor));
  const before = placeAt(camera, width, height, px, py);
  const after = placeAt({ ...camera, zoom }, width, height, px, py);
  return { ...camera, zoom, x: camera.x + before[0] - after[0], y: camera.y + before[1] - after[1] };
}

/** Moved by pixels: shifted in the plane, turned in space. @returns {Camera} */
export function dragged(camera, axes, width, height, dx, dy) {
  if (axes === 3) {
    const pitch = Math.min(1.5, Math.max(-1.5, camera.pitch + dy / 200));
    return { ...camera, yaw: camera.yaw - dx / 200, pitch };
  }
  return shifted(camera, width, height, dx, dy);
}

/** Shifted by pixels. @returns {Camera} */
export function shifted(camera, width, height, dx, dy) {
  const scale = scaleOf(camera, width, height);
  const clamped = (v) => Math.min(1.5, Math.max(-1.5, v));
  return { ...camera, x: clamped(camera.x - dx / scale), y: clamped(camera.y + dy / scale) };
}

/**
 * By how much the view must be shifted so that a place keeps a margin from the edges; 0 where it does.
 * @returns {[dx: number, dy: number]} pixels
 */
export function shiftInto(x, y, width, height, margin) {
  const within = (at, end) => (at < margin ? margin - at : at > end - margin ? end - margin - at : 0);
  return [within(x, width), within(y, height)];
}

/**
 * The point under the pointer: the nearest within `reach` pixels; in space, the nearest to the eye among the close
 * ones.
 * @param {Float32Array} xy (N, 2)
 * @param {(row: number) => boolean} shown
 * @param {Float32Array|null} [depth] (N)
 * @returns {number} row, -1 if there is none
 */
export function pointAt(xy, px, py, reach, shown, depth = null) {
  let [best, least] = [-1, Infinity];
  for (let i = 0; i < xy.length / 2; i++) {
    const [dx, dy] = [xy[2 * i] - px, xy[2 * i + 1] - py];
    const apart = dx * dx + dy * dy;
    if (apart > reach * reach || !shown(i)) continue;
    const cost = depth ? depth[i] + apart / (16 * reach * reach) : apart;
    if (cost < least) [best, least] = [i, cost];
  }
  return best;
}

/** The next point from one in a direction on the screen, for arrow keys; the same row if there is none. */
export function pointTowards(xy, from, dx, dy, shown) {
  let [best, least] = [from, Infinity];
  for (let i = 0; i < xy.length / 2; i++) {
    if (i === from || !shown(i)) continue;
    const [x, y] = [xy[2 * i] - xy[2 * from], xy[2 * i + 1] - xy[2 * from + 1]];
    const along = x * dx + y * dy;
    const aside = Math.abs(x * dy - y * dx);
    if (along <= 0.5 || aside > along) continue; // within 45 degrees
    const cost = along + 2 * aside;
    if (cost < least) [best, least] = [i, cost];
  }
  return best;
}

/**
 * What lies between points of the plane: the k nearest, weighted by the inverse square of their distance.
 * @param {ArrayLike<number>} points (N, 2)
 * @param {number} x
 * @param {number} y
 * @param {number} k
 * @param {(row: number) => boolean} [shown]
 * @returns {{rows: number[], weights: number[], apart: number}} weights sum to 1; `apart` is the nearest's distance
 */
export function nearestWeights(points, x, y, k, shown = () => true) {
  const best = [];
  for (let i = 0; i < points.length / 2; i++) {
    const [dx, dy] = [points[2 * i] - x, points[2 * i + 1] - y];
    const apart = dx * dx + dy * dy;
    if (best.length === k && apart >= best[k - 1].apart) continue;
    if (!shown(i)) continue;
    let place = best.length;
    while (place > 0 && best[place - 1].apart > apart) place--;
    best.splice(place, 0, { row: i, apart });
    if (best.length > k) best.pop();
  }
  const raw = best.map(({ apart }) => 1 / (apart + 1e-9));
  const sum = raw.reduce((a, b) => a + b, 0);
  return { rows: best.map(({ row }) => row), weights: raw.map((w) => w / sum), apart: Math.sqrt(best[0]?.apart ?? 0) };
}

/** Weighted mean of some rows' rates. @returns {Float32Array} (d) in [0, 1] */
export function blended(counts, steps, dims, rows, weights) {
  const out = new Float32Array(dims);
  rows.forEach((row, k) => {
    for (let j = 0; j < dims; j++) out[j] += (weights[k] * counts[row * dims + j]) / steps;
  });
  return out.map((r) => Math.min(1, r));
}

/**
 * Where rates that are not on the map would lie: among their k nearest in rate space, weighted by the inverse square of
 * the distance there. At a point of the map's own, that point.
 * @param {ArrayLike<number>} rates (d) in [0, 1]
 * @returns {{place: number[], rows: number[]}} (axes) in map units; the k nearest, nearest first
 */
export function placed(rates, counts, steps, points, axes, k = 8) {
  const found = nearest(rates, counts, steps, k);
  const raw = found.map(({ distance }) => 1 / (distance * distance + 1e-12));
  const sum = raw.reduce((a, b) => a + b, 0);
  const place = Array.from({ length: axes }, (_, a) =>
    found.reduce((total, { row }, i) => total + (raw[i] / sum) * points[row * axes + a], 0),
  );
  return { place, rows: found.map(({ row }) => row) };
}

/** Whether (x, y) is inside a polygon [[x, y], ...], by the even-odd rule. */
export function insidePolygon(polygon, x, y) {
  let is = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [polygon[i], polygon[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) is = !is;
  }
  return is;
}

/** Rows whose points on the screen are inside a polygon. @returns {number[]} */
export function enclosed(xy, polygon, shown) {
  const rows = [];
  for (let i = 0; i < xy.length / 2; i++)
    if (shown(i) && insidePolygon(polygon, xy[2 * i], xy[2 * i + 1])) rows.push(i);
  return rows;
}

/**
 * What a selection has in common.
 * @returns {{rates: Float32Array, mix: [label: number, count: number][]}} mean rates (d), classes by falling count
 */
export function summary(rows, counts, steps, dims, labels) {
  const rates = blended(
    counts,
    steps,
    dims,
    rows,
    rows.map(() => 1 / rows.length),
  );
  const tally = new Map();
  for (const row of rows) tally.set(labels[row], (tally.get(labels[row]) ?? 0) + 1);
  return { rates, mix: [...tally].sort((a, b) => b[1] - a[1] || a[0] - b[0]) };
}

/**
 * For pictures instead of points: rows that keep apart, those nearest the middles of a grid's cells first.
 * @param {number} cell side of a picture with its margin, in pixels
 * @returns {number[]} rows, no two of which overlap
 */
export function spread(xy, width, height, cell, shown) {
  const wanted = [];
  for (let i = 0; i < xy.length / 2; i++) {
    const [x, y] = [xy[2 * i], xy[2 * i + 1]];
    if (x < 0 || y < 0 || x >= width || y >= height || !shown(i)) continue;
    const [cx, cy] = [Math.floor(x / cell), Math.floor(y / cell)];
    wanted.push({ row: i, cx, cy, apart: (x - (cx + 0.5) * cell) ** 2 + (y - (cy + 0.5) * cell) ** 2 });
  }
  wanted.sort((a, b) => a.apart - b.apart);
  const taken = new Map(); // a cell's pictures; all that could overlap are in it and those around it
  const free = ({ row, cx, cy }) => {
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const other of taken.get(`${cx + dx} ${cy + dy}`) ?? []) {
          const apart = Math.max(Math.abs(xy[2 * row] - xy[2 * other]), Math.abs(xy[2 * row + 1] - xy[2 * other + 1]));
          if (apart < cell) return false;
        }
      }
    }
    return true;
  };
  const rows = [];
  for (const one of wanted) {
    if (!free(one)) continue;
    rows.push(one.row);
    const key = `${one.cx} ${one.cy}`;
    taken.set(key, [...(taken.get(key) ?? []), one.row]);
  }
  return rows;
}

/**
 * Labels moved up or down until none covers another, and all are inside.
 * @param {{text: string, x: number, y: number, width: number, height: number, fixed?: boolean}[]} labels their middles, and
 *   their sizes; what is fixed stays where it is, and the others make room for it
 * @param {number} width of what they are in
 * @param {number} height
 * @returns copies, in the same order
 */
export function apartLabels(labels, width, height) {
  const within = (at, size, end) => Math.max(size / 2, Math.min(end - size / 2, at));
  const placed = labels.map((each) => (each.fixed ? { ...each } : { ...each, x: within(each.x, each.width, width) }));
  const order = [...placed].sort((a, b) => a.y - b.y);
  let moved = true;
  for (let turn = 0; moved && turn < 100; turn++) {
    moved = false;
    order.forEach((upper, i) => {
      for (const lower of order.slice(i + 1)) {
        const over = (upper.height + lower.height) / 2 - (lower.y - upper.y);
        if (over <= 0.01 || Math.abs(upper.x - lower.x) >= (upper.width + lower.width) / 2) continue;
        if (upper.fixed && lower.fixed) continue;
        upper.y -= upper.fixed ? 0 : lower.fixed ? over : over / 2;
        lower.y += lower.fixed ? 0 : upper.fixed ? over : over / 2;
        moved = true;
      }
    });
    for (const each of order) if (!each.fixed) each.y = within(each.y, each.height, height);
  }
  return placed;
}

/** A point of each class, in the middle of it: the member nearest the medians of its coordinates. @returns {Map} */
export function middles(points, axes, labels) {
  const members = new Map();
  labels.forEach((label, row) => members.get(label)?.push(row) ?? members.set(label, [row]));
  const out = new Map();
  for (const [label, rows] of members) {
    const median = Array.from({ length: axes }, (_, a) => {
      const sorted = rows.map((row) => points[row * axes + a]).sort((p, q) => p - q);
      return sorted[sorted.length >> 1];
    });
    let [best, least] = [rows[0], Infinity];
    for (const row of rows) {
      let apart = 0;
      for (let a = 0; a < axes; a++) apart += (points[row * axes + a] - median[a]) ** 2;
      if (apart < least) [best, least] = [row, apart];
    }
    out.set(label, best);
  }
  return out;
}
