/** Spikes, rates and pixels that the page's engine makes of an FSVAE, as test_autoregressive.py asks. */

import { readFileSync } from "node:fs";

import { loadEngine } from "../../esvae_core/web/engine/load.js";
import { cellRates, parse, seedOf, seenIn } from "../../esvae_core/web/formats/recipe.js";
import { toByte } from "../../esvae_core/web/math/image.js";
import { fromGrid } from "../../esvae_core/web/math/rates.js";

const { bundle, recipe: text, seeds, images, steps } = JSON.parse(readFileSync(process.env.ESVAE_CASE, "utf8"));
const wasm = readFileSync(new URL("../../esvae_core/web/engine/engine.wasm", import.meta.url));
const engine = await loadEngine(Buffer.from(bundle, "base64"), wasm);
const recipe = parse(text);
const pixels = cellRates(recipe).flatMap((rates, i) => {
  const drawn = engine.sample(fromGrid(rates), seedOf(recipe, i), recipe.sampler, recipe.steps);
  return Array.from(engine.decode(seenIn(recipe, i, drawn), recipe.steps), toByte);
});
console.log(
  JSON.stringify({
    pixels,
    sampler: engine.model.sampler,
    generated: seeds.map((seed) => [...engine.generate(seed, steps)]),
    priorRates: seeds.map((seed) => [...engine.priorRates(seed)]),
    encoded: images.map((image) => [...engine.encode(image, steps).spikes]),
  }),
);
