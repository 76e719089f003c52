/** Frozen noise against the values that Python's twin is held against. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { sample, uniform } from "../../app/web/engine/noise.js";

const vectors = JSON.parse(readFileSync(new URL("noise_vectors.json", import.meta.url), "utf8"));

test("uniform", () => {
  for (const { seed, steps, neurons, values_24_bit } of vectors.uniform) {
    assert.deepEqual(Array.from(uniform(seed, steps, neurons), (u) => u * 2 ** 24), values_24_bit);
  }
});

test("spikes", () => {
  for (const { rates, seed, sampler, steps, rows } of vectors.spikes) {
    assert.equal(sample(rates, seed, sampler, steps).join(""), rows.join(""));
  }
});
