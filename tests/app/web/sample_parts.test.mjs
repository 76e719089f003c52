/** What Generate does without a screen: settings in the link, draws of the prior, samples held at a value. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { controlUse, heldAt, middleOf, rangeOf } from "../../../esvae_core/web/parts/generate/control_use.js";
import { DrawnSamples } from "../../../esvae_core/web/parts/generate/drawn_samples.js";
import {
  sampleSettings,
  samplesKey,
  sampleWords,
  settingWithin,
} from "../../../esvae_core/web/parts/generate/sample_settings.js";
import { viewWith } from "../../../esvae_core/web/state/store.js";

const CLASSES = ["one", "two"];

test("settings are what the link says, within their limits", () => {
  const usual = { rows: 5, columns: 10, from: 0, heat: 1, label: "", sort: false, pinned: new Map() };
  assert.deepEqual(sampleSettings({}, CLASSES), usual);
  const view = { rows: "99", columns: "0", from: "7", heat: "3", like: "two", sort: "1", pins: "4-9" };
  assert.deepEqual(sampleSettings(view, CLASSES), {
    rows: 12,
    columns: 10, // 0 is none
    from: 7,
    heat: 2,
    label: "two",
    sort: true,
    pinned: new Map([[4, { seed: 9, temperature: 2 }]]),
  });
  assert.deepEqual(sampleSettings({ rows: "x", like: "three" }, CLASSES), usual);
  assert.deepEqual([settingWithin("columns", 3.6), settingWithin("from", -1)], [4, 0]);
});

test("an entry of the link is changed or forgotten", () => {
  assert.deepEqual(viewWith({ rows: "3", sort: "1" }, { sort: null, like: "", heat: "0.5" }), {
    rows: "3",
    heat: "0.5",
  });
});

test("samples are drawn anew when what they depend on changes, and only then", () => {
  const state = { view: { rows: "3" }, seed: 1, sampler: "bernoulli", steps: 16, rates: Uint16Array.of(1) };
  const key = samplesKey(state, "");
  assert.equal(samplesKey({ ...state, rates: Uint16Array.of(2), view: { rows: "3", tab: "draw" } }, ""), key);
  for (const other of [{ seed: 2 }, { sampler: "systematic" }, { steps: 8 }, { view: { rows: "3", pins: "1-2" } }])
    assert.notEqual(samplesKey({ ...state, ...other }, ""), key);
  assert.notEqual(samplesKey(state, "slant"), key);
});

test("how many samples were found, in words", () => {
  const settings = sampleSettings({ rows: "1", columns: "2", from: "5" }, []);
  assert.equal(sampleWords(2, settings), "2 samples, seeds from 5 on.");
  assert.equal(
    sampleWords(1, { ...settings, label: "one" }),
    "1 sample, seeds from 5 on; those whose 5 nearest test images are mostly “one”; more of that class were not found.",
  );
});

/** A session whose prior gives rates of a seed; `fails` keeps the prior from loading. */
function pretendSession({ counts = false, fails = "" } = {}) {
  let here = false;
  const need = async () => {
    if (fails) throw new Error(fails);
    here = true;
  };
  return {
    engine: { has: () => here },
    atlas: null,
    latent: { counts },
    store: { state: { seed: 3 } },
    need,
    priorRates: (seed, temperature) => Uint16Array.of(seed, 100 * temperature),
  };
}
const PLAIN = { move: (rates) => rates, holds: () => false, hold: async () => [] };
const SETTINGS = sampleSettings({ rows: "1", columns: "3", from: "10", heat: "0.5", pins: "1-77-150" }, []);

test("samples are draws of the seeds in turn, pinned ones at their own temperature", async () => {
  const said = [];
  const samples = new DrawnSamples(pretendSession(), PLAIN, (words) => said.push(words));
  assert.equal(await samples.draw(SETTINGS), true);
  assert.deepEqual(
    samples.cells.map(({ rates, pinned }) => [...rates, pinned]),
    [
      [10, 50, false],
      [77, 150, true],
      [12, 50, false],
    ],
  );
  assert.deepEqual(said, ["Loading the prior …", "3 samples, seeds from 10 on."]);
  assert.deepEqual(samples.noiseSeeds(), [3]);
});

test("counts have a noise seed for each sample, and are held under it", async () => {
  const asked = [];
  const hold = async (given) => {
    asked.push(...given.map(({ seed }) => seed));
    return given.map(() => Uint16Array.of(9));
  };
  const steer = { ...PLAIN, holds: () => true, hold };
  const samples = new DrawnSamples(pretendSession({ counts: true }), steer, () => {});
  assert.equal(await samples.draw(SETTINGS), true);
  assert.deepEqual(samples.noiseSeeds(), [10, 77, 12]);
  assert.deepEqual(asked, [10, 77, 12]);
  assert.deepEqual([...samples.cells[0].rates], [9]);
});

test("a draw that is not wanted any more, or has no prior, leaves the samples as they are", async () => {
  const samples = new DrawnSamples(pretendSession(), PLAIN, () => {});
  const early = samples.draw(SETTINGS);
  const late = samples.draw({ ...SETTINGS, from: 20 });
  assert.deepEqual([await early, await late], [false, true]);
  assert.equal(samples.cells[0].seed, 20);
  const said = [];
  const none = new DrawnSamples(pretendSession({ fails: "no network" }), PLAIN, (words) => said.push(words));
  assert.equal(await none.draw(SETTINGS), false);
  assert.equal(said.at(-1), "There are no samples: no network.");
  const gone = { ...PLAIN, holds: () => true, hold: () => Promise.reject(new Error("workers are gone")) };
  assert.equal(await new DrawnSamples(pretendSession(), gone, () => {}).draw(SETTINGS), false);
});

// ---- controls ----------------------------------------------------------------------------------------------------

/** A control that adds 100 for each amount. */
const SLANT = {
  name: "slant",
  reach: [-2, 2],
  size: 10,
  apply: (rates, amount) => rates.map((rate) => rate + 100 * amount),
};
const VALUES = Float32Array.from({ length: 101 }, (_, i) => i);

test("values of the test images, without the rarest at either end", () => {
  assert.deepEqual([middleOf(VALUES), ...rangeOf(VALUES)], [50, 2, 98]);
});

test("a control moves samples by an amount, or holds them at a value, within what it reaches", () => {
  const use = (view, values = VALUES) => controlUse(view, [SLANT], () => values);
  assert.equal(use({}), null);
  assert.equal(use({ steer: "width" }), null);
  assert.deepEqual(use({ steer: "slant" }), { control: SLANT, amount: 0, value: null, range: [-2, 2] });
  assert.equal(use({ steer: "slant", by: "9" }).amount, 2);
  assert.equal(use({ steer: "slant", by: "x" }).amount, 0);
  assert.deepEqual(use({ steer: "slant", hold: "40" }), { control: SLANT, amount: 0, value: 40, range: [2, 98] });
  assert.equal(use({ steer: "slant", hold: "1000" }).value, 98);
  assert.equal(use({ steer: "slant", hold: "40" }, null).value, null);
});

test("samples are measured and moved until they have the value, as far as the control reaches", async () => {
  const measured = async (samples) => samples.map(({ rates }) => (rates[0] ? rates[0] / 10 : NaN));
  const samples = [1000, 900, 0, 100].map((rate, seed) => ({ rates: Uint16Array.of(rate), seed }));
  const held = await heldAt(samples, { control: SLANT, value: 105 }, measured);
  assert.deepEqual(
    held.map(([rate]) => rate),
    [1050, 1050, 0, 300],
  );
});
