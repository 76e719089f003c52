/** The engine against the NumPy reference. */

import assert from "node:assert/strict";
import test from "node:test";

import { compile, Engine, MAX_STEPS, supported } from "../../esvae_core/web/engine/engine.js";
import { readBundle } from "../../esvae_core/web/engine/bundle.js";
import { apart, cases, wasm } from "./cases.mjs";

const TANH = 2e-7; // two libraries' tanh; all before it is equal to the last bit

for (const [name, known] of Object.entries(cases)) {
  const engine = await Engine.load(known.bundle, wasm);

  test(`${name}: encode`, () => {
    const { rates, spikes } = engine.encode(known.image);
    assert.deepEqual(spikes, known.encoder_spikes);
    assert.deepEqual(rates, known.rates);
    assert.equal(engine.hash, known.hash);
  });

  test(`${name}: decode`, () => {
    assert.ok(apart(engine.decode(known.spikes, known.steps), known.decoded) <= TANH);
    assert.deepEqual(engine.decode(known.spikes), engine.decode(Array.from(known.spikes), known.steps));
  });

  test(`${name}: in parts, as they come`, async () => {
    const { parts, spikes, steps, image } = known;
    const late = await Engine.load(parts.decoder, wasm);
    const missing = { name: "EngineError", code: "input", message: /has not been loaded/ };
    assert.throws(() => late.encode(image), missing);
    assert.throws(() => late.traceEncode(image), missing);
    assert.throws(() => late.priorRates(1), missing);
    const { image: picture } = late.decodeChanged(spikes, steps);
    assert.deepEqual(picture, engine.decode(spikes, steps));
    for (const part of ["encoder", "prior"]) {
      assert.equal(late.has(part), false);
      late.add(await readBundle(parts[part]));
      late.add(await readBundle(parts[part])); // once more changes nothing
      assert.equal(late.has(part), true);
    }
    assert.equal(late.hash, engine.hash);
    assert.deepEqual(late.encode(image), engine.encode(image));
    assert.deepEqual(late.priorRates(7), engine.priorRates(7));
    assert.deepEqual(late.decodeChanged(spikes, steps).image, picture);
    assert.deepEqual(late.traceEncode(image).layers, engine.traceEncode(image).layers);
    assert.deepEqual(late.decode(spikes, steps), picture);
  });

  test(`${name}: trace`, () => {
    const decoder = engine.trace(known.spikes, known.steps);
    const layers = { ...engine.traceEncode(known.image).layers, ...decoder.layers };
    assert.deepEqual(Object.keys(layers), Object.keys(known.layers));
    for (const [layer, run] of Object.entries(known.layers)) {
      assert.deepEqual(layers[layer].shape, run.shape, layer);
      assert.deepEqual(layers[layer].spikes, run.spikes, layer);
      assert.equal(apart(layers[layer].membranes, run.membranes), 0, layer);
    }
    assert.ok(apart(decoder.images, known.formed) <= TANH);
    assert.deepEqual(Object.keys(engine.trace(known.spikes, known.steps, ["decoder.0"]).layers), ["decoder.0"]);
  });

  test(`${name}: prior`, () => {
    for (const { seed, temperature, prior, rates } of known.prior) {
      assert.ok(
        apart(engine.priorRates(seed, { temperature, prior }), rates) <= 1e-6,
        `${seed} ${temperature} ${prior}`,
      );
    }
    assert.deepEqual(engine.priorRates(7), engine.priorRates(7, { temperature: 1 }));
  });

  test(`${name}: decode after a change is decode`, () => {
    const d = engine.model.latent_dim;
    let state = 1;
    const random = () => (state = (state * 16807) % 2147483647) / 2147483647;
    const rates = Float32Array.from({ length: d }, random);
    let [before, steps, resumed] = [null, 13, 0];
    for (let move = 0; move < 60; move++) {
      if (move % 20 === 19) [steps, before] = [steps === 13 ? 21 : 13, null];
      if (move % 7) rates[Math.floor(random() * d)] = random();
      const spikes = engine.sample(rates, 5, move % 11 ? "bernoulli" : "systematic", steps);
      const { image, gained, lost, from } = engine.decodeChanged(spikes, steps);
      assert.deepEqual(image, engine.decode(spikes, steps)); // which must not disturb what is kept
      if (move % 5 === 0) engine.encode(known.image);
      const differ = (a, b) => Array.from(spikes.keys()).filter((i) => before && before[i] === a && spikes[i] === b);
      assert.deepEqual([...gained], differ(0, 1));
      assert.deepEqual([...lost], differ(1, 0));
      if (before && gained.length + lost.length === 0) assert.equal(from, steps);
      resumed += from > 0 && from < steps;
      before = spikes;
    }
    assert.ok(resumed > 0);
  });
}

