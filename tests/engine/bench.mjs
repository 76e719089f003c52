/**
 * Milliseconds per call in Node, one thread: node tests/engine/bench.mjs BUNDLE
 * The image is a ring, like a drawn zero; its rates are the encoder's.
 */

import { readFileSync } from "node:fs";

import { Engine } from "../../esvae_core/web/engine/engine.js";

const wasm = readFileSync(new URL("../../esvae_core/web/engine/engine.wasm", import.meta.url));
const engine = await Engine.load(readFileSync(process.argv[2]), wasm);
const size = engine.model.image_size;
const ring = Float32Array.from({ length: engine.pixels }, (_, i) => {
  const [y, x] = [Math.floor(i / size) % size, i % size].map((at) => (at + 0.5) / size - 0.5);
  return 2 * Math.exp(-(((Math.hypot(x * 1.3, y) - 0.25) / 0.05) ** 2)) - 1;
});
const { rates } = engine.encode(ring);

function time(name, call) {
  for (let i = 0; i < 50; i++) call(i);
  const times = Array.from({ length: 300 }, (_, i) => {
    const start = performance.now();
    call(i);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const at = (share) => times[Math.floor(share * times.length)].toFixed(2);
  console.log(`${name.padEnd(32)} median ${at(0.5)}  95th percentile ${at(0.95)}  least ${at(0)}`);
}

const moved = rates.slice();
time("encode", () => engine.encode(ring));
time("sample and decode", (i) => engine.decode(engine.sample(rates, i)));
time("one rate moved by 1/T", (i) => {
  const j = i % moved.length;
  const step = 1 / engine.model.time_steps;
  moved[j] += moved[j] < 0.5 ? step : -step;
  engine.decodeChanged(engine.sample(moved, 7));
});
time("trace of all layers", (i) => engine.trace(engine.sample(rates, i)));
