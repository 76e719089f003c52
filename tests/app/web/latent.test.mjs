/** What a height from 0 to 1 means in each kind of latent, and how that is written. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { latentOf } from "../../../esvae_core/web/math/latent.js";

const rates = latentOf({ latent: null });
const numbers = latentOf({ latent: { name: "number", low: [-4, 0], high: [4, 2], span: 8 } });
const [low, high] = [Math.log(0.5), Math.log(8)];
const counts = latentOf({ latent: { name: "rate", counts: true, low: [low], high: [high], span: high - low } });

test("a firing rate is its height, of which T steps make spikes", () => {
  assert.deepEqual(
    [rates.value(0, 0.25), rates.text(0, 0.25), rates.expected(0.25, 16)],
    [0.25, "0.25", "4.0 of 16 spikes"],
  );
  assert.deepEqual([rates.rest, rates.coordinates, rates.key], [0, "arcsine", "rates"]);
  assert.deepEqual([rates.stepwise, latentOf({ latent: null, kind: "fsvae" }).stepwise], [false, true]);
});

test("a number is at its place in its range, and is no share of the steps", () => {
  assert.deepEqual([numbers.value(0, 0.25), numbers.text(0, 0.25), numbers.value(1, 0.25)], [-2, "−2.00", 0.5]);
  assert.deepEqual(
    [numbers.size(0, 0.5), numbers.apart(0.5), numbers.expected(0.25, 16), numbers.place(0.25)],
    ["4.00", "4.00 deviations", "", "−2.00 σ from the prior's mean"],
  );
  assert.deepEqual([numbers.sampled, numbers.rest, numbers.coordinates, numbers.key], [false, 0.5, "plain", "latent"]);
  assert.equal(numbers.title, "Latent: numbers");
});

test("a count's rate is on a log scale", () => {
  assert.ok(Math.abs(counts.value(0, 0.5) - 2) < 1e-6); // in the middle of 0.5 and 8
  assert.deepEqual([counts.text(0, 1), counts.size(0, 0.5)], ["8", "×4.00"]);
  assert.deepEqual([counts.sampled, counts.spiking, counts.marks], [true, false, ["×4", "×1", "÷4"]]);
});
