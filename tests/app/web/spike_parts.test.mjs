/** Geometry, gestures and charts of the Spikes view. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bernoulliSum } from "../../../esvae_core/web/math/distributions.js";
import {
  effectsByStep,
  effectsOfCells,
  effectWords,
  strongestFirst,
} from "../../../esvae_core/web/parts/spikes/cell_effects.js";
import { ofKind } from "../../../esvae_core/web/parts/spikes/damage.js";
import {
  firingRates,
  firingWords,
  mapContent,
  membraneChart,
} from "../../../esvae_core/web/parts/spikes/layer_charts.js";
import * as units from "../../../esvae_core/web/parts/spikes/layer_units.js";
import { cellAt, rasterHeight, rasterLayout, TOP } from "../../../esvae_core/web/parts/spikes/editor_layout.js";
import { RasterPointer } from "../../../esvae_core/web/parts/spikes/raster_pointer.js";
import { weightsChart } from "../../../esvae_core/web/parts/spikes/readout_weights.js";
import {
  neuronIn,
  noisiest,
  sampledStatistics,
  valuesOf,
} from "../../../esvae_core/web/parts/spikes/sampled_statistics.js";
import { timingWords } from "../../../esvae_core/web/parts/spikes/timing.js";
import * as charts from "../../../esvae_core/web/parts/spikes/statistics_charts.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);
const mark = (chart, name) => chart.marks.find((each) => each?.name === name).values;

// ---- the raster --------------------------------------------------------------------------------------------------

test("the raster gives each neuron a row, with room for its name if there are not too many", () => {
  const few = rasterLayout(16, 10, 518);
  assert.deepEqual([few.row, few.left, few.right, few.cell, few.bottom], [17, 34, 434, 40, TOP + 16 * 17]);
  assert.equal(rasterLayout(64, 10, 518).row, 9, "up to 64 neurons each has room for its name");
  const many = rasterLayout(128, 10, 518);
  assert.deepEqual([many.row, many.left], [4, 34]);
  assert.equal(rasterHeight(128), TOP + 128 * 4 + 64 + 16);
  assert.equal(rasterLayout(16, 10, 518, 12.4).left, 34);
  assert.equal(rasterLayout(16, 10, 518, 60.4).left, 72, "as wide as the longest name");
});

test("a point of the raster is a cell, or its row's name or rate", () => {
  const layout = rasterLayout(16, 10, 518);
  assert.deepEqual(cellAt(layout, 34 + 40 * 3 + 1, TOP + 17 * 5 + 16), { place: 5, t: 3, where: "cell" });
  assert.deepEqual(cellAt(layout, 10, TOP), { place: 0, t: 0, where: "neuron" });
  assert.deepEqual(cellAt(layout, 500, TOP + 17 * 15), { place: 15, t: 9, where: "neuron" });
  assert.equal(cellAt(layout, 100, TOP - 1), null);
  assert.equal(cellAt(layout, 100, TOP + 17 * 16), null);
});

test("keys move the raster's cursor, up to its edges, and ask for a turn", () => {
  const pointer = new RasterPointer();
  const at = () => [pointer.cursor.place, pointer.cursor.t];
  assert.equal(pointer.key("a", 16, 10), null);
  assert.equal(pointer.pointed, null);
  for (const [key, place] of [
    ["ArrowDown", [1, 0]],
    ["ArrowRight", [1, 1]],
    ["End", [1, 9]],
    ["ArrowRight", [1, 9]],
    ["PageDown", [9, 9]],
    ["PageDown", [15, 9]],
    ["ArrowUp", [14, 9]],
    ["Home", [14, 0]],
    ["ArrowLeft", [14, 0]],
  ]) {
    assert.equal(pointer.key(key, 16, 10), "move");
    assert.deepEqual(at(), place, key);
  }
  assert.ok(pointer.cursor.seen);
  assert.equal(pointer.key(" ", 16, 10), "turn");
  assert.equal(pointer.key("Enter", 16, 10), "turn");
  assert.deepEqual(at(), [14, 0]);
  assert.equal(pointer.pointed, pointer.cursor);
});

test("a press takes the cursor along and hides it; the focus shows it again", () => {
  const pointer = new RasterPointer();
  pointer.press({ place: 3, t: 7, where: "neuron" });
  assert.deepEqual(pointer.cursor, { place: 3, t: 7, where: "neuron", seen: false });
  pointer.focus(true);
  assert.ok(pointer.cursor.seen);
  pointer.key("ArrowLeft", 16, 10);
  assert.deepEqual(pointer.cursor, { place: 3, t: 6, where: "cell", seen: true });
  pointer.focus(false);
  assert.ok(!pointer.cursor.seen);
});

test("the sum of Bernoulli spikes", () => {
  const { mean, deviation } = bernoulliSum(Float32Array.of(0.5, 0.25, 1), 16);
  assert.equal(mean, 28);
  near(deviation, Math.sqrt(16 * (0.25 + 0.1875)));
});

// ---- statistics --------------------------------------------------------------------------------------------------

/** @param {Float32Array} rates @param {Sampler} sampler @param {number} one */
function statistics(rates, sampler, one, [steps, draws] = [8, 50]) {
  const found = sampledStatistics(rates, { seed: 4, sampler, steps }, draws);
  const neurons = one < 0 ? Array.from(rates, (_, j) => j) : [one];
  return { found, draws, rates, sampler, steps, neurons, one, name: one < 0 ? "all" : `n${one}` };
}