test("what is handed out stays as it was", async () => {
  const { bundle, spikes } = cases.published;
  const engine = await Engine.load(bundle, wasm);
  const first = engine.decodeChanged(spikes).image;
  const copy = first.slice();
  first.fill(9);
  assert.deepEqual(engine.decodeChanged(spikes).image, copy);
});

test("a time slider does not eat memory", async () => {
  const engine = await Engine.load(cases.published.bundle, wasm);
  const rates = new Float32Array(8).fill(0.5);
  for (let steps = 1; steps <= 64; steps++) engine.decodeChanged(engine.sample(rates, 1, "bernoulli", steps), steps);
  const { image } = engine.decodeChanged(engine.sample(rates, 1, "bernoulli", MAX_STEPS), MAX_STEPS);
  assert.ok(image.every((x) => Math.abs(x) <= 1));
});

test("wrong input is refused", async () => {
  const engine = await Engine.load(cases.published.bundle, wasm);
  const refused = (call, message) => assert.throws(call, { name: "EngineError", code: "input", message });
  refused(() => engine.encode(new Float32Array(5)), "image: expected 1024 numbers, got 5");
  refused(() => engine.encode(new Float32Array(1024).fill(NaN)), "image: expected finite numbers, got NaN");
  refused(() => engine.encode(null), "image: expected 1024 numbers, got undefined");
  refused(() => engine.encode(new Float32Array(1024), 0), /^time steps: expected a whole number from 1 to 4096, got 0/);
  refused(() => engine.decode(new Uint8Array(9), 1), "spikes: expected T x 8 numbers, got 9 for T = 1");
  refused(() => engine.decode(undefined, 2), /^spikes: expected T x 8 numbers, got undefined/);
  refused(() => engine.decode(new Uint8Array(8), 2 ** 31), /^time steps/);
  refused(() => engine.sample([0.5], 1), "rates: expected 8 numbers, got 1");
  refused(() => engine.sample(new Array(8).fill(2), 1), "rates: expected numbers in [0, 1], got 2 at 0");
  refused(() => engine.sample(new Array(8).fill(0), -1), "seed: expected 0 to 4294967295, got -1");
  refused(() => engine.sample(new Array(8).fill(0), 1, "poisson"), /^sampler: expected 'bernoulli' or 'systematic'/);
  refused(() => engine.priorRates(-1), "seed: expected 0 to 4294967295, got -1");
  refused(
    () => engine.priorRates(1, { temperature: -1 }),
    "temperature: expected a finite number of 0 or more, got -1",
  );
  refused(() => engine.priorRates(1, { prior: "fitted" }), "prior: this model has no fitted one");
  refused(() => engine.priorRates(1, { prior: "mixed" }), "prior: expected 'learned' or 'fitted', got mixed");
  refused(
    () => engine.trace(new Uint8Array(8), 1, ["decoder.9"]),
    /^layer decoder.9: not known; there are from_latent/,
  );
});

test("a browser without SIMD gets a clear word", async () => {
  assert.ok(supported());
  const { validate } = WebAssembly;
  try {
    WebAssembly.validate = () => false;
    await assert.rejects(compile(wasm), { name: "EngineError", code: "no-simd", message: /no WebAssembly SIMD/ });
  } finally {
    WebAssembly.validate = validate;
  }
  await assert.rejects(compile(Uint8Array.of(1, 2, 3)), { code: "wasm", message: /engine.wasm: cannot be loaded/ });
});
