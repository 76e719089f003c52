/** What Explore does without a screen: amounts of controls, the drawing that is encoded, keys of the presentation. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  alongControl,
  askedAmount,
  moveControl,
  movedOf,
  sliderEnds,
  sliderPercent,
} from "../../../esvae_core/web/state/control_amounts.js";
import { drawnBytes } from "../../../esvae_core/web/parts/explore/drawing_pad.js";
import { ofClass, pageOf, storedFirst } from "../../../esvae_core/web/parts/explore/image_pages.js";
import { LruCache } from "../../../esvae_core/web/parts/explore/lru_cache.js";
import { changeOf, labelOf } from "../../../esvae_core/web/parts/explore/controls.js";
import { wantedByKey } from "../../../esvae_core/web/parts/explore/presentation.js";

/** Adds to one rate. */
const adds = (name, i, by) => ({
  name,
  reach: [-1, 3],
  apply: (rates, amount) => rates.with(i, rates[i] + by * amount),
});
const CONTROLS = [adds("slant", 0, 100), adds("width", 1, 10)];
const START = Uint16Array.of(1000, 1000, 1000);
const all = () => true;

test("amounts count from the rates without controls, and add up over controls", () => {
  const one = moveControl(START, CONTROLS, "slant", 2, all);
  assert.deepEqual([...one], [1200, 1000, 1000]);
  const both = moveControl(one, CONTROLS, "width", 1, all);
  assert.deepEqual([...both], [1200, 1010, 1000]);
  const back = moveControl(both, CONTROLS, "slant", 0, all);
  assert.deepEqual([...back], [1000, 1010, 1000]);
  assert.deepEqual(
    [...movedOf(back).amounts],
    [
      ["slant", 0],
      ["width", 1],
    ],
  );
  assert.equal(movedOf(back).base, START);
});

test("rates from elsewhere have no amounts, and those of an earlier step have theirs again", () => {
  const moved = moveControl(START, CONTROLS, "slant", 2, all);
  assert.equal(movedOf(moved.slice()).amounts.size, 0);
  assert.equal(movedOf(moved).amounts.get("slant"), 2);
});

test("a locked bar stays where it is", () => {
  const moved = moveControl(START, CONTROLS, "slant", 1, all);
  const locked = moveControl(moved, CONTROLS, "slant", 3, (i) => i !== 0);
  assert.deepEqual([...locked], [1100, 1000, 1000]);
});

test("places along a control keep what the others have done", () => {
  const moved = moveControl(moveControl(START, CONTROLS, "width", 2, all), CONTROLS, "slant", 3, all);
  const places = alongControl(moved, CONTROLS, CONTROLS[0], 5, all);
  assert.deepEqual(
    places.map(({ amount, rates }) => [amount, ...rates]),
    [
      [-1, 900, 1020, 1000],
      [0, 1000, 1020, 1000],
      [1, 1100, 1020, 1000],
      [2, 1200, 1020, 1000],
      [3, 1300, 1020, 1000],
    ],
  );
});

test("a slider has 0 in the middle, and asks for nothing beyond the reach", () => {
  assert.deepEqual(sliderEnds([-1, 3]), { min: -3, max: 3 });
  assert.deepEqual(sliderEnds([0, 2]), { min: 0, max: 2 });
  assert.deepEqual(
    [-1, 0, 3].map((amount) => sliderPercent(amount, [-1, 3])),
    [200 / 6, 50, 100],
  );
  assert.deepEqual(
    [-3, 0.04, 0.5, 9].map((value) => askedAmount(value, [-1, 3], 0.05)),
    [-1, 0, 0.5, 3],
  );
});

test("controls and amounts in words", () => {
  assert.equal(labelOf({ source: "attribute", name: "slant", attribute: "slant" }), "slant");
  assert.equal(labelOf({ source: "category", name: "class:3", attribute: "class" }), "more like class 3");
  assert.equal(labelOf({ source: "component", name: "pc 1", attribute: "slant" }), "pc 1 (like slant)");
  assert.equal(changeOf({ source: "attribute", size: 4, unit: "deg" }, -2), "−8°");
  assert.equal(changeOf({ source: "attribute", size: 4, unit: "px" }, 0.5), "+2 px");
  assert.equal(changeOf({ source: "component", size: 1, unit: "" }, 1), "+1 sd");
  assert.equal(changeOf({ source: "hand", size: 1, unit: "" }, 0.25), "25 %");
});

test("what was used last is kept", () => {
  const kept = new LruCache(2);
  kept.keep("a", 1);
  kept.keep("b", 2);
  assert.equal(kept.get("a"), 1);
  kept.keep("c", 3);
  assert.deepEqual(
    ["a", "b", "c"].map((key) => kept.get(key)),
    [1, undefined, 3],
  );
});

/** A pad of 8 x 8: black, its right half in a colour. */
const pad = (r, g, b) =>
  Uint8ClampedArray.from({ length: 8 * 8 * 4 }, (_, i) => {
    if (i % 4 === 3) return 255;
    return (i >> 2) % 8 < 4 ? 0 : [r, g, b][i % 4];
  });

test("a drawing in colour keeps its colours at the model's size", () => {
  const bytes = drawnBytes(pad(10, 200, 30), { size: 4, channels: 3, dataset: "sprites" });
  assert.equal(bytes.length, 4 * 4 * 3);
  assert.deepEqual([...bytes.slice(0, 3)], [0, 0, 0]);
  assert.deepEqual([...bytes.slice(9, 12)], [10, 200, 30]);
});

test("a gray drawing has one number a pixel", () => {
  const bytes = drawnBytes(pad(255, 255, 255), { size: 4, channels: 1, dataset: "shapes" });
  assert.equal(bytes.length, 16);
  assert.deepEqual([bytes[0], bytes[3]], [0, 255]);
});

test("P starts and ends the presentation, Escape ends it, and shortcuts of the browser do neither", () => {
  const after = (key, on, held = {}) =>
    wantedByKey({ key, ctrlKey: false, metaKey: false, altKey: false, ...held }, on);
  assert.deepEqual(
    [after("p", false), after("P", true), after("Escape", true), after("Escape", false)],
    [true, false, false, false],
  );
  assert.deepEqual(
    [after("x", true), after("p", false, { ctrlKey: true }), after("Escape", true, { altKey: true })],
    [true, false, true],
  );
});

test("test images come a page at a time, those with a picture first, and after the last page the first", () => {
  const atlas = { count: 30, labels: Uint16Array.from({ length: 30 }, (_, row) => row % 2) };
  const rows = storedFirst(
    atlas,
    new Map([
      [7, 0],
      [3, 1],
    ]),
  );
  assert.deepEqual([rows.length, ...rows.slice(0, 4)], [30, 7, 3, 0, 1]);
  assert.deepEqual(ofClass(rows, atlas, ""), rows);
  assert.deepEqual(ofClass(rows, atlas, "1").slice(0, 3), [7, 3, 1]);
  const last = pageOf(rows, 1);
  assert.deepEqual([last.page, last.pages, last.rows.length], [1, 2, 6]);
  assert.deepEqual(pageOf(rows, 2).rows, rows.slice(0, 24));
  assert.deepEqual(pageOf([], 3), { page: 0, pages: 1, rows: [] });
});
