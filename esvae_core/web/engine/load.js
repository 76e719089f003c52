/** The engine that a bundle needs. */

import { checkDecoder, isAnn, readBundle } from "./bundle.js";
import { Engine } from "./engine.js";
import { AnnEngine } from "./ann.js";
import { PoissonEngine } from "./poisson.js";

const WARM = 3; // pictures after which the browser has compiled the loops: 90 ms the first, 7 ms the fourth

/**
 * @param {ArrayBuffer|Uint8Array} bundle or a part of one, the decoder; `engine.add` takes in the others
 * @param {WasmSource} [wasm] engine.wasm; a model without spikes needs none
 * @returns {Promise<Engine|AnnEngine>}
 * @throws {EngineError} the bundle is not whole, or this browser cannot run it
 */
export async function loadEngine(bundle, wasm) {
  const read = await readBundle(bundle);
  checkDecoder(read);
  const { model, ...rest } = read;
  if (!isAnn(model)) return Engine.of({ model, ...rest }, wasm);
  const engine = new (model.kind === "pvae" ? PoissonEngine : AnnEngine)({ model, ...rest });
  for (let n = 0; n < WARM; n++) engine.decode(new Float32Array(read.model.latent_dim));
  return engine;
}
