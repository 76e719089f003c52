/** The map's geometry: what is under the pointer, what lies between points, what a lasso holds. */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as map from "../../../esvae_core/web/math/map_geometry.js";
import { colourBytes, disc } from "../../../esvae_core/web/math/discs.js";
import { classColour, extent, OWN_COLOURS, rampColour } from "../../../esvae_core/web/math/colour.js";

const all = () => true;
const near = (a, b, tolerance = 1e-5) => assert.ok(Math.abs(a - b) < tolerance, `${a} is not ${b}`);
const SIZE = [400, 300];

test("the whole map is on the screen, upright and in proportion", () => {
  const points = map.unit(Uint16Array.of(0, 0, 65535, 65535, 65535, 0));
  assert.deepEqual([...points], [-1, -1, 1, 1, 1, -1]);
  const { xy, depth } = map.projected(points, 2, map.initialCamera(), ...SIZE);
  assert.equal(depth, null);
  for (let i = 0; i < 3; i++) assert.ok(xy[2 * i] > 0 && xy[2 * i] < 400 && xy[2 * i + 1] > 0 && xy[2 * i + 1] < 300);
  near(xy[2] - xy[0], xy[1] - xy[3], 1e-3); // as wide as high
  assert.ok(xy[3] < xy[1], "up is up");
});

test("a place on the screen and back", () => {
  const camera = { ...map.initialCamera(), x: 0.3, y: -0.2, zoom: 3 };
  const [x, y] = map.placeAt(camera, ...SIZE, 123, 45);
  const { xy } = map.projected(Float32Array.of(x, y), 2, camera, ...SIZE);
  near(xy[0], 123, 1e-3);
  near(xy[1], 45, 1e-3);
});

test("zooming keeps what is under the pointer, within limits", () => {
  let camera = map.initialCamera();
  const before = map.placeAt(camera, ...SIZE, 300, 60);
  camera = map.zoomed(camera, ...SIZE, 4, 300, 60);
  assert.equal(camera.zoom, 4);
  map.placeAt(camera, ...SIZE, 300, 60).forEach((v, i) => near(v, before[i]));
  assert.equal(map.zoomed(camera, ...SIZE, 1e9, 0, 0).zoom, map.MAX_ZOOM);
  assert.equal(map.zoomed(camera, ...SIZE, 1e-9, 0, 0).zoom, map.MIN_ZOOM);
});

test("dragging moves the plane with the hand, and turns space", () => {
  const moved = map.dragged(map.initialCamera(), 2, ...SIZE, 30, -20);
  const place = map.projected(Float32Array.of(0, 0), 2, moved, ...SIZE).xy;
  near(place[0], 230, 1e-3);
  near(place[1], 130, 1e-3);
  const turned = map.dragged(map.initialCamera(), 3, ...SIZE, 100, 0);
  assert.notEqual(turned.yaw, map.initialCamera().yaw);
  assert.equal(turned.x, 0);
});

test("turning keeps the middle in the middle, and what is near is larger", () => {
  const points = Float32Array.of(0, 0, 0, 0.5, 0, -1, 0.5, 0, 1);
  const { xy, depth } = map.projected(points, 3, { ...map.initialCamera(), yaw: 0, pitch: 0 }, ...SIZE);
  assert.deepEqual([xy[0], xy[1]], [200, 150]);
  assert.ok(xy[2] > xy[4] && depth[1] < depth[2]);
});

test("the point under the pointer is the nearest that is shown", () => {
  const xy = Float32Array.of(10, 10, 14, 10, 200, 200);
  assert.equal(map.pointAt(xy, 13, 10, 8, all), 1);
  assert.equal(
    map.pointAt(xy, 13, 10, 8, (i) => i !== 1),
    0,
  );
  assert.equal(map.pointAt(xy, 100, 100, 8, all), -1);
  assert.equal(map.pointAt(xy, 13, 10, 8, all, [0.1, 0.9, 0]), 0); // in space, the one in front
});