test("statistics follow the draws: certain neurons always spike, silent ones never", () => {
  const { counts, poisson, intervals } = sampledStatistics(
    Float32Array.of(0, 1, 0.5),
    { seed: 2 ** 31 - 1, sampler: "bernoulli", steps: 4 },
    30,
  );
  assert.deepEqual(new Set(valuesOf(counts, 3, [0])), new Set([0]));
  assert.deepEqual(new Set(valuesOf(counts, 3, [1])), new Set([4]));
  assert.deepEqual(new Set(valuesOf(poisson, 3, [0])), new Set([0]));
  assert.deepEqual([...intervals[1]], [0, 90, 0, 0]);
  assert.ok(new Set(valuesOf(counts, 3, [2])).size > 2);
  assert.deepEqual(valuesOf(Uint16Array.of(1, 2, 3, 4, 5, 6), 3, [2, 0]), [3, 1, 6, 4]);
});

test("which neuron the statistics are of", () => {
  assert.equal(noisiest(Float32Array.of(0.1, 0.6, 0.4375, 0.9)), 2);
  assert.deepEqual(
    ["3", "4", "-1", "x", undefined].map((text) => neuronIn(text, 4)),
    [3, -1, -1, -1, -1],
  );
});

test("the chart of counts has what was drawn, the law, and how far they are apart", () => {
  const chart = charts.countsChart(statistics(Float32Array.of(0.5, 1), "bernoulli", 1));
  assert.deepEqual(
    mark(chart, "drawn").map(([k]) => k),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  near(mark(chart, "drawn")[8][1], 1);
  assert.deepEqual(mark(chart, "Binomial(8, r)")[8], [8, 1]);
  assert.equal(chart.note, "n1: mean 8, variance 0, Fano factor 0");
  assert.match(chart.words, /shares differ by [0-9.e-]+\.$/);
  const pooled = charts.countsChart(statistics(Float32Array.of(0, 1), "bernoulli", -1));
  near(mark(pooled, "mean of the binomials")[0][1], 0.5);
  assert.match(pooled.note, /^all: mean 4, variance [0-9.]+$/);
});

test("the Poisson chart says what share of the counts cannot be spikes", () => {
  const chart = charts.poissonChart(statistics(Float32Array.of(1), "bernoulli", 0, [2, 400]));
  const beyond = 100 * (1 - 5 * Math.exp(-2)); // 1 - P(0) - P(1) - P(2) at a mean of 2
  assert.match(chart.note, new RegExp(`${beyond.toPrecision(3)} % beyond T = 2$`));
  assert.match(
    charts.poissonChart(statistics(Float32Array.of(0.03125), "bernoulli", 0)).note,
    /hardly any beyond T = 8$/,
  );
});

test("with one step there are no intervals, which is said", () => {
  const one = { ...statistics(Float32Array.of(0.25), "bernoulli", 0), steps: 1 };
  const { note, words } = charts.intervalsChart(one);
  assert.match(note, /^With one time step there is at most one spike, so there are no intervals/);
  assert.equal(words, note);
});

test("intervals of even spikes are those of the rate", () => {
  const chart = charts.intervalsChart(statistics(Float32Array.of(0.25), "systematic", 0));
  const expected = mark(chart, "1/r, rounded up or down");
  assert.deepEqual(
    expected.map(([k]) => k),
    [1, 2, 3, 4, 5, 6, 7],
  );
  mark(chart, "drawn").forEach(([k, n], i) => near(n, expected[i][1], k === 4 ? 1e-9 : 0));
  near(expected[3][1], 1);
});

test("the chart of Fano factors leaves silent neurons out, and says how many lie where they should", () => {
  const names = ["a", "b", "c"];
  const bernoulli = charts.fanoChart(statistics(Float32Array.of(0, 0.5, 1), "bernoulli", -1, [8, 400]), names);
  const dots = bernoulli.marks.find((each) => each.name === "a neuron");
  assert.deepEqual(dots.titles, ["b", "c"]);
  near(dots.values[0][1], 0.5, 0.1);
  assert.equal(dots.values[1][1], 0);
  assert.match(bernoulli.words, /^2 neurons that fire\. 1 of the 1 with rates below 1 lie within/);
  assert.match(bernoulli.note, /\(two deviations of 400 draws\)$/);
  const even = charts.fanoChart(statistics(Float32Array.of(0.5), "systematic", 0), names);
  assert.equal(even.marks[0], null);
  assert.equal(even.note, "Largest: 0; Bernoulli spikes would show 1 − r");
});

test("the explanation names the sampler, the coins and a rate without noise", () => {
  const said = (sampler, steps, one, rate = 0.25) =>
    charts.explanation({ rates: Float32Array.of(rate), sampler, steps, one });
  assert.match(said("bernoulli", 1, -1), /One coin makes a count of 0 or 1, Binomial\(1, r\)/);
  assert.match(said("bernoulli", 16, 0), /16 coins .* At rate 0\.25 the Fano factor is 0\.75, where Poisson/);
  assert.match(said("bernoulli", 16, 0, 1), /A neuron at rate 1 has no sampling noise: choose another\.$/);
  assert.match(said("systematic", 16, 0), /^Even spikes .* at every step instead\.$/);
});

// ---- single spikes -----------------------------------------------------------------------------------------------

test("all cells are tried, late steps first, and none after it is no longer wanted", async () => {
  const asked = [];
  const pool = {
    size: 2,
    run: async (call, spikes, steps, from, to) => {
      asked.push([call, steps, from, to]);
      return Float32Array.from({ length: to - from }, (_, i) => from + i);
    },
  };
  const shares = [];
  const wish = { wanted: () => true, onstep: (share) => shares.push(share) };
  const effects = await effectsOfCells(pool, new Uint8Array(6), 3, wish);
  assert.deepEqual([...effects], [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(asked, [
    ["flips", 3, 4, 6],
    ["flips", 3, 2, 4],
    ["flips", 3, 0, 2],
  ]);
  assert.deepEqual(shares, [1 / 3, 2 / 3, 1]);
  let more = 1;
  const stopped = { wanted: () => more > 0, onstep: () => more-- };
  assert.equal(await effectsOfCells({ ...pool, size: 1 }, new Uint8Array(6), 3, stopped), null);
  assert.equal(asked.length, 4);
});

test("effects are ranked, summed up and set beside the readout's weights", () => {
  const effects = Float32Array.of(0, 1, 0, 3, 1, 15);
  assert.deepEqual(strongestFirst(effects), [5, 3, 1, 4, 0, 2]);
  assert.match(
    effectWords(effects, strongestFirst(effects), 1240),
    /^6 cells .* in 1\.2 s\. .* tenth holds 75 % of the effect/,
  );
  const chart = effectsByStep(effects, [0.25, 0.25, 0.5]);
  assert.deepEqual(mark(chart, "mean over the neurons"), [
    [1, 0.5],
    [2, 1.5],
    [3, 8],
  ]);
  assert.deepEqual(mark(chart, "readout weight, same area"), [
    [1, 2.5],
    [2, 2.5],
    [3, 5],
  ]);
  assert.equal(chart.words, "From 0.5 at step 1 to 8 at the last.");
});

test("the weights of the steps that are shown", () => {
  const chart = weightsChart([0.25, 0.5, 1], 2, "weight");
  assert.deepEqual(mark(chart, "first 2"), [
    [1, 0.25],
    [2, 0.5],
  ]);
  assert.deepEqual(mark(chart, "still to come"), [[3, 1]]);
  assert.equal(chart.words, "The first 2 of 3 steps hold 42.9 percent of the weight.");
  assert.equal(chart.note, "The first 2 of 3 steps hold 43 % of the weight");
  assert.equal(weightsChart([1000, 1], 1, "weight").note, "The first of 2 steps holds 99.9 % of the weight");
  assert.equal(weightsChart([1], 1, "weight").note, "The only step holds 100 % of the weight");
});

// ---- inside the network ------------------------------------------------------------------------------------------

const SHAPE = { channelsOut: 4, sideOut: 3 };

test("a neuron of a layer is read from a link, and moved inside", () => {
  assert.deepEqual(units.readUnit("3.2.0", SHAPE), [3, 2, 0]);
  for (const text of ["4.0.0", "0.3.0", "0.0", "a.b.c", "1.5.0.0", undefined])
    assert.equal(units.readUnit(text, SHAPE), null);
  assert.deepEqual(units.clampUnit([9, -1, 1.6], SHAPE), [3, 0, 2]);
  assert.deepEqual(units.clampUnit([NaN, 0, 0], SHAPE), [0, 0, 0]);
});

test("a neuron's pixel on the maps leads back to it, and gaps lie outside of every map", () => {
  for (let c = 0; c < 4; c++) {
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 3; x++) {
        const [px, py] = units.pixelOf([c, y, x], 3, 2);
        assert.deepEqual(units.unitAt(px, py, 3, 2), [c, y, x]);
      }
    }
  }
  assert.deepEqual(units.unitAt(3, 0, 3, 2), [0, 0, 3]);
  assert.equal(units.placeOf([1, 2, 0], 3), 15);
});

test("the busiest neuron is not one that always spikes", () => {
  assert.deepEqual(units.busiestUnit(Float32Array.of(1, 0, 0.25, 0.5, 0.75, 0.25, 0, 1), 2), [1, 0, 0]);
});

const NEURON = { leak: 0.5, threshold: 2, reset: /** @type {const} */ ("hard") };
/** Two channels of one neuron each, over three steps. */
const DID = {
  shape: [3, 2, 1, 1],
  spikes: Uint8Array.of(0, 1, /**/ 1, 1, /**/ 0, 0),
  membranes: Float32Array.of(1, 2, /**/ 3, 4, /**/ -1, 1),
};

test("what the maps of a layer show", () => {
  const rates = firingRates(DID.spikes, 3);
  near(rates[0], 1 / 3, 1e-6);
  near(rates[1], 2 / 3, 1e-6);
  assert.equal(mapContent("rate", DID, rates, 2, NEURON).value(1), rates[1]);
  assert.equal(mapContent("spikes", DID, rates, 1, NEURON).value(1), 1);
  assert.equal(mapContent("spikes", DID, rates, 3, NEURON).value(1), 0);
  assert.equal(mapContent("membrane", DID, rates, 2, NEURON).value(0), 0.75);
  assert.match(mapContent("membrane", DID, rates, 2, NEURON).words, /^Membranes at step 2, /);
  assert.equal(firingWords(Float32Array.of(0, 0.5, 0.5, 1)), "50.0 % of the neurons fire at a step; 25 % never do");
});

test("the membrane falls after a spike, to nothing or by the threshold", () => {
  const layer = { channelsOut: 2, sideOut: 1, neuron: NEURON };
  const hard = membraneChart(DID, layer, [0, 0, 0], 3, 2);
  assert.deepEqual(mark(hard, "membrane"), [
    [1, 1],
    [2, 3],
    [2.12, 0],
    [3, -1],
  ]);
  assert.deepEqual(mark(hard, "spike"), [[2, 3]]);
  assert.deepEqual(hard.marks[0].values, [2.5, 3.7]);
  assert.equal(hard.note, "Channel 0: 1 spike in 3 steps. Leak 0.5 a step; a spike empties it.");
  const soft = { ...layer, neuron: { ...NEURON, reset: /** @type {const} */ ("soft") } };
  assert.deepEqual(mark(membraneChart(DID, soft, [0, 0, 0], 3, 3), "membrane")[2], [2.12, 1]);
  assert.equal(membraneChart(DID, soft, [0, 0, 0], 3, 3).marks[0], null);
});

// ---- other timing, damage ----------------------------------------------------------------------------------------

test("which timing comes nearest, unless all are as far", () => {
  assert.match(timingWords([0.2, 0.1, 0.3, 0.1]), /here the late spikes come nearest to now\.$/);
  assert.match(timingWords([0, 0, 0, 0]), /Here all five are equal\.$/);
  assert.match(timingWords([0.1, 0.1, 0.1, 0.1]), /Here all four are equally far from now\.$/);
});

test("damage of another kind is as large a share of what there can be", () => {
  assert.deepEqual(ofKind({ kind: "flip", amount: 25 }, "jitter"), { kind: "jitter", amount: 200 });
  assert.deepEqual(ofKind({ kind: "jitter", amount: 800 }, "delete"), { kind: "delete", amount: 100 });
  assert.deepEqual(ofKind({ kind: "jitter", amount: 1 }, "flip"), { kind: "flip", amount: 1 });
});
