/** Damaged bundles: an error that says what is wrong, or an engine that works; never anything else. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";

import { readBundle } from "../../esvae_core/web/engine/bundle.js";
import { Engine } from "../../esvae_core/web/engine/engine.js";
import { cases, wasm } from "./cases.mjs";

const good = cases.shallow.bundle;
const structures = [good, cases.fitted.bundle];
const module = await WebAssembly.compile(wasm);
const CODES = ["not-a-bundle", "truncated", "version", "content", "damaged", "memory"];

/** With the hash that fits, so that damage gets past it. */
function sealed(bytes) {
  bytes.set(createHash("sha256").update(bytes.subarray(48)).digest(), 16);
  return bytes;
}

function withHeader(change) {
  const length = new DataView(good.buffer).getUint32(12, true);
  const header = JSON.parse(Buffer.from(good.subarray(48, 48 + length)).toString());
  change(header);
  const text = JSON.stringify(header);
  const raw = Buffer.from(text.padEnd(16 * Math.ceil(text.length / 16)));
  const out = new Uint8Array(48 + raw.length + good.length - 48 - length);
  out.set(good.subarray(0, 48));
  out.set(raw, 48);
  out.set(good.subarray(48 + length), 48 + raw.length);
  new DataView(out.buffer).setUint32(12, raw.length, true);
  return sealed(out);
}

/** With the first occurrence of a text replaced by one of the same length. */
function replaced(bytes, text, other) {
  const at = Buffer.from(bytes).indexOf(text);
  const out = bytes.slice();
  out.set(Buffer.from(other), at);
  return out;
}

const altered = (at, value) => good.with(at, value);

test("each kind of damage is named", async () => {
  for (const [bytes, code, message] of [
    [new Uint8Array(), "not-a-bundle", /found no bytes/],
    [Buffer.from("PK and something"), "not-a-bundle", /found another format/],
    ["text", "not-a-bundle", /expected an ArrayBuffer/],
    [good.slice(0, 5), "truncated", /at least 48 bytes, found 5/],
    [good.slice(0, 30), "truncated", /at least 48 bytes, found 30/],
    [good.slice(0, -1), "truncated", /expected at least/],
    [altered(8, 3), "version", /version 3, this engine reads version 2/],
    [altered(8, 1), "version", /version 1, this engine reads version 2/],
    [altered(good.length - 13, 9), "damaged", /does not match its SHA-256/],
    [altered(48, 93), "content", /header: expected JSON/],
    [withHeader((h) => (h.more = 1)), "content", /'model' and 'tensors'/],
    [withHeader((h) => (h.model.image_size = 2 ** 30)), "content", /model: image_size: unexpected 1073741824/],
    [withHeader((h) => (h.model.image_size = 12)), "content", /tensors: expected/],
    [withHeader((h) => (h.model.neuron.threshold = 0)), "content", /model: neuron: threshold: unexpected 0/],
    [withHeader((h) => (h.model.neuron = null)), "content", /model: neuron: leak: unexpected/],
    [withHeader((h) => (h.model.channels = Array(40).fill(1))), "content", /model: channels/],
    [withHeader((h) => (h.model.latent_dim = 4000)), "content", /tensors: expected/],
    [withHeader((h) => (h.model.prior_components = 1)), "content", /tensors: expected/],
    [withHeader((h) => (h.model.prior_components = -1)), "content", /model: prior_components: unexpected -1/],
    [withHeader((h) => delete h.model.prior_snap), "content", /model: prior_snap: unexpected undefined/],
    [withHeader((h) => (h.tensors[1].offset = -16)), "content", /tensors: expected/],
    [sealed(Uint8Array.of(...good, 0)), "content", /expected \d+ bytes, found/],
  ]) {
    await assert.rejects(Engine.load(bytes, module), { name: "EngineError", code, message });
  }
});

test("an odd place in a larger buffer will do", async () => {
  const large = new Uint8Array(good.length + 9);
  large.set(good, 3);
  await Engine.load(large.subarray(3, 3 + good.length), module);
  await Engine.load(good.buffer, module);
});

test("a part is a bundle with some tensors, and refused where it does not hold them", async () => {
  const { parts, bundle, hash } = cases.fitted;
  const whole = await readBundle(bundle);
  const read = await Promise.all(Object.values(parts).map(readBundle));
  const tensors = Object.assign({}, ...read.map((part) => part.tensors));
  assert.deepEqual(tensors, whole.tensors, "to the bit");
  assert.deepEqual(
    read.map((part) => part.hash),
    [hash, hash, hash],
  );
  const { decoder, encoder } = parts;
  for (const [bytes, code, message] of [
    [encoder, "content", /expected the decoder/],
    [decoder.slice(0, -1), "truncated", /expected at least/],
    [decoder.with(decoder.length - 13, decoder.at(-13) ^ 1), "damaged", /does not match its SHA-256/],
    [sealed(replaced(decoder, '"part":"decoder"', '"part":"encoder"')), "content", /tensors: expected the/],
    [sealed(replaced(decoder, '"part":"decoder"', '"part":"elsewhe"')), "content", /header: part: unexpected/],
    [sealed(replaced(decoder, hash.slice(0, 6), "../../")), "content", /header: bundle: unexpected/],
  ]) {
    await assert.rejects(Engine.load(bytes, module), { name: "EngineError", code, message });
  }
  const engine = await Engine.load(decoder, module);
  const strange = await readBundle(cases.shallow.parts.encoder);
  assert.throws(() => engine.add(strange), { name: "EngineError", message: /of another model/ });
});

test("any bytes load or are refused", async () => {
  let state = 7;
  const random = (below) => (state = (state * 16807) % 2147483647) % below;
  let loaded = 0;
  for (let i = 0; i < 1500; i++) {
    const whole = structures[random(2)];
    const bytes = whole.slice(0, i % 4 === 0 ? random(whole.length) : whole.length);
    // mostly where the structure is
    for (let n = random(4); n >= 0; n--)
      bytes[random(i % 3 ? Math.min(1700, bytes.length) : bytes.length)] = random(256);
    try {
      const engine = await Engine.load(i % 2 && bytes.length > 48 ? sealed(bytes) : bytes, module);
      loaded++;
      const { rates, spikes } = engine.encode(new Float32Array(engine.pixels).fill(0.5));
      assert.ok(rates.every((r) => r >= 0 && r <= 1));
      assert.ok(engine.priorRates(i).every((r) => Number.isNaN(r) || (r >= 0 && r <= 1)));
      // altered weights may be huge, so a pixel may be infinity less infinity
      assert.ok(engine.decode(spikes).every((x) => Number.isNaN(x) || Math.abs(x) <= 1));
    } catch (error) {
      assert.equal(error.name, "EngineError", error.stack);
      assert.ok(CODES.includes(error.code), error.code);
    }
  }
  assert.ok(loaded > 50, `${loaded} loaded`);
});
