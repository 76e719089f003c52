/** Gestures on the map without a page: what pointers and keys ask for, and where the camera goes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { initialCamera, placeAt, shiftInto } from "../../../esvae_core/web/math/map_geometry.js";
import {
  cameraAfter,
  MapGesture,
  mapKey,
  rowByKey,
  wheelZoom,
} from "../../../esvae_core/web/parts/map/map_gestures.js";
import { trailTo } from "../../../esvae_core/web/parts/map/current_position.js";

const SIZE = [400, 300];
const all = () => true;
const near = (a, b, by = 1e-6) => assert.ok(Math.abs(a - b) < by, `${a} is not ${b}`);

test("a press that stays where it is takes what is there, one that moves drags the map", () => {
  const gesture = new MapGesture();
  assert.deepEqual([gesture.pressed, gesture.active], [false, false]);
  gesture.press(1, [100, 100]);
  assert.equal(gesture.move(1, [103, 101]), null);
  assert.deepEqual(gesture.release(1, [103, 101]), { kind: "take", at: [103, 101] });
  gesture.press(1, [100, 100]);
  gesture.move(1, [103, 100]);
  assert.deepEqual(gesture.move(1, [106, 98]), { kind: "drag", dx: 3, dy: -2 });
  assert.deepEqual(gesture.move(1, [101, 98]), { kind: "drag", dx: -5, dy: 0 }); // also back to where it was
  assert.equal(gesture.release(1, [101, 98]), null);
  assert.equal(gesture.move(1, [0, 0]), null);
});

test("with Shift the map is shifted, also in space", () => {
  const gesture = new MapGesture();
  gesture.press(1, [0, 0], { shift: true });
  const move = gesture.move(1, [30, 0]);
  assert.deepEqual(move, { kind: "shift", dx: 30, dy: 0 });
  const [shifted, turned] = [move, { ...move, kind: "drag" }].map((m) => cameraAfter(initialCamera(), m, 3, ...SIZE));
  assert.ok(shifted.x < 0 && shifted.yaw === initialCamera().yaw);
  assert.ok(turned.x === 0 && turned.yaw < initialCamera().yaw);
});

test("a lasso is all places of the pointer; Escape and a cancelled pointer drop it", () => {
  const gesture = new MapGesture();
  assert.equal(gesture.press(1, [0, 0], { lassoing: true }), null);
  gesture.move(1, [9, 0]);
  assert.equal(gesture.move(2, [5, 5]), null); // another pointer, which is not pressed
  assert.deepEqual(gesture.move(1, [9, 9]).polygon.length, 3);
  assert.deepEqual(gesture.release(1, [9, 9]), {
    kind: "enclose",
    polygon: [
      [0, 0],
      [9, 0],
      [9, 9],
    ],
  });
  gesture.press(1, [0, 0], { lassoing: true });
  gesture.dropLasso();
  assert.equal(gesture.release(1, [0, 0]), null);
  gesture.press(1, [0, 0], { lassoing: true });
  gesture.cancel(1);
  assert.deepEqual([gesture.pressed, gesture.active], [false, false]);
});

test("two fingers zoom around their middle and take the map along", () => {
  const gesture = new MapGesture();
  gesture.press(1, [100, 100]);
  gesture.press(2, [200, 100]);
  const action = gesture.move(2, [300, 100]);
  assert.deepEqual(action, { kind: "shift", dx: 50, dy: 0, zoom: { factor: 2, at: [200, 100] } });
  const before = placeAt(initialCamera(), ...SIZE, 150, 100); // below the middle of the fingers
  const camera = cameraAfter(initialCamera(), action, 2, ...SIZE);
  assert.equal(camera.zoom, 2);
  placeAt(camera, ...SIZE, 200, 100).forEach((v, i) => near(v, before[i]));
  assert.equal(gesture.release(1, [100, 100]), null);
  assert.deepEqual([gesture.pressed, gesture.active], [true, false]); // the other finger does nothing more
  assert.equal(gesture.release(2, [300, 100]), null);
});

test("a finger that rests looks around and takes nothing", () => {
  const gesture = new MapGesture();
  const look = gesture.press(1, [50, 50]);
  assert.deepEqual(look(), { kind: "hover", at: [50, 50] });
  assert.deepEqual(gesture.move(1, [90, 50]), { kind: "hover", at: [90, 50] });
  assert.equal(gesture.release(1, [90, 50]), null);
  const moving = gesture.press(1, [50, 50]);
  gesture.move(1, [60, 50]);
  assert.equal(moving(), null);
  gesture.release(1, [60, 50]);
  const late = gesture.press(1, [50, 50]);
  gesture.release(1, [50, 50]);
  gesture.press(1, [50, 50]);
  assert.equal(late(), null); // of the press before
});

test("keys and the wheel", () => {
  const key = (name, held = {}) => mapKey({ key: name, ...held });
  assert.deepEqual(key("ArrowUp"), { kind: "step", dx: 0, dy: -1 });
  assert.deepEqual(key("ArrowLeft", { shiftKey: true }).move.dx, 40); // the view goes left, the points right
  assert.equal(key("=").factor * key("-").factor, 1);
  assert.deepEqual(
    ["Enter", "0", "L", "l", "Escape"].map((name) => key(name).kind),
    ["take", "all", "lasso", "lasso", "escape"],
  );
  assert.deepEqual([key("x"), key("0", { ctrlKey: true }), key("l", { metaKey: true })], [null, null, null]);
  near(wheelZoom({ deltaY: -100, deltaMode: 0 }), Math.exp(0.16));
  near(wheelZoom({ deltaY: 3, deltaMode: 1 }), Math.exp(-0.15)); // lines
});

test("arrow keys begin at the source, else in the middle, and go from row to row", () => {
  const seen = { xy: Float32Array.of(10, 10, 190, 160, 390, 150), width: 400, height: 300 };
  const right = { dx: 1, dy: 0 };
  assert.equal(rowByKey({ key: -1, source: 0 }, seen, right, all), 0);
  assert.equal(rowByKey({ key: -1, source: -1 }, seen, right, all), 1);
  assert.equal(rowByKey({ key: 1, source: 0 }, seen, right, all), 2);
  assert.equal(
    rowByKey({ key: 0, source: 0 }, seen, right, (row) => row === 2),
    2,
  ); // both are hidden
  assert.equal(
    rowByKey({ key: -1, source: -1 }, seen, right, () => false),
    -1,
  );
});

test("a row that the keys reach is brought into sight", () => {
  assert.deepEqual(shiftInto(200, 150, ...SIZE, 20), [0, 0]);
  assert.deepEqual(shiftInto(-5, 295, ...SIZE, 20), [25, -15]);
});

test("the trail grows by what moves, up to a length", () => {
  const first = trailTo([], [0, 0], 2);
  assert.equal(trailTo(first, [0.0005, 0], 2), first);
  assert.equal(trailTo(first, [0, 0, 0], 3).length, 2);
  let long = first;
  for (let i = 1; i < 200; i++) long = trailTo(long, [i, 0], 2);
  assert.deepEqual([long.length, long.at(-1).place[0], long[0].place[0]], [80, 199, 120]);
});
