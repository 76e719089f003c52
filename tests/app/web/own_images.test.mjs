/** The ground of images, pins of samples, links in files, and figures that are there twice. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { figurePdf } from "../../../esvae_core/web/formats/pdf.js";
import { figureSvg } from "../../../esvae_core/web/formats/svg.js";
import { linkIn } from "../../../esvae_core/web/formats/link_files.js";
import { groundOf, lightness, looksInverted } from "../../../esvae_core/web/math/image.js";
import { distinct } from "../../../esvae_core/web/parts/models/model_card.js";
import { readPins, writePins } from "../../../esvae_core/web/parts/generate/pins.js";
import { decodeState, encodeState } from "../../../esvae_core/web/state/url_state.js";

const utf8 = (text) => new TextEncoder().encode(text);

/** One image: a square on a ground. */
function square(ground, ink, [side, channels] = [8, 1]) {
  return Uint8Array.from({ length: side * side * channels }, (_, i) => {
    const [x, y] = [Math.floor(i / channels) % side, Math.floor(i / channels / side)];
    return Math.min(x, y) > 1 && Math.max(x, y) < side - 2 ? ink[i % channels] : ground[i % channels];
  });
}

test("the ground is what most of the border has, whatever the middle is", () => {
  assert.deepEqual(groundOf(square([0], [255]), [1, 8, 8, 1]), [0]);
  assert.deepEqual(groundOf(square([250, 10, 20], [0, 0, 0], [8, 3]), [1, 8, 8, 3]), [250, 10, 20]);
  const two = new Uint8Array([...square([255], [0]), ...square([255], [0]), ...square([0], [255])]);
  assert.deepEqual(groundOf(two, [3, 8, 8, 1]), [255]);
});

test("photographs have no ground in common", () => {
  const noise = Uint8Array.from({ length: 4 * 64 }, (_, i) => (i * 97) % 256);
  assert.equal(groundOf(noise, [4, 8, 8, 1]), null);
});

test("only light against dark looks inverted", () => {
  assert.ok(looksInverted([255], [0]));
  assert.ok(looksInverted([0], [250]));
  assert.ok(!looksInverted([0], [20]));
  assert.ok(!looksInverted([120], [0]));
  assert.ok(!looksInverted(null, [0]));
  assert.ok(!looksInverted([255], null));
  assert.equal(Math.round(lightness([255, 255, 255])), 255);
});

test("pins keep place, seed and temperature, and read those of before", () => {
  const pins = new Map([
    [0, { seed: 12, temperature: 0.55 }],
    [7, { seed: 1_000_345, temperature: 1 }],
  ]);
  assert.equal(writePins(pins), "0-12-55 7-1000345-100");
  assert.deepEqual(readPins(writePins(pins), 2), pins);
  assert.deepEqual(readPins("3-4", 0.3), new Map([[3, { seed: 4, temperature: 0.3 }]]));
  assert.equal(readPins("x 1 -1-2 1-99999999999 1-2-900 1-2-3-4 1-4294967295", 1).size, 0);
});

const STATE = {
  model: "a model (1), ü&<b>",
  source: { kind: "own", rates: Uint16Array.of(1, 2, 3) },
  rates: Uint16Array.of(4, 5, 46080),
  seed: 7,
  sampler: "systematic",
  steps: 12,
  order: "usage",
  view: { neuron: "2", note: "it's (so)" },
};
const FIGURE = { width: 10, height: 10, ground: [255, 255, 255, 1], title: "t", words: "w", shapes: [] };

test("charts and pages carry what is on the screen", async () => {
  const text = encodeState(STATE);
  const address = `http://127.0.0.1:8501/spikes?embed=true&s=${text.replaceAll("%", "%25")}`;
  for (const content of [await figureSvg(FIGURE, address), await figurePdf(FIGURE, address)]) {
    const found = linkIn(typeof content === "string" ? utf8(content) : content);
    assert.equal(found, text);
    assert.deepEqual(decodeState(found), STATE);
  }
  assert.equal(
    linkIn(utf8(`<!doctype html><script>{"view": "spikes", "link": "${text}", "bundle": ""}</script>`)),
    text,
  );
});

test("files without a link have none", async () => {
  for (const text of ["", "<svg/>", "<!doctype html>", "2~aaa", "<svg>?s=2~%E0%A4%A</svg>", "%PDF-1.4"])
    assert.equal(linkIn(utf8(text)), "");
  assert.equal(linkIn(utf8(await figureSvg(FIGURE))), "");
});

test("figures that are alike under both samplers are there once, without the sampler's name", () => {
  const figure = (name, value, sampler) => ({ name, value, protocol: `T = 16, ${sampler} sampling, seed 0` });
  const both = ["bernoulli", "systematic"];
  const metrics = both.flatMap((sampler, k) => [figure("mse", 0.1 + k, sampler), figure("mmd_biased", 0.008, sampler)]);
  assert.deepEqual(distinct(metrics), [
    metrics[0],
    { name: "mmd_biased", value: 0.008, protocol: "T = 16, seed 0" },
    metrics[2],
  ]);
});
