/** What the page writes and reads; test_web_exports.py wrote the cases, and opens what is written here. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

import { Engine } from "../../../esvae_core/web/engine/engine.js";
import { crc32, stored, utf8 } from "../../../esvae_core/web/formats/bytes.js";
import { recipeIn } from "../../../esvae_core/web/formats/recipe_files.js";
import { encodeGif } from "../../../esvae_core/web/formats/gif.js";
import { ALPHABET, renderText } from "../../../esvae_core/web/formats/bitmap_font.js";
import { encodeNpz, npy } from "../../../esvae_core/web/formats/npz.js";
import { encodePng } from "../../../esvae_core/web/formats/png.js";
import { pythonFor } from "../../../esvae_core/web/formats/python.js";
import { fromGrid } from "../../../esvae_core/web/math/rates.js";
import {
  cellRates,
  parse,
  pixelCount,
  recipeOf,
  RecipeError,
  seedOf,
  seenIn,
  textOf,
  turnedIn,
  uptoOf,
} from "../../../esvae_core/web/formats/recipe.js";
import { imageGrid, toBytes } from "../../../esvae_core/web/formats/image_grid.js";
import { encodeSvg } from "../../../esvae_core/web/formats/svg.js";
import { latentOf } from "../../../esvae_core/web/math/latent.js";
import { dimensionsCsv, picturesCsv } from "../../../esvae_core/web/formats/csv.js";
import { joinMp4, xmpInMp4 } from "../../../esvae_core/web/formats/mp4.js";
import { joinWebp } from "../../../esvae_core/web/formats/webp.js";
import { betweenTags, xmp } from "../../../esvae_core/web/formats/xmp.js";

const cases = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8"));
const wasm = readFileSync(new URL("../../../esvae_core/web/engine/engine.wasm", import.meta.url));
const place = (name) => join(process.env.ESVAE_OUT, name);
const read = (name) => Uint8Array.from(readFileSync(join(process.env.ESVAE_IN, name)));

/** Why packed npz files cannot be read here; false where they can. Browsers have it all. */
const noRawDeflate = (() => {
  try {
    new DecompressionStream("deflate-raw");
    return false;
  } catch {
    return `Node.js ${process.version} has no raw deflate in DecompressionStream; 20.12 and later do`;
  }
})();

test("letters are Python's", () => {
  assert.equal(ALPHABET, cases.letters.alphabet);
  const { width, ink } = renderText(cases.letters.text);
  assert.equal(width, cases.letters.width);
  assert.deepEqual([...ink], cases.letters.ink);
  assert.equal(renderText("").width, 0);
});

test("sheets are Python's", () => {
  for (const { tiles, layout, width, height, bytes } of cases.sheets) {
    const made = imageGrid(
      tiles.map((tile) => Uint8Array.from(tile)),
      layout,
    );
    assert.deepEqual([made.width, made.height, [...made.bytes]], [width, height, bytes]);
  }
});

test("recipes come back whole, and are Python's text", () => {
  for (const { text, cells, seeds, flips, upto, pixels, size } of cases.recipes) {
    const recipe = parse(text);
    assert.equal(textOf(recipe), text);
    assert.deepEqual(
      cellRates(recipe).map((rates) => [...rates]),
      cells,
    );
    assert.deepEqual(
      cells.map((_, i) => seedOf(recipe, i)),
      seeds,
    );
    assert.deepEqual(
      cells.map((_, i) => turnedIn(recipe, i)),
      flips,
    );
    assert.deepEqual(
      cells.map((_, i) => uptoOf(recipe, i)),
      upto,
    );
    assert.equal(pixelCount(recipe, size), pixels);
    assert.equal(
      textOf(
        recipeOf(
          cells.map((rates) => Uint16Array.from(rates)),
          seeds,
          recipe,
        ),
      ),
      text,
    );
  }
});

test("what Python refuses is refused in one line", () => {
  assert.ok(cases.wrong.length > 25);
  for (const text of cases.wrong) {
    assert.throws(
      () => parse(text),
      (error) => error instanceof RecipeError && !error.message.includes("\n") && error.message.length < 400,
      text.slice(0, 200),
    );
  }
  assert.throws(() => parse("x".repeat(4 * 2 ** 20 + 1)), RecipeError);
});

