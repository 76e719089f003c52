/** The engine that a bundle needs. */

import { isPlain, readBundle } from "./bundle.js";
import { Engine } from "./engine.js";
import { PlainEngine } from "./plain.js";

/**
 * @param {ArrayBuffer|Uint8Array} bundle
 * @param {BufferSource|WebAssembly.Module|URL|string} [wasm] engine.wasm; a model without spikes needs none
 * @returns {Promise<Engine|PlainEngine>}
 * @throws {EngineError} the bundle is not whole, or this browser cannot run it
 */
export async function loadEngine(bundle, wasm) {
  const read = await readBundle(bundle);
  return isPlain(read.model) ? new PlainEngine(read) : Engine.of(read, wasm);
}
