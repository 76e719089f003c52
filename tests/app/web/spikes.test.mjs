/**
 * Maths of the Spikes view: laws against what the samplers draw, edits in links, and the same counts at other times.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { sample, uniform } from "../../../esvae_core/web/engine/noise.js";
import { readDamage, writeDamage } from "../../../esvae_core/web/state/damage.js";
import { differingCells, flipped, readFlips, writeFlips } from "../../../esvae_core/web/state/flips.js";
import * as laws from "../../../esvae_core/web/math/distributions.js";
import { LinkError } from "../../../esvae_core/web/state/url_state.js";
import { gainFor, rms } from "../../../esvae_core/web/math/image.js";
import { readingAt } from "../../../esvae_core/web/math/chart_reading.js";
import { formatNumber, ticks } from "../../../esvae_core/web/math/axis.js";
import * as trains from "../../../esvae_core/web/math/spike_trains.js";

const known = JSON.parse(readFileSync(new URL("../link_vectors.json", import.meta.url), "utf8"));
const near = (a, b, by = 1e-9) => assert.ok(Math.abs(a - b) <= by, `${a} is not ${b}`);
const sum = (values) => values.reduce((a, b) => a + b, 0);
const mean = (law) => sum(law.map((p, k) => p * k));

test("binomial and Poisson are what the textbook says", () => {
  assert.deepEqual([...laws.binomial(3, 0)], [1, 0, 0, 0]);
  assert.deepEqual([...laws.binomial(3, 1)], [0, 0, 0, 1]);
  [1, 4, 6, 4, 1].forEach((ways, k) => near(laws.binomial(4, 0.5)[k], ways / 16));
  near(laws.binomial(5, 0.2)[1], 5 * 0.2 * 0.8 ** 4);
  near(sum(laws.binomial(4096, 0.3)), 1, 1e-9);
  near(laws.poisson(2, 9)[3], (8 / 6) * Math.exp(-2));
  assert.deepEqual([...laws.poisson(0, 2)], [1, 0, 0]);
  near(sum(laws.poisson(8, 60)), 1);
});

test("Poisson draws follow their law", () => {
  const counts = Array.from(uniform(3, 1, 20000), (u) => laws.poissonDraw(6.5, u));
  assert.ok(laws.totalVariation(laws.shares(counts, 40), laws.poisson(6.5, 40)) < 0.02);
  near(laws.fano(counts).fano, 1, 0.04);
  assert.equal(laws.poissonDraw(0, 0.999), 0);
});

test("counts, intervals and Fano factors of both samplers follow their laws", () => {
  const [steps, draws] = [12, 6000];
  const rates = Float32Array.of(0.03125, 0.25, 0.40625, 0.75, 0.96875, 1, 0);
  for (const sampler of ["bernoulli", "systematic"]) {
    const counts = Array.from(rates, () => []);
    const intervals = Array.from(rates, () => new Float64Array(steps));
    for (let seed = 0; seed < draws; seed++) {
      const spikes = sample(rates, seed, sampler, steps);
      trains.countsOf(spikes, 7).forEach((n, j) => counts[j].push(n));
      rates.forEach((_, j) => trains.intervalsOf(spikes, 7, j, intervals[j]));
    }
    rates.forEach((r, j) => {
      const law = laws.countLaw(sampler, r, steps);
      near(sum(law), 1);
      near(mean(law), r * steps, 1e-6);
      assert.ok(laws.totalVariation(laws.shares(counts[j], steps), law) < 0.03, `${sampler} counts at ${r}`);
      const wanted = laws.expectedIntervals(sampler, r, steps);
      wanted.forEach((n, k) => near(intervals[j][k] / draws, n, 0.05));
      const found = laws.fano(counts[j]).fano;
      if (r === 0) assert.ok(Number.isNaN(found) && Number.isNaN(laws.fanoLaw(sampler, r, steps)));
      else near(found, laws.fanoLaw(sampler, r, steps), 0.06);
    });
  }
});

test("the spread of a Fano factor is what many of them show", () => {
  const [steps, draws, r] = [16, 40, 0.5];
  const found = Array.from({ length: 400 }, (_, k) => {
    const counts = Array.from({ length: draws }, (_, i) => sum([...sample([r], k * draws + i, "bernoulli", steps)]));
    return laws.fano(counts).variance / (steps * r);
  });
  near(Math.sqrt(laws.fano(found).variance), laws.fanoSpread(r, steps, draws), 0.015);
  assert.equal(laws.fanoSpread(1, steps, draws), 0);
});

test("distributions are pooled and compared", () => {
  assert.deepEqual([...laws.pooled([Float64Array.of(1, 0), Float64Array.of(0.5, 0.5)])], [0.75, 0.25]);
  assert.equal(laws.totalVariation([1, 0], [0, 1]), 1);
  assert.deepEqual([...laws.shares([0, 2, 2, 9], 3)], [0.25, 0, 0.5, 0.25]);
});

//                     d0 d1 d2
const SPIKES = Uint8Array.of(0, 1, 0, /**/ 1, 1, 0, /**/ 0, 1, 0, /**/ 1, 0, 0);

