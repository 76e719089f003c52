/**
 * What passes between a pool and its workers; defined here and nowhere else.
 *
 *     request  {version, id, call, args}     call: 'load', or a name of CALLS
 *     answer   {version, id, value}  or  {version, id, error: {code, message}}
 */

import { EngineError } from "./errors.js";
import { loadEngine } from "./load.js";

export const VERSION = 1;

/** Calls that need no memory of earlier ones, so that any worker may answer: (engine, ...args) -> value. */
const CALLS = {
  encode: (engine, ...args) => engine.encode(...args),
  decode: (engine, ...args) => engine.decode(...args),
  sample: (engine, ...args) => engine.sample(...args),
  trace: (engine, ...args) => engine.trace(...args),
  traceEncode: (engine, ...args) => engine.traceEncode(...args),
  /** Rates -> {spikes, image}, in one message. */
  play: (engine, rates, seed, sampler, steps) => {
    const spikes = engine.sample(rates, seed, sampler, steps);
    return { spikes, image: engine.decode(spikes) };
  },
  noiseStatistics,
  flips,
};

/**
 * What other noise makes of the same rates: `count` draws, seeds from `seed` on.
 * @returns {{mean: Float32Array, deviation: Float32Array, typical: {seed: number, image: Float32Array},
 *   leastTypical: {seed: number, image: Float32Array}}} over the draws; the draws nearest to and farthest from the mean
 */
function noiseStatistics(engine, rates, seed, count, sampler, steps) {
  const images = Array.from({ length: count }, (_, k) =>
    engine.decode(engine.sample(rates, (seed + k) % 2 ** 31, sampler, steps), steps),
  );
  const mean = images[0].map((_, i) => images.reduce((sum, image) => sum + image[i], 0) / count);
  const deviation = mean.map((m, i) => Math.sqrt(images.reduce((sum, image) => sum + (image[i] - m) ** 2, 0) / count));
  const apart = images.map((image) => image.reduce((sum, v, i) => sum + (v - mean[i]) ** 2, 0));
  const draw = (k) => ({ seed: (seed + k) % 2 ** 31, image: images[k] });
  return {
    mean,
    deviation,
    typical: draw(apart.indexOf(Math.min(...apart))),
    leastTypical: draw(apart.indexOf(Math.max(...apart))),
  };
}

/**
 * How much the picture changes when one spike is turned: for each of the cells [from, to) of the raster, alone.
 * @param {Uint8Array} spikes (T, d)
 * @returns {Float32Array} (to - from) root mean square difference of the pictures, whose range is [-1, 1]
 */
function flips(engine, spikes, steps, from, to) {
  const { image } = engine.decodeChanged(spikes, steps);
  const turned = spikes.slice();
  return Float32Array.from({ length: to - from }, (_, k) => {
    turned[from + k] ^= 1;
    const other = engine.decodeChanged(turned, steps).image;
    turned[from + k] ^= 1;
    return Math.sqrt(other.reduce((sum, v, i) => sum + (v - image[i]) ** 2, 0) / image.length);
  });
}

export function request(id, call, args) {
  return { version: VERSION, id, call, args };
}

/** The value of an answer. @throws {EngineError} the error in it */
export function valueOf(answer) {
  if (answer.error) throw new EngineError(answer.error.code, answer.error.message);
  return answer.value;
}

/** Answer requests that come in at a port (a worker's `self`), for as long as it lives. */
export function serve(port) {
  /** @type {Engine|AnnEngine|null} */
  let engine = null;
  const answered = async ({ version, call, args }) => {
    if (version !== VERSION) throw new EngineError("version", `pool: message version ${version}, not ${VERSION}`);
    if (call === "load") {
      const [bundle, wasm] = args;
      engine = await loadEngine(bundle, wasm);
      return null;
    }
    if (!engine) throw new EngineError("input", `pool: '${call}' before 'load'`);
    if (!Object.hasOwn(CALLS, call)) {
      throw new EngineError("input", `pool: no call '${call}'; there are ${Object.keys(CALLS).join(", ")}`);
    }
    return CALLS[call](engine, ...args);
  };
  port.onmessage = async ({ data }) => {
    const head = { version: VERSION, id: data.id };
    try {
      port.postMessage({ ...head, value: await answered(data) });
    } catch (error) {
      port.postMessage({ ...head, error: { code: error.code ?? "wasm", message: error.message } });
    }
  };
}
