/** Charts of How it works. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { sample } from "../../../esvae_core/web/engine/noise.js";
import { latentOf } from "../../../esvae_core/web/math/latent.js";
import * as charts from "../../../esvae_core/web/parts/how/card_charts.js";

const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);
const mark = (chart, name) => chart.marks.find((each) => each?.name === name).values;

test("standard normal numbers lie within a symmetrical range, of three deviations at least", () => {
  assert.equal(charts.normalsChart(Float64Array.of(-1, 2)).y.to, 3);
  const wide = charts.normalsChart(Float64Array.of(-4.5, 2));
  assert.deepEqual([wide.y.from, wide.y.to], [-4.5, 4.5]);
  assert.equal(wide.words, "2 numbers from -4.5 to 2.");
});

test("rates lie on the prior's curve, also those at 0 and 1", () => {
  const rates = Float32Array.of(0, 0.25, 1);
  for (const fitted of [true, false]) {
    const chart = charts.priorCurve(rates, fitted);
    const curve = mark(chart, fitted ? "sin²" : "sigmoid");
    near(curve[40][1], 0.5);
    for (const [place, rate] of mark(chart, "a latent neuron")) {
      assert.ok(place >= chart.x.from && place <= chart.x.to);
      const nearest = curve.reduce((a, b) => (Math.abs(a[0] - place) < Math.abs(b[0] - place) ? a : b));
      near(nearest[1], rate, 0.05);
    }
  }
});

test("where rates were before is shown if any was moved", () => {
  const origin = Float32Array.of(0.5, 0.25);
  assert.equal(charts.ratesChart(origin, origin).marks[1], null);
  const moved = charts.ratesChart(Float32Array.of(0.5, 0.75), origin);
  assert.equal(charts.movedCount(Float32Array.of(0.5, 0.75), origin), 1);
  assert.deepEqual(mark(moved, "before they were moved"), [
    [0, 0.5],
    [1, 0.25],
  ]);
  assert.equal(moved.words, "2 rates from 0.5 to 0.75, mean 0.625.");
});

test("a neuron fires where its noise is below the rate", () => {
  const state = { seed: 3, sampler: /** @type {const} */ ("bernoulli"), steps: 12 };
  const rates = Float32Array.of(0.25, 0.5);
  const drawn = sample(rates, state.seed, state.sampler, state.steps);
  const fires = Array.from({ length: 12 }, (_, t) => drawn[2 * t + 1] === 1);
  const noise = charts.noiseOf(state, 2, 1);
  const chart = charts.noiseChart({ rate: 0.5, name: "d1", noise, fires, sampler: "bernoulli" });
  assert.ok(mark(chart, "spike").length > 0 && mark(chart, "silent").length > 0);
  assert.ok(mark(chart, "spike").every(([, u]) => u < 0.5));
  assert.ok(mark(chart, "silent").every(([, u]) => u >= 0.5));
  assert.deepEqual(mark(chart, "rate of d1, 0.5"), [
    [0.5, 0.5],
    [12.5, 0.5],
  ]);
});

test("with even spikes a neuron fires whenever rate and offset pass a whole number", () => {
  const state = { seed: 3, sampler: /** @type {const} */ ("systematic"), steps: 12 };
  const drawn = sample(Float32Array.of(0.25, 0.375), state.seed, state.sampler, state.steps);
  const fires = Array.from({ length: 12 }, (_, t) => drawn[2 * t + 1] === 1);
  const noise = charts.noiseOf(state, 2, 1);
  const chart = charts.noiseChart({ rate: 0.375, name: "d1", noise, fires, sampler: "systematic" });
  const sums = mark(chart, "r t + φ of d1, r = 0.375").map(([, sum]) => sum);
  assert.deepEqual(
    sums.map((sum, t) => Math.floor(sum) > Math.floor(t ? sums[t - 1] : noise[0])),
    fires,
  );
  assert.match(chart.words, /^d1 at rate 0\.375: [45] spikes in 12 steps\.$/);
});

test("the readout's weights, and what the last five steps hold of them", () => {
  const weights = Float64Array.from({ length: 10 }, () => 1);
  assert.equal(charts.lastShare(weights), 0.5);
  const chart = charts.readoutChart(weights, 4);
  assert.deepEqual([chart.marks[0].values.length, chart.marks[1].values.length], [4, 6]);
  assert.equal(chart.words, "The last five of 10 steps hold 50 percent.");
  assert.deepEqual(charts.shownSteps(16), [1, 2, 4, 8, 16]);
  assert.deepEqual(charts.shownSteps(3), [1, 2, 3]);
});

test("the mean squared error", () => {
  assert.equal(charts.squaredError(Float32Array.of(1, -1), Float32Array.of(0, 1)), 2.5);
});

test("numbers without spikes are shown in their range, around 0", () => {
  const latent = latentOf({ latent: { name: "latent", low: [-4, -6], high: [4, 6], span: 8 } });
  const chart = charts.numbersChart(Float32Array.of(0.5, 0.75), latent);
  assert.deepEqual(chart.marks[1].values, [
    [0, 0],
    [1, 3],
  ]);
  assert.deepEqual([chart.y.from, chart.y.to, chart.y.label], [-6, 6, "latent"]);
  assert.equal(chart.words, "2 numbers from 0 to 3.");
});
