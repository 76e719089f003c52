/** The sound of spikes: a click for each, higher for neurons further up. */

import assert from "node:assert/strict";
import test from "node:test";

import { clicks } from "../../../esvae_core/web/math/spike_sound.js";

const RATE = 8000;

/** How often the first samples cross zero: twice the turns of a sine. */
const crossings = (samples) => samples.slice(1, 200).filter((value, i) => value * samples[i] < 0).length;

test("no spike is silence, and each spike a click of its own", () => {
  assert.ok(clicks([], 6, 0.25, RATE).every((value) => value === 0));
  const three = clicks([0, 2, 5], 6, 0.25, RATE);
  const starts = [0, 1, 2].map((k) => Math.floor((0.8 * 0.25 * RATE * k) / 3));
  for (const at of starts) assert.ok(Math.max(...three.slice(at, at + 20)) > 0.1);
  assert.ok(Math.max(...three.slice(starts[1] - 100, starts[1])) < 0.01, "quiet in between");
});

test("neurons further up are higher, and many spikes are not louder than the limit", () => {
  const [top, bottom] = [0, 5].map((place) => crossings(clicks([place], 6, 0.25, RATE)));
  assert.ok(top > 4 * bottom);
  const many = clicks(
    Array.from({ length: 128 }, (_, i) => i),
    128,
    0.25,
    RATE,
  );
  assert.ok(Math.max(...many.map(Math.abs)) <= 0.4 + 1e-6);
});