test("arrow keys go to the next point that way, and stay where there is none", () => {
  const xy = Float32Array.of(0, 0, 10, 1, 30, 0, 5, 40);
  assert.equal(map.pointTowards(xy, 0, 1, 0, all), 1);
  assert.equal(map.pointTowards(xy, 1, 1, 0, all), 2);
  assert.equal(map.pointTowards(xy, 0, 0, 1, all), 3);
  assert.equal(map.pointTowards(xy, 0, -1, 0, all), 0);
});

test("between points: weights sum to one, and at a point it is that point", () => {
  const points = Float32Array.of(0, 0, 1, 0, 0, 1, 5, 5);
  const middle = map.nearestWeights(points, 0.5, 0, 2);
  assert.deepEqual(middle.rows.slice().sort(), [0, 1]);
  middle.weights.forEach((w) => near(w, 0.5));
  const at = map.nearestWeights(points, 1, 0, 3);
  assert.equal(at.rows[0], 1);
  near(at.weights[0], 1, 1e-6);
  assert.deepEqual(map.nearestWeights(points, 0, 0, 1, (i) => i === 3).rows, [3]);
  const rates = map.blended(Uint8Array.of(0, 8, 4, 0), 8, 2, [0, 1], [0.25, 0.75]);
  assert.deepEqual([...rates], [0.375, 0.25]);
});

test("rates that are on the map lie at their own point, others among their nearest", () => {
  const counts = Uint8Array.of(0, 0, 8, 0, 0, 8, 8, 8);
  const points = Float32Array.of(-1, -1, 1, -1, -1, 1, 1, 1);
  const own = map.placed([1, 0], counts, 8, points, 2, 4);
  assert.equal(own.rows[0], 1);
  own.place.forEach((v, a) => near(v, points[2 + a], 1e-4));
  map.placed([0.5, 0.5], counts, 8, points, 2, 4).place.forEach((v) => near(v, 0, 1e-6));
});

test("a lasso holds what is inside it, dents included", () => {
  const dented = [
    [0, 0],
    [10, 0],
    [10, 10],
    [5, 3],
    [0, 10],
  ];
  assert.ok(map.insidePolygon(dented, 2, 5) && !map.insidePolygon(dented, 5, 8) && !map.insidePolygon(dented, 11, 5));
  const xy = Float32Array.of(2, 5, 5, 8, 8, 5, 50, 50);
  assert.deepEqual(map.enclosed(xy, dented, all), [0, 2]);
  assert.deepEqual(
    map.enclosed(xy, dented, (i) => i !== 0),
    [2],
  );
});

test("what a selection has in common", () => {
  const found = map.summary([0, 2, 3], Uint8Array.of(8, 0, 1, 1, 4, 0, 0, 0), 8, 2, [1, 0, 1, 2]);
  assert.deepEqual(
    [...found.rates].map((r) => r.toFixed(3)),
    ["0.500", "0.000"],
  );
  assert.deepEqual(found.mix, [
    [1, 2],
    [2, 1],
  ]);
});

test("pictures keep apart, also across the cells' borders", () => {
  const xy = Float32Array.of(1, 1, 5, 5, 15, 5, -3, 5, 999, 5);
  assert.deepEqual(map.spread(xy, 20, 20, 10, all).sort(), [1, 2]);
  assert.deepEqual(map.spread(xy, 20, 20, 10, (i) => i !== 1).sort(), [0, 2]);
  const random = Float32Array.from(
    { length: 2000 },
    (_, i) => 300 * Math.abs((Math.sin(12.9898 * (i + 1)) * 43758.5453) % 1),
  );
  const rows = map.spread(random, 300, 300, 30, all);
  assert.ok(rows.length > 30);
  for (const a of rows) {
    for (const b of rows) {
      const apart = Math.max(Math.abs(random[2 * a] - random[2 * b]), Math.abs(random[2 * a + 1] - random[2 * b + 1]));
      assert.ok(a === b || apart >= 30);
    }
  }
});