test("what is read off a raster", () => {
  assert.deepEqual([...trains.countsOf(SPIKES, 3)], [2, 3, 0]);
  assert.deepEqual([...trains.populationOf(SPIKES, 3)], [1, 2, 1, 1]);
  assert.deepEqual([...trains.firstOf(SPIKES, 3)], [1, 0, 4]);
  assert.deepEqual([...trains.intervalsOf(SPIKES, 3)], [0, 2, 1, 0]);
  assert.deepEqual([...trains.intervalsOf(SPIKES, 3, 0)], [0, 0, 1, 0]);
  assert.deepEqual(trains.ascending([2, 1, 2, 0]), [3, 1, 0, 2]);
});

test("other timing, same counts", () => {
  const column = (spikes, j) => [0, 1, 2, 3].map((t) => spikes[3 * t + j]).join("");
  const wanted = { early: ["1100", "1110", "0000"], late: ["0011", "0111", "0000"], regular: ["0101", "1011", "0000"] };
  for (const [timing, columns] of Object.entries(wanted)) {
    columns.forEach((text, j) =>
      assert.equal(column(trains.retimed(SPIKES, 3, timing, 0), j), text, `${timing} d${j}`),
    );
  }
  const many = sample(new Float32Array(20).fill(0.4), 5, "bernoulli", 16);
  for (const timing of trains.TIMINGS) {
    assert.deepEqual(trains.countsOf(trains.retimed(many, 20, timing, 1), 20), trains.countsOf(many, 20), timing);
  }
  const shuffled = trains.retimed(many, 20, "shuffled", 1);
  assert.notDeepEqual(shuffled, many);
  assert.deepEqual(shuffled, trains.retimed(many, 20, "shuffled", 1));
  assert.notDeepEqual(shuffled, trains.retimed(many, 20, "shuffled", 2));
});

test("edits go into a link and come back, few or many", () => {
  const few = new Set([0, 37, 511]);
  assert.equal(writeFlips(few), "s0.11.e7");
  assert.deepEqual(readFlips(writeFlips(few), 32, 16), few);
  const many = new Set(Array.from({ length: 300 }, (_, i) => (i * 7) % 512));
  assert.ok(writeFlips(many).startsWith("m") && writeFlips(many).length < 90);
  assert.deepEqual(
    [...readFlips(writeFlips(many), 32, 16)],
    [...many].sort((a, b) => a - b),
  );
  assert.equal(writeFlips([]), "");
  assert.deepEqual(readFlips(undefined, 32, 16), new Set());
  const rough = Array.from({ length: 60000 }, (_, i) => i);
  assert.throws(() => writeFlips(rough), LinkError);
});

