/** Frozen noise against the values that Python's twin is held against. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { chance, normal, sample, uniform } from "../../esvae_core/web/engine/noise.js";

const vectors = JSON.parse(readFileSync(new URL("noise_vectors.json", import.meta.url), "utf8"));

test("uniform", () => {
  for (const { seed, steps, neurons, values_24_bit } of vectors.uniform) {
    assert.deepEqual(
      Array.from(uniform(seed, steps, neurons), (u) => u * 2 ** 24),
      values_24_bit,
    );
  }
});

test("normal", () => {
  for (const { seed, values, chance_24_bit } of vectors.normal) {
    const drawn = normal(seed, values.length);
    values.forEach((value, j) => assert.ok(Math.abs(drawn[j] - value) <= 1e-12));
    assert.equal(chance(seed) * 2 ** 24, chance_24_bit);
  }
});

test("spikes", () => {
  for (const { rates, seed, sampler, steps, rows } of vectors.spikes) {
    assert.equal(sample(rates, seed, sampler, steps).join(""), rows.join(""));
  }
});