test("files that Python wrote are read", async () => {
  const files = readdirSync(process.env.ESVAE_IN).filter((name) => name.startsWith("it."));
  assert.deepEqual(files.sort(), ["it.gif", "it.npz", "it.png", "it.webp"]);
  for (const name of files.filter((each) => each !== "it.npz")) {
    assert.equal(textOf(await recipeIn(read(name))), cases.carried, name);
  }
});

test("an npz file that Python wrote is read", { skip: noRawDeflate }, async () => {
  assert.equal(textOf(await recipeIn(read("it.npz"))), cases.carried);
});

test("files without a recipe carry none", async () => {
  for (const name of readdirSync(process.env.ESVAE_IN).filter((each) => each.startsWith("plain."))) {
    assert.equal(await recipeIn(read(name)), null, name);
  }
  assert.equal(await recipeIn(new Uint8Array()), null);
  assert.equal(await recipeIn(utf8("hello")), null);
});

test("damaged files give a recipe, none, or one line", async () => {
  let state = 1;
  const random = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
  for (const name of readdirSync(process.env.ESVAE_IN).filter((each) => each.startsWith("it."))) {
    for (let round = 0; round < 300; round++) {
      const bytes = read(name);
      for (let i = 0; i < 3; i++) bytes[random(bytes.length)] = random(256);
      const cut = random(2) ? bytes : bytes.subarray(0, random(bytes.length));
      try {
        await recipeIn(cut);
      } catch (error) {
        assert.ok(error instanceof RecipeError, `${name}: ${error.stack}`);
      }
    }
  }
});

test("a packed recipe that never ends is refused", { skip: noRawDeflate }, async () => {
  await assert.rejects(recipeIn(read("bomb.npz")), /at most/);
});

for (const { name, bundle, kind, scale } of cases.pictures) {
  test(`pictures of ${name} are written with their recipe, as ${kind}`, async () => {
    const engine = await Engine.load(Uint8Array.from(Buffer.from(bundle, "base64")), wasm);
    const { image_size: size, image_channels: channels, latent_dim: dims } = engine.model;
    const cells = Array.from({ length: 6 }, (_, i) =>
      Uint16Array.from({ length: dims }, (_, j) => (7919 * (i + 1) * (j + 3)) % 46081),
    );
    const captions = kind === "grid" ? cells.map((_, i) => `<${i}> & ü`) : [];
    const layout = { columns: kind === "grid" ? 3 : 6, gap: 2, scale, captions, frame_ms: 120 };
    const flips =
      kind === "grid"
        ? [
            [5, 6, 0],
            [0, 5, 1],
            [0, 6, dims - 1],
          ]
        : [];
    const upto = { strip: [1, 2, 3, 4, 5, 7], film: [3] }[kind] ?? [];
    const recipe = recipeOf(cells, [5, 6, 7, 8, 9, 10], {
      kind,
      checkpoint: { name, sha256: engine.hash },
      sampler: "bernoulli",
      steps: 7,
      flips,
      upto,
      layout,
      versions: { page: "1" },
    });
    const spikes = cells.map((rates, i) =>
      engine.sample(fromGrid(rates), seedOf(recipe, i), recipe.sampler, recipe.steps),
    );
    const tiles = spikes.map((each, i) => toBytes(engine.decode(seenIn(recipe, i, each)), channels));
    const text = textOf(recipe);
    const frames =
      kind === "film"
        ? tiles.map((tile) => imageGrid([tile], { size, channels, scale }))
        : [imageGrid(tiles, { size, channels, ...layout })];
    const files = { gif: encodeGif(frames, 120, text) };
    if (kind !== "film") {
      files.png = await encodePng(frames[0], text);
      files.svg = utf8(encodeSvg(files.png, frames[0], text));
    }
    const shape = channels === 1 ? [6, size, size] : [6, size, size, 3];
    files.npz = encodeNpz({
      images: { values: Uint8Array.from(tiles.flatMap((tile) => [...tile])), shape },
      rates: { values: Float32Array.from(cells.flatMap((rates) => [...fromGrid(rates)])), shape: [6, dims] },
      recipe: { values: utf8(text), shape: [utf8(text).length] },
    });
    for (const [suffix, bytes] of Object.entries(files)) {
      assert.deepEqual(await recipeIn(bytes), recipe, suffix);
      writeFileSync(place(`${name}-${kind}.${suffix}`), bytes);
    }
    writeFileSync(place(`${name}-${kind}.py`), pythonFor(recipe, join(cases.folder, `${name}.safetensors`)));
  });
}

