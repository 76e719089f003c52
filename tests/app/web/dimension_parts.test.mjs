/** Parts of the view Dimensions without a page: layout, words and files. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { rampColour } from "../../../esvae_core/web/math/colour.js";
import { equalValues } from "../../../esvae_core/web/math/dimensions.js";
import { GRID, withRate } from "../../../esvae_core/web/math/rates.js";
import { chosenOf } from "../../../esvae_core/web/parts/dimensions/chosen_dimension.js";
import { used } from "../../../esvae_core/web/parts/dimensions/detail.js";
import { namesJson, neuronRows } from "../../../esvae_core/web/parts/dimensions/dimension_files.js";
import {
  cellByKey,
  cellUnder,
  columnLabel,
  matrixLayout,
} from "../../../esvae_core/web/parts/dimensions/matrix_layout.js";
import { histogramLayout } from "../../../esvae_core/web/parts/dimensions/rate_histogram.js";
import { changeColours } from "../../../esvae_core/web/parts/dimensions/sensitivity_map.js";
import { nearestTo } from "../../../esvae_core/web/parts/dimensions/traversal.js";

const FACTS = {
  states: ["active", "dead"],
  mean: [0.5, 0],
  deviation: [0.25, 0],
  bits: [1.5, 0],
  effect: [0.1, 0],
  histogram: [
    [0.25, 0.5, 0.25, 0],
    [1, 0, 0, 0],
  ],
  classShare: [0.126, 0],
  correlation: [
    [0.5, 0],
    [-0.75, 0],
  ],
};
const NOISE = { moved: [0.3, 0.1], redrawn: [0.1, 0], clear: [true, false] };

const session = (view = {}) => ({
  entry: { name: "m", hash: "f00", dims: 2, taught: ["x"] },
  store: { state: { view } },
  atlas: { effect: [0.1, 0.2], classNames: ["zero", "one"] },
  measured: null,
});

test("the histogram fills its room, and the mark is above the present value's bin", () => {
  const { bars, mark, tall } = histogramLayout(FACTS.histogram[0], 1 / 3, 88, 132);
  assert.equal(tall, 100);
  assert.deepEqual(
    bars.map(({ height }) => height),
    [50, 100, 50, 0],
  );
  assert.deepEqual(bars[1], { x: 25, y: 16, width: 18, height: 100 });
  assert.equal(mark, 4 + 1.5 * 20);
  assert.equal(histogramLayout([0.001, 1], 0, 88, 132).bars[0].height, 1); // few are still seen
});

test("changes are dark where there are none and the ramp's colour where there are most", () => {
  const colours = changeColours(Float32Array.of(0, 0.5, 0.125));
  const end = rampColour(1).match(/\d+/g).map(Number);
  assert.deepEqual([...colours.subarray(0, 8)], [30, 28, 40, 255, ...end, 255]);
  const quarter = rampColour(0.25).match(/\d+/g).map(Number);
  assert.deepEqual(
    [...colours.subarray(8)],
    [...[30, 28, 40].map((dark, c) => Math.round((dark + quarter[c]) / 2)), 255],
  );
  assert.deepEqual([...changeColours(Float32Array.of(0))], [30, 28, 40, 255]);
});

test("a frame shows the present value if it is close", () => {
  assert.equal(nearestTo(equalValues(5), 0.505), 2);
  assert.equal(nearestTo(equalValues(5), 0.52), -1);
});

test("one rate of many is changed", () => {
  const rates = Uint16Array.of(1, 2, 3);
  assert.deepEqual(withRate(rates, 1, 0.5), Uint16Array.of(1, GRID / 2, 3));
  assert.deepEqual(rates, Uint16Array.of(1, 2, 3));
});

test("the dimension of the link, or the one that does most", () => {
  assert.equal(chosenOf(session()), 1);
  assert.equal(chosenOf(session({ dim: "0" })), 0);
  for (const dim of ["2", "-1", "0.5", "x"]) assert.equal(chosenOf(session({ dim })), 1, dim);
});

test("how a dimension is used, in words", () => {
  const words = "active; 1.50 of 2.00 bits used";
  assert.equal(used(FACTS, 0), `${words}; the class explains 13 % of its variance.`);
  const above = "; what it does rises above the noise (3.0 times it)";
  assert.equal(used({ ...FACTS, ...NOISE }, 0), `${words}${above}; the class explains 13 % of its variance.`);
  assert.match(used({ ...FACTS, ...NOISE }, 1), /^dead; .*; what it does does not rise above the noise; the class/);
});

test("a row for each dimension, and the names that were given", () => {
  const named = session({ name1: "tall" });
  const measured = { attributes: [{ name: "ink" }], correlation: [[0.25, -0.5]] };
  const [heads, first, second] = neuronRows({ ...named, measured }, { ...FACTS, ...NOISE });
  assert.deepEqual(heads.slice(-4), ["class_share", "class", "class_correlation", "correlation with ink"]);
  assert.deepEqual(first, [0, "x", 0.5, 0.25, "active", 1.5, 0.1, 0.3, 0.1, "true", 0.126, "one", -0.75, "0.250"]);
  assert.deepEqual([second.length, second[1]], [heads.length, "tall"]);
  const plain = neuronRows(named, FACTS);
  assert.deepEqual([plain[0].length, plain[1].length], [10, 10]);
  assert.deepEqual(JSON.parse(namesJson(session())), { model: "m", checkpoint: "f00", names: { d0: "x" } });
});

test("cells of a matrix by pointer and keys", () => {
  const layout = matrixLayout(308, 100, 4, 10); // columns of 20 px from 108 on, rows of 15
  assert.deepEqual(cellUnder(layout, 108, 0), { row: 0, place: 0 });
  assert.deepEqual(cellUnder(layout, 307, 59), { row: 3, place: 9 });
  for (const [x, y] of [
    [107, 5],
    [308, 5],
    [200, 60],
  ])
    assert.equal(cellUnder(layout, x, y), null);
  const first = { row: 0, place: 3 };
  const key = (name, at) => cellByKey(name, at, first, layout);
  assert.deepEqual(key("ArrowDown", null), first);
  assert.deepEqual(key("ArrowDown", { row: 3, place: 3 }), { row: 3, place: 3 });
  assert.deepEqual(key("ArrowLeft", { row: 3, place: 3 }), { row: 3, place: 2 });
  assert.deepEqual(
    [key("Home", null), key("End", { row: 2, place: 1 })],
    [
      { row: 0, place: 0 },
      { row: 2, place: 9 },
    ],
  );
  assert.equal(key("x", first), null);
});

test("columns of a matrix are numbered where there is room", () => {
  const labels = (width) => [0, 1, 2].map((place) => columnLabel(matrixLayout(width, 100, 4, 10), place, 7));
  assert.deepEqual(labels(308), ["7", "", "7"]);
  assert.deepEqual(labels(508), ["d7", "d7", "d7"]);
});
