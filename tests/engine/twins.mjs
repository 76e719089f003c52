/** What the browser's engine makes of the cases that test_twins.py wrote: one JSON object, arrays as numbers. */

import { Engine } from "../../esvae_core/web/engine/engine.js";
import { cases, wasm } from "./cases.mjs";

const answers = {};
for (const [name, { bundle, image, spikes, steps, rates, seed }] of Object.entries(cases)) {
  const engine = await Engine.load(bundle, wasm);
  const drawn = ["bernoulli", "systematic"].map((sampler) => engine.sample(rates, seed, sampler, steps));
  answers[name] = {
    encoded: Array.from(engine.encode(image, steps).spikes),
    decoded: Array.from(engine.decode(spikes, steps)),
    weights: Array.from(engine.readoutWeights(steps)),
    drawn: drawn.map((train) => Array.from(train)),
  };
}
console.log(JSON.stringify(answers));
