/** The page's other mathematics, on cases that `test_web.py` writes with the library and Pillow. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { dataRange, nearest, ownDistances, rank, usage, within } from "../../../esvae_core/web/math/neighbours.js";
import { extremes, histogram } from "../../../esvae_core/web/math/extremes.js";
import { along, bilinear, blend, drifting, normalShare, PATHS } from "../../../esvae_core/web/math/interpolation.js";
import { readArrays } from "../../../esvae_core/web/formats/array_format.js";
import { likeData, resize, toByte, toGray } from "../../../esvae_core/web/math/image.js";
import { normal } from "../../../esvae_core/web/engine/noise.js";

const cases = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8"));

test("pictures are resized as Pillow does", () => {
  for (const { from, to, channels, before, after } of cases.resize) {
    assert.deepEqual([...resize(before, from, to, channels)], after, `${from} to ${to}`);
  }
});

test("gray is Pillow's luma, on white where transparent", () => {
  assert.deepEqual([...toGray(Uint8ClampedArray.from(cases.gray.rgba))], cases.gray.luma);
});

test("a drawn digit is scaled to 20 pixels and centred by mass", () => {
  const side = 100;
  const sheet = new Uint8Array(side * side);
  for (let y = 60; y < 90; y++) for (let x = 5; x < 15; x++) sheet[y * side + x] = 255; // a bar far from the middle
  const digit = likeData(sheet, side, "mnist", 28);
  let [mass, row, column, top, bottom] = [0, 0, 0, 28, 0];
  digit.forEach((v, i) => {
    mass += v;
    row += v * (Math.floor(i / 28) + 0.5);
    column += v * ((i % 28) + 0.5);
    if (v > 127) [top, bottom] = [Math.min(top, Math.floor(i / 28)), Math.max(bottom, Math.floor(i / 28) + 1)];
  });
  assert.equal(bottom - top, 20);
  assert.ok(Math.abs(row / mass - 14) <= 0.5 && Math.abs(column / mass - 14) <= 0.5);
  assert.ok(likeData(new Uint8Array(side * side), side, "mnist", 32).every((v) => v === 0));
});

test("bytes are those of the library", () => {
  for (const [value, byte] of cases.bytes) assert.equal(toByte(value), byte);
});

test("neighbours by distance, in order, and those that are wanted", () => {
  const { counts, steps, rates, order, distances, range, deviation } = cases.neighbours;
  const flat = Uint8Array.from(counts.flat());
  const found = nearest(rates, flat, steps, 5);
  assert.deepEqual(
    found.map((f) => f.row),
    order.slice(0, 5),
  );
  found.forEach((f, k) => assert.ok(Math.abs(f.distance - distances[k]) < 1e-6));
  assert.deepEqual(
    nearest(rates, flat, steps, 2, (row) => row !== order[0]).map((f) => f.row),
    order.slice(1, 3),
  );
  const { low, high } = dataRange(flat, steps, rates.length);
  assert.deepEqual(
    [[...low], [...high]],
    range.map((line) => [...Float32Array.from(line)]),
  );
  usage(flat, steps, rates.length).forEach((u, j) => assert.ok(Math.abs(u - deviation[j]) < 1e-6));
  const own = ownDistances(flat, steps, rates.length);
  assert.ok(own.length > 10 && own.every((v, i) => v > 0 && (i === 0 || v >= own[i - 1])));
});

test("the rows with most and least, equal ones in their order, and how often which occur", () => {
  const values = [2, -1, 5, 2, -1, 0, 5];
  assert.deepEqual(extremes(values, 2), { highest: [2, 6], lowest: [1, 4] });
  assert.deepEqual(extremes([1, 3, 2], 8), { highest: [1], lowest: [0] }); // no row at both ends
  const sevenths = [2, 1, 0, 2, 0, 0, 2].map((count) => count / 7);
  [...histogram(values, [-1, 5], 7)].forEach((share, k) => assert.ok(Math.abs(share - sevenths[k]) < 1e-12));
  assert.deepEqual([...histogram([3, 3], [3, 3], 3)], [1, 0, 0]);
});

test("the rank of a number is the share below it", () => {
  assert.deepEqual(
    [0, 2, 9].map((x) => rank([1, 2, 3, 4], x)),
    [0, 0.25, 1],
  );
});

test("packs of the server are read, and others refused", () => {
  const raw = Uint8Array.from(Buffer.from(cases.pack, "base64"));
  const { about, arrays } = readArrays(raw.buffer);
  assert.deepEqual(about, { name: "ü", steps: 3 });
  assert.deepEqual([...arrays.a.values], [1, 2, 3]);
  assert.deepEqual(
    [arrays.b.shape, [...arrays.b.values]],
    [
      [2, 2],
      [0.5, -1, 2, 8],
    ],
  );
  for (const size of [0, 7, 16, 40, raw.length - 16]) assert.throws(() => readArrays(raw.slice(0, size).buffer));
  assert.throws(() => readArrays(new Uint8Array(64).buffer), /something else/);
});

test("normal numbers have mean 0 and deviation 1, and a seed means the same again", () => {
  const drawn = normal(5, 20000);
  const mean = drawn.reduce((a, b) => a + b) / drawn.length;
  const variance = drawn.reduce((a, b) => a + (b - mean) ** 2, 0) / drawn.length;
  assert.ok(Math.abs(mean) < 0.03 && Math.abs(variance - 1) < 0.05);
  assert.deepEqual(normal(5, 10), normal(5, 20).slice(0, 10) && normal(5, 10));
});

test("paths are those of the library", () => {
  for (const { path, start, end, frames } of cases.paths) {
    frames.forEach((expected, k) => {
      const found = along([start, end], k / (frames.length - 1), path);
      expected.forEach((rate, j) => assert.ok(Math.abs(rate - found[j]) < 1e-6, `${path}, frame ${k}, dimension ${j}`));
    });
  }
});

test("a path goes through its anchors, a square through its corners", () => {
  const points = [
    [0, 0.2, 1],
    [1, 0.4, 0],
    [0.5, 0.5, 0.5],
    [0.1, 0.9, 0.3],
  ];
  for (const path of PATHS) {
    points.forEach((point, k) => assert.deepEqual([...along(points, k, path)], point));
    [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ].forEach(([x, y], k) => assert.deepEqual([...bilinear(points, x, y, path)], points[k]));
    assert.ok(blend(points, [0.25, 0.25, 0.25, 0.25], path).every((r) => r > 0 && r < 1));
  }
});

test("the normal distribution's share, and noise that drifts stays uniform", () => {
  for (const [x, share] of cases.normal) assert.ok(Math.abs(normalShare(x) - share) < 2e-7);
  const [a, b] = [normal(1, 20000), normal(2, 20000)];
  for (const angle of [0, 0.7, Math.PI / 2]) {
    const sorted = drifting(a, b, angle).sort();
    const apart = sorted.reduce((most, u, i) => Math.max(most, Math.abs(u - (i + 0.5) / sorted.length)), 0);
    assert.ok(apart < 1.63 / Math.sqrt(sorted.length), `Kolmogorov-Smirnov distance ${apart} at ${angle}`);
  }
});

test("how many neighbours are within a distance", () => {
  const { counts, steps, rates, distances } = cases.neighbours;
  const flat = Uint8Array.from(counts.flat());
  for (const k of [0, 3, 50]) assert.equal(within(rates, flat, steps, distances[k] + 1e-9), k + 1);
});
