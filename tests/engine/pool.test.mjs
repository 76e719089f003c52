/** The worker pool, on Node's workers. */

import assert from "node:assert/strict";
import test from "node:test";
import { Worker } from "node:worker_threads";

import { Engine } from "../../esvae_core/web/engine/engine.js";
import { Pool } from "../../esvae_core/web/engine/pool.js";
import { cases, wasm } from "./cases.mjs";

/** A Node worker that looks like a browser's. */
function spawn() {
  const worker = new Worker(new URL("pool_worker.mjs", import.meta.url));
  const like = { postMessage: (m) => worker.postMessage(m), terminate: () => worker.terminate() };
  worker.on("message", (data) => like.onmessage({ data }));
  worker.on("error", (error) => like.onerror(error));
  return like;
}

const { bundle, image, rates, spikes } = cases.published;
const options = { size: 2, spawn };

test("many at once, as one alone", async () => {
  const engine = await Engine.load(bundle, wasm);
  const pool = await Pool.load(bundle, wasm, options);
  const seeds = Array.from({ length: 20 }, (_, i) => i);
  const played = await Promise.all(seeds.map((seed) => pool.run("play", rates, seed)));
  played.forEach((got, seed) => {
    assert.deepEqual(got.spikes, engine.sample(rates, seed));
    assert.deepEqual(got.image, engine.decode(got.spikes));
  });
  assert.deepEqual(await pool.run("encode", image), engine.encode(image));
  assert.deepEqual(await pool.run("decode", spikes), engine.decode(spikes));
  assert.deepEqual(await pool.run("trace", spikes), engine.trace(spikes));
  pool.close();
});

test("each spike turned alone, as by plain decoding", async () => {
  const engine = await Engine.load(bundle, wasm);
  const pool = await Pool.load(bundle, wasm, options);
  const before = engine.decode(spikes);
  const steps = spikes.length / engine.model.latent_dim;
  const found = await pool.run("flips", Uint8Array.from(spikes), steps, 3, 23);
  found.forEach((effect, k) => {
    const turned = Uint8Array.from(spikes);
    turned[3 + k] ^= 1;
    const wanted = Math.sqrt(
      engine.decode(turned).reduce((sum, v, i) => sum + (v - before[i]) ** 2, 0) / before.length,
    );
    assert.ok(Math.abs(effect - wanted) < 1e-6, `${effect} is not ${wanted}`);
  });
  assert.ok(found.some((effect) => effect > 0));
  pool.close();
});

test("the newest wins", async () => {
  const pool = await Pool.load(bundle, wasm, { ...options, size: 1 });
  const other = pool.run("play", rates, 100);
  const live = [1, 2, 3].map((seed) => pool.latest("preview", "play", rates, seed));
  const elsewhere = pool.latest("strip", "play", rates, 4);
  assert.deepEqual(
    (await Promise.all(live)).map((x) => x === null),
    [true, true, false],
  );
  assert.deepEqual((await live[2]).spikes, await pool.run("sample", rates, 3));
  assert.notEqual(await other, null);
  assert.notEqual(await elsewhere, null);
  pool.close();
});

test("errors come back, and the pool goes on", async () => {
  const pool = await Pool.load(bundle, wasm, options);
  await assert.rejects(pool.run("decode", [1, 2, 3], 4), { name: "EngineError", code: "input", message: /^spikes/ });
  await assert.rejects(pool.run("constructor"), { code: "input", message: /no call 'constructor'/ });
  await assert.rejects(
    pool.run("decode", () => 1),
    { code: "input", message: /cannot be sent/ },
  );
  assert.equal((await pool.run("encode", image)).rates.length, rates.length);
  const waiting = pool.run("encode", image);
  pool.close();
  await assert.rejects(waiting, { code: "wasm", message: "pool: closed" });
  await assert.rejects(pool.run("encode", image), { code: "wasm", message: /^pool: closed/ });
  await assert.rejects(Pool.load(bundle.slice(0, 99), wasm, options), { code: "truncated" });
});

test("a worker that fails takes only its own call along", async () => {
  const workers = [];
  const pool = await Pool.load(bundle, wasm, { size: 2, spawn: () => (workers.push(spawn()), workers.at(-1)) });
  const calls = [pool.run("encode", image), pool.run("encode", image), pool.run("encode", image)];
  workers[0].onerror(new Error("out of memory"));
  const ends = await Promise.allSettled(calls); // which of the first two it had depends on who loaded first
  const size = pool.size;
  pool.close();
  const [lost, ...others] = ends.map((end) => end.reason?.message).filter(Boolean);
  assert.equal(lost, "pool: a worker failed: out of memory");
  assert.deepEqual(others, []);
  const [one, two] = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  assert.deepEqual(one, two);
  assert.equal(size, 1);
});