test("the middle of a class is one of its own", () => {
  const points = Float32Array.of(0, 0, 1, 1, 0.4, 0.4, -1, 0, -1, 0);
  assert.deepEqual(
    [...map.middles(points, 2, [0, 0, 0, 7, 7])],
    [
      [0, 2],
      [7, 3],
    ],
  );
});

test("colours: ten classes differ, the ramp gets lighter, odd points do not stretch it", () => {
  assert.equal(new Set(Array.from({ length: OWN_COLOURS }, (_, i) => classColour(i))).size, 10);
  const light = (share) => {
    const [r, g, b] = rampColour(share)
      .match(/\d+/g)
      .map((v) => (v / 255) ** 2.2);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (let i = 0; i < 20; i++) assert.ok(light((i + 1) / 20) > light(i / 20));
  assert.equal(rampColour(NaN), rampColour(0));
  const values = Float32Array.from({ length: 100 }, (_, i) => (i === 99 ? 1000 : i));
  assert.deepEqual(extent(values), { low: 2, high: 97 });
  assert.deepEqual(extent([3, 3, 3]), { low: 3, high: 3 });
});

test("discs cover as much as they should, lie over each other, and stay inside the picture", () => {
  const [w, h] = [40, 30];
  const data = new Uint8ClampedArray(4 * w * h);
  const at = (x, y) => [...data.subarray(4 * (y * w + x), 4 * (y * w + x) + 4)];
  disc(data, w, h, 20, 15, 5, [200, 100, 0], 1);
  assert.deepEqual(at(20, 15), [200, 100, 0, 255]);
  assert.deepEqual(at(20, 22), [0, 0, 0, 0]);
  let area = 0;
  for (let i = 3; i < data.length; i += 4) area += data[i] / 255;
  near(area, Math.PI * 25, 2);
  disc(data, w, h, 20, 15, 3, [0, 0, 200], 0.5);
  assert.deepEqual(at(20, 15), [100, 50, 100, 255]);
  disc(data, w, h, -1, -1, 4, [9, 9, 9], 1);
  disc(data, w, h, w, h, 4, [9, 9, 9], 1);
  assert.equal(at(0, 0)[0], 9);
  assert.deepEqual(at(w - 1, 0), [0, 0, 0, 0]); // nothing wraps around
  assert.deepEqual(
    [colourBytes("#0a10ff"), colourBytes(rampColour(0))],
    [
      [10, 16, 255],
      [91, 63, 214],
    ],
  );
});

test("labels are moved apart, stay inside, and those that cover none stay", () => {
  const box = (x, y, width = 60) => ({ text: "", x, y, width, height: 18 });
  const crowd = [
    box(200, 150),
    box(205, 152),
    box(190, 149, 80),
    box(210, 155),
    box(10, 5),
    box(390, 299),
    box(60, 250),
  ];
  const placed = map.apartLabels(crowd, ...SIZE);
  placed.forEach((a, i) => {
    assert.ok(a.x - a.width / 2 >= 0 && a.x + a.width / 2 <= 400 && a.y >= 9 && a.y <= 291);
    for (const b of placed.slice(i + 1))
      assert.ok(Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= 18 - 0.02);
  });
  assert.deepEqual(placed[6], crowd[6]);
  assert.deepEqual(map.apartLabels([], ...SIZE), []);
});

test("labels make room for what is fixed, on either side of it", () => {
  const marker = { text: "", x: 200, y: 150, width: 20, height: 20, fixed: true };
  for (const y of [146, 150, 153]) {
    const name = { text: "T-shirt/top", x: 190, y, width: 80, height: 18 };
    const [placed, still] = map.apartLabels([name, marker], ...SIZE);
    assert.deepEqual(still, marker);
    assert.ok(Math.abs(placed.y - 150) >= 19 - 0.02);
    assert.equal(placed.x, 190);
  }
});