test("the lines for one picture, in the smallest unit", () => {
  const checkpoint = { name: "gray", sha256: "0".repeat(64) };
  const layout = { scale: 10 };
  const about = { kind: "picture", checkpoint, sampler: "systematic", steps: 8, layout };
  const recipe = recipeOf([Uint16Array.of(0, 46080, 23040, 2880, 11520, 0)], [3], about);
  const lines = pythonFor(recipe, join(cases.folder, "gray.safetensors"));
  assert.match(lines, /rates = np.array\(\[\[0, 16, 8, 1, 4, 0\]\]\) \/ 16\n/);
  writeFileSync(place("gray-picture.py"), lines);
  assert.match(pythonFor(recipe, 'a "b" ü\u{1F600}'), /load\("a \\"b\\" \\u00fc\\U0001f600"\)/);
});

test("tables of rates", () => {
  assert.equal(
    dimensionsCsv([0, 46080, 23040], [2880, 46080, 1], latentOf({})),
    "dimension,source_rate,current_rate\n0,0,0.0625\n1,1,1\n2,0.5,0.000022\n",
  );
  writeFileSync(
    place("rates.csv"),
    picturesCsv([Uint16Array.of(0, 46080, 23040), Uint16Array.of(2880, 15360, 1)], latentOf({})),
  );
});

test("a GIF whose table of strings fills up is still right", () => {
  let state = 7;
  const bytes = Uint8Array.from({ length: 300 * 200 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  writeFileSync(place("noise.gif"), encodeGif([{ width: 300, height: 200, channels: 1, bytes }], 100));
  writeFileSync(place("noise.raw"), bytes);
});

test("stored zlib is zlib", () => {
  const bytes = Uint8Array.from({ length: 140_000 }, (_, i) => (i * i) >> 3);
  writeFileSync(place("stored.zlib"), stored(bytes));
  writeFileSync(place("stored.raw"), bytes);
  assert.equal(crc32(utf8("123456789")), 0xcbf43926);
});

test("arrays of each type", () => {
  for (const [name, values] of Object.entries({
    u1: Uint8Array.of(1, 255),
    u2: Uint16Array.of(1, 65535),
    u4: Uint32Array.of(1, 2 ** 32 - 1),
    f4: Float32Array.of(-0.5, 3),
  })) {
    writeFileSync(place(`${name}.npy`), npy(values, [2]));
  }
  writeFileSync(
    place("deep.npy"),
    npy(
      new Uint8Array(24).map((_, i) => i),
      [2, 3, 4],
    ),
  );
});

test("stills without loss become a film", async () => {
  const stills = [0, 1, 2].map((i) => read(`still${i}.webp`));
  writeFileSync(place("film.webp"), joinWebp(stills, { width: 12, height: 8 }, 150, cases.carried));
  writeFileSync(place("still.webp"), joinWebp(stills.slice(0, 1), { width: 12, height: 8 }, 150, cases.carried));
  assert.throws(() => joinWebp([read("lossy.webp")], { width: 12, height: 8 }, 150, ""), /with loss/);
  assert.equal(betweenTags(xmp(`<&>"' ü &amp;`)), `<&>"' ü &amp;`);
});

test("samples become a film that carries its recipe", () => {
  const samples = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)].map((data, i) => ({ data, key: i === 0 }));
  const film = joinMp4(
    samples,
    { width: 12, height: 8 },
    150,
    { description: Uint8Array.of(1, 66, 0, 30) },
    xmp(cases.carried, "ab"),
  );
  writeFileSync(place("film.mp4"), film);
  assert.equal(betweenTags(xmpInMp4(film)), cases.carried);
  for (let length = 0; length < film.length; length++) assert.equal(xmpInMp4(film.subarray(0, length)), "");
});