test("edits of a link mean the same here and in Python", () => {
  for (const { text, steps, dims, cells } of known.flips.good)
    assert.deepEqual([...readFlips(text, steps, dims)], cells, text);
  for (const { text, steps, dims, message } of known.flips.bad) {
    assert.throws(
      () => readFlips(text, steps, dims),
      (error) => error instanceof LinkError && error.message === message,
      message,
    );
  }
});

test("damage of a link means the same here and in Python", () => {
  for (const { text, damage } of known.damage.good) {
    assert.deepEqual(readDamage(text), damage, text);
    assert.equal(writeDamage(damage), text);
  }
  for (const { text, message } of known.damage.bad) {
    assert.throws(
      () => readDamage(text),
      (error) => error instanceof LinkError && error.message === message,
      message,
    );
  }
});

test("flips turn cells and are their own undoing", () => {
  const out = flipped(SPIKES, [0, 1]);
  assert.deepEqual([...out.slice(0, 3)], [1, 0, 0]);
  assert.deepEqual(differingCells(out, SPIKES), [0, 1]);
  assert.deepEqual(flipped(out, [0, 1]), SPIKES);
});

test("differences of pictures, and how much stronger they are shown", () => {
  near(rms([1, -1], [0, 0]), 1);
  assert.equal(gainFor([0, 0], [0.3, -0.1]), 2);
  assert.equal(gainFor([0, 0], [0.01, 0], [0, 0.2]), 4);
  assert.equal(gainFor([0], [1.7]), 1);
  assert.equal(gainFor([0], [1e-6]), 64);
  assert.equal(gainFor([0], [0]), 1);
});

test("axes have round ticks", () => {
  assert.deepEqual(ticks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(-0.5, 16.5, 4, true), [0, 5, 10, 15]);
  assert.deepEqual(ticks(0.5, 3.5, 10, true), [1, 2, 3]);
  assert.deepEqual(ticks(-0.13, 0.31, 3), [0, 0.2]);
  assert.deepEqual(ticks(2, 2), [2]);
  assert.deepEqual([0.123456, 12345, 0, NaN].map(formatNumber), ["0.123", "12300", "0", "–"]);
});

test("a chart says what is under the pointer", () => {
  const same = (v) => v;
  const bars = {
    kind: "bars",
    name: "drawn",
    values: [
      [0, 0.25],
      [10, 0.5],
    ],
  };
  const line = {
    kind: "line",
    name: "law",
    values: [
      [-5, 0],
      [5, 1],
      [15, 0],
    ],
  };
  const dots = {
    kind: "dots",
    values: [
      [10, 0.5],
      [40, 3],
    ],
    titles: ["first", "second"],
  };
  const x = { label: "spikes" };
  const at = (place, marks, y = 99) => readingAt({ x, marks }, { x: place, y }, same, same);
  assert.deepEqual(at(6, [bars, line]), {
    x: 10,
    points: [
      [10, 0.5],
      [10, 0.5],
    ],
    words: "spikes 10: drawn = 0.5; law = 0.5",
  });
  assert.equal(at(-90, [bars]).words, "spikes 0: drawn = 0.25");
  assert.equal(at(2, [line]).words, "spikes 5: law = 1");
  assert.equal(
    at(16, [
      { ...line, name: "" },
      {
        kind: "line",
        values: [
          [16, 7],
          [17, 8],
        ],
      },
    ]).words,
    "spikes 16: 7",
  );
  assert.equal(at(11, [line, dots], 1).words, "first");
  assert.equal(at(11, [line, dots], 60).words, "spikes 15: law = 0");
  assert.equal(at(11, [dots], 60), null);
  assert.equal(
    readingAt({ x: { label: "step", name: (v) => v + 1 }, marks: [bars] }, { x: 0, y: 0 }, same, same).words,
    "step 1: drawn = 0.25",
  );
});
