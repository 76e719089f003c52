/** The spike raster without a page: where its cells, names and numbers are, and what it counts. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { latentOf } from "../../../esvae_core/web/math/latent.js";
import * as raster from "../../../esvae_core/web/parts/shared/raster_layout.js";
import { expectedSpikes, rasterWords, tally } from "../../../esvae_core/web/parts/shared/raster_words.js";

const layout = (neurons, steps) => raster.rasterLayout({ width: 323, height: 352, names: 15.2 }, { neurons, steps });

test("the cells have all room but that of names and numbers", () => {
  const { left, top, bottom, width, column, row } = layout(32, 15);
  assert.deepEqual([left, top, bottom, width, column, row], [23, 2, 322, 300, 20, 10]);
});

test("the cell under the pointer, or the nearest", () => {
  const at = (x, y) => raster.cellAt(layout(32, 15), x, y);
  assert.deepEqual(at(23, 2), { place: 0, step: 0 });
  assert.deepEqual(at(23 + 45, 2 + 25), { place: 2, step: 2 });
  assert.deepEqual(at(0, 0), { place: 0, step: 0 });
  assert.deepEqual(at(400, 400), { place: 31, step: 14 });
});

test("as many names as fit, and some in place of their neighbours", () => {
  const places = (neurons, ...first) => raster.namedRows(layout(neurons, 15), first).map(({ place }) => place);
  assert.deepEqual(places(4), [0, 1, 2, 3]); // rows of 80 px
  assert.deepEqual(places(32).slice(0, 3), [0, 2, 4]); // of 10 px
  assert.deepEqual(places(32, 3).slice(0, 4), [0, 3, 6, 8]);
  assert.deepEqual(places(32, 3, 1, 4, 7).slice(0, 5), [1, 3, 7, 10, 12]); // 4 is too near to 3, which comes first
  assert.equal(places(320).length, 20); // of 1 px: every 16th
  const [first] = raster.namedRows(layout(320, 15), []);
  assert.equal(first.y, 10); // no letter is cut off above
});

test("the chosen row comes first, then neurons with a name of their own", () => {
  const names = ["d3", "hue", "d0", "x"]; // of the neurons 3, 5, 0 and 1
  assert.deepEqual(
    raster.rowsFirst(-1, [3, 5, 0, 1], (place) => names[place]),
    [1, 3],
  );
  assert.deepEqual(
    raster.rowsFirst(2, [3, 5, 0, 1], (place) => names[place]),
    [2, 1, 3],
  );
});

test("numbers of steps", () => {
  const steps = (count) => raster.numberedSteps(layout(8, count)).map(({ step }) => step);
  assert.deepEqual(steps(10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]); // 30 px each
  assert.deepEqual(steps(15), [2, 4, 6, 8, 10, 12, 14]); // 20 px: no room for 1 before 2
  assert.deepEqual(steps(60).slice(0, 3), [1, 8, 16]);
  assert.deepEqual(steps(50).slice(0, 2), [4, 8]);
  assert.equal(raster.numberedSteps(layout(8, 10))[0].x, 23 + 15);
});

test("spikes are counted, and those of the change before", () => {
  assert.deepEqual(tally(Uint8Array.of(1, 0, 1, 0), Uint8Array.of(1, 1, 0, 0)), { count: 2, won: 1, lost: 1 });
  assert.deepEqual(tally(Uint8Array.of(1, 1), null), { count: 2, won: 0, lost: 0 });
  assert.deepEqual(tally(Float32Array.of(3, 0), Float32Array.of(0, 0)), { count: 3, won: 1, lost: 0 });
});

test("expected spikes, with their deviation where the sampler has one", () => {
  const rates = latentOf({ latent: null });
  const halves = [0.5, 0.5, 0.5, 0.5];
  assert.equal(expectedSpikes(rates, halves, { steps: 16, sampler: "bernoulli" }), "32 ± 4");
  assert.equal(expectedSpikes(rates, halves, { steps: 16, sampler: "systematic" }), "32");
  const low = Array(4).fill(Math.log(2)); // counts of 2 at the least, 8 at the most
  const high = Array(4).fill(Math.log(8));
  const counts = latentOf({ latent: { name: "rate", counts: true, low, high, span: 2 } });
  assert.equal(expectedSpikes(counts, halves, { steps: 16, sampler: "systematic" }), "16 ± 4");
});

test("what is drawn, in words", () => {
  const decoded = {
    spikes: Uint8Array.of(1, 0, 1, 1),
    before: Uint8Array.of(1, 1, 0, 1),
    rates: [0.5, 0.5],
    state: { steps: 2, sampler: "systematic" },
  };
  const { line, label } = rasterWords(latentOf({ latent: null }), decoded);
  assert.equal(line, "3 of 4; expected 2");
  assert.equal(label, "Spike raster: 2 neurons, 2 time steps, 3 spikes; 1 new and 1 gone since the last change");
});
