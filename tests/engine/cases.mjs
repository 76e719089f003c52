/** What test_browser.py wrote for these tests. */

import { readFileSync } from "node:fs";

export const wasm = readFileSync(new URL("../../esvae_core/web/engine/engine.wasm", import.meta.url));

const KINDS = { uint8: Uint8Array, float32: Float32Array };

function unpacked(_, value) {
  if (value?.base64 === undefined) return value;
  return new KINDS[value.kind](Uint8Array.from(Buffer.from(value.base64, "base64")).buffer);
}

export const cases = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8"), unpacked);

const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64"));
for (const known of Object.values(cases)) {
  known.bundle = bytes(known.bundle);
  for (const part in known.parts) known.parts[part] = bytes(known.parts[part]);
}

/** Largest difference of two arrays of equal length. */
export function apart(a, b) {
  if (a.length !== b.length) return Infinity;
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
}
