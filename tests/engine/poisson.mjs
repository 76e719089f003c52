/** Pixels and spikes that the page's engine makes of the recipe that test_poisson.py wrote. */

import { readFileSync } from "node:fs";

import { loadEngine } from "../../esvae_core/web/engine/load.js";
import { cellRates, parse, seedOf, seenIn } from "../../esvae_core/web/formats/recipe.js";
import { toByte } from "../../esvae_core/web/math/image.js";
import { fromGrid } from "../../esvae_core/web/math/rates.js";

const { bundle, recipe: text } = JSON.parse(readFileSync(process.env.ESVAE_CASE, "utf8"));
const engine = await loadEngine(Buffer.from(bundle, "base64")); // no WebAssembly
const recipe = parse(text);
const spikes = cellRates(recipe).map((rates, i) =>
  engine.sample(fromGrid(rates), seedOf(recipe, i), recipe.sampler, recipe.steps),
);
const pixels = spikes.flatMap((each) => Array.from(engine.decode(each, recipe.steps), toByte));
const harmed = { ...recipe, damage: { kind: "delete", amount: 33 } };
const damaged = spikes.flatMap((each, i) => Array.from(engine.decode(seenIn(harmed, i, each), recipe.steps), toByte));
console.log(JSON.stringify({ pixels, damaged, spikes: spikes.map((each) => Array.from(each)) }));
