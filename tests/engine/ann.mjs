/** What the page's engine makes of the cases that test_plain.py wrote: one JSON object, arrays as numbers. */

import { EngineError } from "../../esvae_core/web/engine/errors.js";
import { loadEngine } from "../../esvae_core/web/engine/load.js";
import { cases } from "./cases.mjs";

const refused = (call) => {
  try {
    call();
  } catch (error) {
    return error instanceof EngineError ? error.message : `${error}`;
  }
  return "";
};

const answers = {};
for (const [name, { bundle, image, heights }] of Object.entries(cases)) {
  const engine = await loadEngine(bundle); // no WebAssembly
  answers[name] = {
    hash: engine.hash,
    encoded: Array.from(engine.encode(image).rates),
    decoded: Array.from(engine.decode(engine.sample(heights, 7, "bernoulli", 16), 16)),
    again: Array.from(engine.decodeChanged(heights).image),
    prior: [0, 7, 2 ** 32 - 1].map((seed) => Array.from(engine.priorRates(seed, { temperature: 0.5 }))),
    refused: [
      refused(() => engine.decode(heights.subarray(1))),
      refused(() => engine.decode(heights.map(() => NaN))),
      refused(() => engine.encode(image.subarray(1))),
      refused(() => engine.priorRates(0, { temperature: -1 })),
    ],
  };
}
console.log(JSON.stringify(answers));
