/** Files of pictures: they carry the recipe of what was on the screen when the menu opened. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { recipeIn } from "../../../esvae_core/web/formats/recipe_files.js";
import { cellRates } from "../../../esvae_core/web/formats/recipe.js";
import { latentOf } from "../../../esvae_core/web/math/latent.js";
import { GRID } from "../../../esvae_core/web/math/rates.js";
import { PictureFiles } from "../../../esvae_core/web/parts/shared/export_files.js";

const RATES = Uint16Array.of(GRID, GRID / 2);
const LAYOUT = { scale: 2, gap: 3, captions: true };

/** A model of two dimensions and 2 x 2 pixels: each image is as bright as its first rate. */
function session(latent = null) {
  const entry = { name: "m", hash: "ab".repeat(32), dims: 2, size: 2, channels: 1, latent };
  const engine = {
    sample: (rates) => Uint8Array.from(rates, (r) => Math.round(8 * r)),
    decode: ([first]) => new Float32Array(4).fill(first / 4 - 1),
  };
  const state = { source: { kind: "own", rates: RATES }, rates: RATES, sampler: "systematic", steps: 8 };
  return { entry, engine, latent: latentOf(entry), store: { state }, ratesOf: ({ rates }) => rates };
}

const one = { kind: "picture", name: "picture", cells: [RATES], seeds: [7] };
const two = { kind: "grid", name: "two", cells: [RATES, Uint16Array.of(0, 0)], seeds: [7], captions: ["a", "b"] };

test("a picture carries its recipe, of the state when the menu was opened", async () => {
  const opened = session();
  const files = new PictureFiles(opened, one, () => LAYOUT);
  opened.store.state = { ...opened.store.state, steps: 4, sampler: "bernoulli" };
  const recipe = await recipeIn(await files.png());
  assert.deepEqual([recipe.kind, recipe.steps, recipe.sampler, recipe.seeds], ["picture", 8, "systematic", [7]]);
  assert.deepEqual(cellRates(recipe), [RATES]);
  assert.deepEqual(recipe.layout, { columns: 1, gap: 0, scale: 2, captions: [], frame_ms: 100 });
  assert.deepEqual(await recipeIn(new TextEncoder().encode(await files.svg())), recipe);
});

test("the layout is what the fields say when a file is made", () => {
  let captions = true;
  const files = new PictureFiles(session(), { ...two, columns: 1, frame_ms: 50 }, () => ({ ...LAYOUT, captions }));
  assert.deepEqual(files.recipe().layout, { columns: 1, gap: 3, scale: 2, captions: ["a", "b"], frame_ms: 50 });
  assert.deepEqual(files.recipe("film").layout.captions, []);
  captions = false;
  assert.deepEqual(files.recipe().layout.captions, []);
});

test("a film has a frame of each picture", async () => {
  const film = await new PictureFiles(session(), two, () => LAYOUT).gif();
  assert.equal((await recipeIn(film)).kind, "film");
  assert.deepEqual([film[6], film[8]], [4, 4]); // 2 x 2 pixels, each doubled
  const frames = film.filter((byte, i) => byte === 0x21 && film[i + 1] === 0xf9 && film[i + 2] === 4);
  assert.equal(frames.length, 2);
});

test("too many pixels are refused in a line", async () => {
  const large = session();
  large.entry.size = 512;
  const files = new PictureFiles(large, one, () => ({ ...LAYOUT, scale: 32 }));
  await assert.rejects(files.png(), /more than 67 million pixels; take a smaller scale/);
});

test("a table of one picture has a line for each dimension, of several one for each picture", async () => {
  const single = await new PictureFiles(session(), one, () => LAYOUT).csv();
  const several = await new PictureFiles(session(), two, () => LAYOUT).csv();
  const [first, second] = [single, several].map((text) => String(text).trim().split("\n"));
  assert.deepEqual([first.length, second.length], [3, 3]);
  assert.match(second[0], /rate_0,rate_1$/);
});

test("arrays are called after the latent", async () => {
  const names = async (latent) => {
    const bytes = await new PictureFiles(session(latent), one, () => LAYOUT).npz();
    return Buffer.from(bytes)
      .toString("latin1")
      .match(/\w+(?=\.npy)/g);
  };
  assert.deepEqual([...new Set(await names(null))], ["images", "rates", "recipe"]);
  const numbers = { name: "number", low: [-4, -4], high: [4, 4], span: 8 };
  assert.deepEqual([...new Set(await names(numbers))], ["images", "latent", "recipe"]);
});
