/** Spikes that the page damages as test_damage.py asks. */

import { readFileSync } from "node:fs";

import { damaged } from "../../esvae_core/web/engine/damage.js";

const cases = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8"));
const done = ({ spikes, dims, kind, amount, seed }) => [
  ...damaged(Uint8Array.from(spikes), dims, { kind, amount }, seed),
];
console.log(JSON.stringify(cases.map(done)));
