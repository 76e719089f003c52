/** Two models side by side: which pictures of each, and what is said of them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { latentOf } from "../../../esvae_core/web/math/latent.js";
import {
  comparedRows,
  comparisonWords,
  firstBeside,
  sharedRows,
} from "../../../esvae_core/web/parts/models/compared_rows.js";

const NOISE = { seed: 7, sampler: /** @type {const} */ ("bernoulli"), steps: 16 };
const RATES = { latent: latentOf({}) };
const CODE = { latent: latentOf({ latent: { name: "latent", low: [-4], high: [4], span: 8 } }) };

/** An atlas of the images 10, 11, 12 ..., rows of which have pictures. */
const atlasOf = (dataset, indices, tilePositions) => ({
  dataset,
  indices,
  tilePositions,
  rowOf: (index) => indices.indexOf(index),
  rates: (row) => Uint16Array.of(indices[row]),
  label: (row) => `class of ${indices[row]}`,
});
const entryOf = (name) => ({ name, size: 1, channels: 1 });

/** A session whose pictures say which model made them of what. */
const session = {
  ...RATES,
  entry: entryOf("mine"),
  engine: "mine",
  atlas: atlasOf("digits", [10, 11, 12], [2, 0]),
  store: { state: NOISE },
  pictureIn: ({ engine }, rates) => `${engine} ${rates}`,
  priorRates: (seed, temperature, engine) => `prior ${seed} of ${engine}`,
};
const other = { ...RATES, entry: entryOf("other"), engine: "other", atlas: atlasOf("digits", [12, 13, 10], []) };

test("rows are the same test images in both, those with a picture first, and draws of both priors", () => {
  assert.deepEqual(sharedRows(session.atlas, other.atlas), [2, 0]);
  const originals = { values: Uint8Array.of(0, 0, 255) };
  const { rows, words } = comparedRows(session, other, originals);
  assert.deepEqual(
    rows.map(({ title }) => title),
    ["test images", "mine, decoded", "other, decoded", "mine, samples", "other, samples"],
  );
  assert.deepEqual([...rows[0].images[0]()], [1]);
  assert.deepEqual(rows[2].labels, ["class of 12", "class of 10"]);
  assert.deepEqual(
    rows[2].images.map((make) => make()),
    ["other 12", "other 10"],
  );
  assert.equal(rows[4].images[3](), "other prior 3 of other");
  assert.equal(rows[4].images.length, 10);
  assert.equal(words, "Noise seed 7, bernoulli, T = 16; the first 10 of each; nothing chosen.");
});

test("models of other data are compared by samples alone", () => {
  const { rows, words } = comparedRows(session, { ...other, atlas: atlasOf("letters", [10], [0]) }, null);
  assert.equal(rows.length, 2);
  assert.match(words, /only samples are shown\.$/);
  assert.throws(() => comparedRows(session, { ...other, engine: null }, null), /^Error: this page cannot run it$/);
});

test("what is said of the noise", () => {
  assert.match(comparisonWords([RATES, CODE], NOISE, true), /^Noise seed 7; a model without spikes has no noise/);
  assert.match(comparisonWords([CODE, CODE], NOISE, true), /^No noise in either; the first 10/);
});

test("the first model beside one is of the same data, and if possible of the same kind", () => {
  const model = (name, dataset, kind, dims = 8) => ({ name, dataset, kind, dims });
  const entry = model("mine", "mnist", "esvae");
  const ann = model("ann", "mnist", "annvae");
  const spiking = model("spiking", "mnist", "esvae");
  assert.equal(firstBeside([model("x", "digits", "esvae"), ann, spiking], entry), spiking);
  assert.equal(firstBeside([ann, model("unreadable", "mnist", "esvae", 0)], entry), ann);
  assert.equal(firstBeside([model("x", "digits", "esvae")], entry), undefined);
});
