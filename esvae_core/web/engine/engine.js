/**
 * The model in the page: images -> rates -> spikes -> images, one image at a time, as events.
 *
 *     const engine = await Engine.load(bundle, wasm);
 *     const { rates } = engine.encode(image);                  // (C, H, W) in [-1, 1] -> (d)
 *     const spikes = engine.sample(rates, 7, "bernoulli", 16); // (T, d), 0 or 1
 *     const picture = engine.decode(spikes, 16);               // (C, H, W) in [-1, 1]
 *
 * Plain arrays in and out, in the order of the library: (C, H, W), (T, d), (T, C, H, W). Nothing here knows of a page.
 * The inner loops are engine.c; the reference, equal to every membrane's last bit, is `esvae_core/engine/reference.py`.
 */

import { checkDecoder, isAnn, readBundle } from "./bundle.js";
import { EngineError } from "./errors.js";
import { candidateLayers, decoderLayers, encoderLayers, receptiveFields } from "./network.js";
import { choices, sample } from "./noise.js";
import { priorRates, priorTensors } from "./prior.js";

export { EngineError };

/** Largest T: keeps a slip from hanging the page. Only `decodeChanged` and traces need memory in proportion. */
export const MAX_STEPS = 4096;

const KEPT = 4096; // draws of FSVAE's prior, which take milliseconds each
const SNAPSHOT_EVERY = 4; // steps between kept states: more often costs more copying than it saves
const SNAPSHOT_BYTES = 2 ** 27; // beyond this, `decodeChanged` keeps sums but no states

/** The smallest module that needs 128-bit SIMD: () -> i8x16.popcnt(i8x16.splat(0)). */
const SIMD_PROBE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  10,
  1,
  8,
  0,
  65,
  0,
  253,
  15,
  253,
  98,
  11,
);

/** Whether this browser can run the engine. */
export function supported() {
  return typeof WebAssembly === "object" && WebAssembly.validate(SIMD_PROBE);
}

/**
 * engine.wasm, compiled.
 * @param {WasmSource} [wasm] from bytes, an address or a compiled module
 * @returns {Promise<WebAssembly.Module>}
 */
export async function compile(wasm = new URL("./engine.wasm", import.meta.url)) {
  if (!supported()) {
    throw new EngineError("no-simd", "this browser has no WebAssembly SIMD; any of 2023 or later does (Safari: 16.4)");
  }
  if (wasm instanceof WebAssembly.Module) return wasm;
  try {
    if (typeof wasm !== "string" && !(wasm instanceof URL)) return await WebAssembly.compile(wasm);
    const answer = await fetch(wasm);
    if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
    return await WebAssembly.compile(await answer.arrayBuffer());
  } catch (error) {
    throw new EngineError("wasm", `engine.wasm: cannot be loaded: ${error.message}`);
  }
}

/** Memory of one instance, handed out from front to back. */
class Arena {
  constructor(exports) {
    this.memory = exports.memory;
    this.end = exports.__heap_base.value;
  }

  /** Address of `count` new 4-byte numbers, aligned to 16. */
  take(count) {
    const at = Math.ceil(this.end / 16) * 16;
    const end = at + 4 * count;
    const pages = Math.ceil((end - this.memory.buffer.byteLength) / 65536);
    if (pages > 0) {
      try {
        this.memory.grow(pages);
      } catch {
        throw new EngineError("memory", `the engine needs ${Math.ceil(end / 2 ** 20)} MB, more than there is`);
      }
    }
    this.end = end;
    return at;
  }

  floats(at, count) {
    return new Float32Array(this.memory.buffer, at, count);
  }

  ints(at, count) {
    return new Int32Array(this.memory.buffer, at, count);
  }

  /** Address of a copy of those numbers. */
  put(values) {
    const at = this.take(values.length);
    (values instanceof Float32Array ? this.floats(at, values.length) : this.ints(at, values.length)).set(values);
    return at;
  }
}

const padded = (channels) => 4 * Math.ceil(channels / 4);

/** Rows of `width` numbers -> rows padded with zeros to a multiple of 4. */
function paddedRows(values, width) {
  const wide = padded(width);
  if (wide === width) return values;
  const out = new Float32Array((values.length / width) * wide);
  for (let row = 0; row < values.length / width; row++) {
    out.set(values.subarray(row * width, (row + 1) * width), row * wide);
  }
  return out;
}

/** Order of the fields of `Layer` in engine.c. */
const FIELDS = [
  "positions",
  "width",
  "first",
  "taps",
  "weight",
  "bias",
  "biasStep",
  "stride",
  "rest",
  "leak",
  "threshold",
  "soft",
  "starts",
  "rows",
  "nextStride",
  "plane",
  "decay",
  "membranes",
];
const FLOATS = new Set(["threshold", "decay"]);

/** Neurons of a layer, those of the padding among them. @param {Layer} layer */
const sizeOf = ({ sideOut, channelsOut }) => sideOut ** 2 * padded(channelsOut);

/** One layer in the instance's memory. */
class Placed {
  /** @param {Arena} arena @param {Layer} layer @param {Record<string, Float32Array>} tensors @param {Layer} [next] */
  constructor(arena, layer, tensors, next) {
    const { name, neuron, kind, channelsOut, taps } = layer;
    this.arena = arena;
    this.layer = layer;
    this.positions = layer.sideOut ** 2;
    this.width = padded(channelsOut);
    this.size = sizeOf(layer);
    this.channels = channelsOut;
    this.stride = taps * this.width;
    const inputs = receptiveFields(layer);
    const first = [0];
    for (const pairs of inputs) first.push(first[first.length - 1] + pairs.length);
    const bias = tensors[`${name}.bias`];
    const leak = tensors[`${name}.leak`] ?? new Float32Array(bias.length).fill(neuron?.leak ?? 0);
    /** @type {Record<string, number>} */
    const fields = {
      positions: this.positions,
      width: this.width,
      first: arena.put(Int32Array.from(first)),
      taps: arena.put(Int32Array.from(inputs.flat().flatMap(([source, k]) => [source, k * this.width]))),
      weight: arena.put(paddedRows(tensors[`${name}.weight`], channelsOut)),
      bias: arena.put(paddedRows(bias, channelsOut)),
      biasStep: kind === "spread" ? this.width : 0,
      stride: this.stride,
      leak: arena.put(paddedRows(leak, channelsOut)),
      threshold: neuron?.threshold ?? 0,
      soft: neuron?.reset === "soft" ? 1 : 0,
      nextStride: next ? next.taps * padded(next.channelsOut) : 1,
    };
    if (neuron) {
      fields.starts = arena.take(this.positions + 1);
      fields.rows = arena.take(this.size);
      this.membranes = arena.take(this.size);
    }
    this.starts = fields.starts;
    this.rows = fields.rows;
    this.bias = fields.bias;
    this.at = arena.take(FIELDS.length);
    for (const [key, value] of Object.entries(fields)) this.set(key, value);
  }

  set(field, value) {
    const at = this.at + 4 * FIELDS.indexOf(field);
    if (FLOATS.has(field)) this.arena.floats(at, 1)[0] = value;
    else this.arena.ints(at, 1)[0] = value;
  }

  /** Keep membranes from now on, or no longer. */
  watch(on) {
    this.set("membranes", on ? this.membranes : 0);
  }

  /** (positions, width) at an address -> (channels, positions) from `offset` of `out` on. */
  turned(at, out, offset) {
    const values = this.arena.floats(at, this.size);
    const { positions, width, channels } = this;
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < channels; c++) out[offset + c * positions + p] = values[p * width + c];
    }
  }
}

export class Engine {
  #exports;
  #arena;
  /** @type {Placed[]|null} */
  #encoder = null;
  #decoder;
  #readout;
  #state;
  #latent;
  #image;
  #firstDrive;
  #picture;
  #liveAt;
  /**
   * What `decodeChanged` keeps: sums, and of some steps the state.
   * @type {{steps: number, image: Float32Array|null, spikes: Uint8Array, drives: number, states: number}|null}
   */
  #live = null;
  /** FSVAE's layers between encoder and decoder, by name: those that are here. @type {Record<string, Placed[]>} */
  #candidates = {};
  #offered;
  /** Rates that FSVAE's prior generated, by seed. @type {Map<number, Float32Array>} */
  #generated = new Map();
  /** What the priors are made of. @type {Record<string, Float32Array>|null} */
  #prior = null;

  /**
   * @param {ArrayBuffer|Uint8Array} bundle what `to_bundle` of the library wrote
   * @param {WasmSource} [wasm] engine.wasm; beside this file unless given
   * @returns {Promise<Engine>}
   * @throws {EngineError} for a bundle or browser that will not do
   */
  static async load(bundle, wasm) {
    const { model, ...rest } = await readBundle(bundle);
    if (isAnn(model)) throw new EngineError("content", "bundle: expected a model with spikes, found one without");
    return Engine.of({ model, ...rest }, wasm);
  }

  /** From a bundle that was read already. @param {Bundle<EngineSettings>} read @param {WasmSource} [wasm] */
  static async of(read, wasm) {
    checkDecoder(read);
    const instance = await WebAssembly.instantiate(await compile(wasm));
    return new Engine(read, instance.exports);
  }

  /** Use `Engine.load`. @param {Bundle<EngineSettings>} bundle @param {any} exports of engine.c */
  constructor({ model, tensors, hash }, exports) {
    /** The model's settings. @type {EngineSettings} */
    this.model = model;
    /** SHA-256 of the bundle, hex. */
    this.hash = hash;
    /** [C, H, W] of an image. */
    this.imageShape = [model.image_channels, model.image_size, model.image_size];
    this.pixels = this.imageShape.reduce((a, b) => a * b);
    const arena = (this.#arena = new Arena(exports));
    this.#exports = exports;
    const decoder = this.#place(decoderLayers(model), tensors);
    this.#readout = decoder.pop();
    this.#decoder = decoder;
    const shown = this.#decoder.at(-1);
    // all that a run carries from one step to the next lies together: membranes of either half, and the plane
    const sizes = (layers) => layers.reduce((sum, layer) => sum + sizeOf(layer), 0);
    const carried = { encoder: sizes(encoderLayers(model)), decoder: sizes(decoder.map((l) => l.layer)) + shown.size };
    const candidates = Object.values(candidateLayers(model)).map(sizes);
    this.#state = { at: arena.take(Math.max(carried.encoder, carried.decoder, ...candidates)), ...carried };
    shown.plane = this.#setRests(decoder);
    shown.set("plane", shown.plane);
    this.#latent = { starts: arena.take(2), rows: arena.take(model.latent_dim), stride: this.#decoder[0].stride };
    this.#offered = { starts: arena.take(2), rows: arena.take(2 * model.latent_dim) };
    this.#picture = arena.take(this.#readout.size);
    this.#readout.bare = tensors["readout.bias"].slice();
    this.#readout.leak = tensors["readout.leak"];
    this.#liveAt = arena.end;
    this.add({ model, tensors, hash });
  }

  /** Whether a part of the model is here; without the encoder there is no `encode`, without the prior no `priorRates`. */
  has(part) {
    const prior = this.#prior !== null || "prior" in this.#candidates;
    return { decoder: true, encoder: this.#encoder !== null, prior }[part];
  }

  /**
   * Take in another part of the same bundle; what is here already stays as it is.
   * @param {Bundle} read
   * @throws {EngineError} it is of another bundle
   */
  add({ tensors, hash }) {
    if (hash !== this.hash) throw new EngineError("content", "bundle: a part of another model");
    if (!this.#prior && tensors["prior.weight"]) this.#prior = priorTensors(tensors);
    const candidates = Object.entries(candidateLayers(this.model));
    const offered = candidates.filter(([name]) => !(name in this.#candidates) && tensors[`${name}.0.weight`]);
    const encodes = !this.#encoder && tensors["to_latent.weight"];
    if (!encodes && !offered.length) return;
    // what `decodeChanged` keeps lies behind all else, and is made anew; layers count on memory that is 0
    this.#arena.floats(this.#liveAt, (this.#arena.end - this.#liveAt) / 4).fill(0);
    this.#arena.end = this.#liveAt;
    this.#live = null;
    for (const [name, layers] of offered) {
      this.#candidates[name] = this.#place(layers, tensors);
      this.#setRests(this.#candidates[name]);
    }
    if (encodes) {
      const encoder = this.#place(encoderLayers(this.model), tensors);
      this.#setRests(encoder);
      this.#image = this.#arena.take(this.pixels);
      this.#firstDrive = this.#arena.take(encoder[0].size);
      this.#encoder = encoder;
    }
    this.#liveAt = this.#arena.end;
  }

  /** @param {Layer[]} layers @param {Record<string, Float32Array>} tensors */
  #place(layers, tensors) {
    return layers.map((l, i) => new Placed(this.#arena, l, tensors, layers[i + 1]));
  }

  /** Tell layers where their membranes lie, one after the other; returns the address behind them. @param {Placed[]} layers */
  #setRests(layers) {
    let at = this.#state.at;
    for (const l of layers) {
      l.set("rest", at);
      at += 4 * l.size;
    }
    return at;
  }

  /**
   * @param {ArrayLike<number>} image (C, H, W) in [-1, 1]
   * @param {number} [steps] T; the model's unless given
   * @returns {{rates: Float32Array, spikes: Uint8Array}} (d) in [0, 1], and (T, d): the encoder's own spikes; of an
   *   FSVAE, those drawn from its posterior with seed 0
   */
  encode(image, steps = this.model.time_steps) {
    const { latent_dim: width } = this.model;
    const encoded = new Uint8Array(checkedSteps(steps) * width);
    this.#runEncoder(image, steps, (t) => {
      for (const j of this.#latentFired()) encoded[t * width + j] = 1;
    });
    const spikes = this.model.kind === "fsvae" ? this.#continued("posterior", encoded, 0, steps) : encoded;
    return { rates: ratesOf(spikes, width), spikes };
  }

  /**
   * FSVAE's new latent spikes from its prior, each step's from those before: the same here and in Python.
   * @param {number} seed 0 to 2^32 - 1
   * @param {number} [steps] T; the model's unless given
   * @returns {Uint8Array} (T, d)
   */
  generate(seed, steps = this.model.time_steps) {
    if (this.model.kind !== "fsvae") {
      throw new EngineError("input", "latent spikes step by step: expected a model of kind fsvae");
    }
    if (!this.has("prior")) throw new EngineError("input", "prior: it has not been loaded");
    return this.#continued("prior", null, seed, checkedSteps(steps));
  }

  /** FSVAE's latent spikes, chosen at each step from the candidates for `beside` (T, d) and the step before. */
  #continued(name, beside, seed, steps) {
    const d = this.model.latent_dim;
    const candidates = /** @type {number} */ (this.model.candidates); // which every FSVAE has
    const layers = this.#candidates[name];
    const [first, last] = [layers[0], layers[layers.length - 1]];
    const { starts, rows } = this.#offered;
    const chosen = choices(seed, steps, d, candidates);
    const spikes = new Uint8Array(steps * d);
    const list = this.#arena.ints(rows, 2 * d);
    this.#clear(layers.reduce((sum, l) => sum + l.size, 0));
    for (let t = 0; t < steps; t++) {
      let count = 0;
      for (let j = 0; beside && j < d; j++) if (beside[t * d + j]) list[count++] = j * first.stride;
      for (let j = 0; t && j < d; j++) {
        if (spikes[(t - 1) * d + j]) list[count++] = ((beside ? d : 0) + j) * first.stride;
      }
      this.#arena.ints(starts, 2)[1] = count;
      this.#exports.step(first.at, starts, rows);
      this.#through(layers);
      const offered = new Uint8Array(candidates * d);
      for (const i of this.#arena.ints(last.rows, this.#arena.ints(last.starts, 2)[1])) offered[i] = 1;
      for (let j = 0; j < d; j++) spikes[t * d + j] = offered[j * candidates + chosen[t * d + j]];
    }
    return spikes;
  }

  /**
   * @param {ArrayLike<number>} spikes (T, d): all but 0 is a spike
   * @param {number} [steps] T; as many as there are unless given
   * @returns {Float32Array} (C, H, W) in [-1, 1]
   */
  decode(spikes, steps = spikes?.length / this.model.latent_dim) {
    this.#checkSpikes(spikes, steps);
    this.#clear(this.#state.decoder);
    for (let t = 0; t < steps; t++) {
      this.#setLatentInput(spikes, t);
      this.#exports.step(this.#decoder[0].at, this.#latent.starts, this.#latent.rows);
      this.#throughDecoder(t);
    }
    return this.#readOut(steps);
  }

  /**
   * As `decode`, after a small change: what the last call of this method computed and the change leaves alone is kept.
   * The first layer's input sums are computed anew only for the steps that changed, and all else only from shortly
   * before the first of them. The picture is equal to `decode`'s to the last bit.
   *
   * @param {ArrayLike<number>} spikes (T, d)
   * @param {number} [steps] T
   * @returns {{image: Float32Array, gained: Int32Array, lost: Int32Array, from: number}} the picture; spikes that came
   *   and went since the last call, as t * d + j (none at the first call or for another T); the step from which was
   *   computed, T if nothing was
   */
  decodeChanged(spikes, steps = spikes?.length / this.model.latent_dim) {
    this.#checkSpikes(spikes, steps);
    const width = this.model.latent_dim;
    const known = this.#live?.steps === steps && this.#live.image !== null ? this.#live : null;
    const live = known ?? (this.#live = this.#newLive(steps));
    /** @type {[number[], number[], Set<number>]} */
    const [gained, lost, changed] = [[], [], new Set()];
    for (let i = 0; i < spikes.length; i++) {
      const now = spikes[i] ? 1 : 0;
      if (known && now === live.spikes[i]) continue;
      if (known) (now ? gained : lost).push(i);
      live.spikes[i] = now;
      changed.add(Math.floor(i / width));
    }
    const answer = { gained: Int32Array.from(gained), lost: Int32Array.from(lost) };
    if (!changed.size && live.image) return { image: live.image.slice(), ...answer, from: steps };
    const size = this.#decoder[0].size;
    live.image = null; // until this is through
    for (const t of changed) {
      this.#setLatentInput(live.spikes, t);
      const { starts, rows } = this.#latent;
      this.#exports.drive(this.#decoder[0].at, starts, rows, live.drives + 4 * size * t);
    }
    const from = live.states ? Math.min(...changed) - (Math.min(...changed) % SNAPSHOT_EVERY) : 0;
    const bytes = 4 * this.#state.decoder;
    const memory = new Uint8Array(this.#arena.memory.buffer);
    const kept = (t) => live.states + bytes * (t / SNAPSHOT_EVERY);
    if (from) memory.copyWithin(this.#state.at, kept(from), kept(from) + bytes);
    else this.#clear(this.#state.decoder);
    for (let t = from; t < steps; t++) {
      if (live.states && t > from && t % SNAPSHOT_EVERY === 0) {
        memory.copyWithin(kept(t), this.#state.at, this.#state.at + bytes);
      }
      this.#exports.fire(this.#decoder[0].at, live.drives + 4 * size * t);
      this.#throughDecoder(t);
    }
    live.image = this.#readOut(steps);
    return { image: live.image.slice(), ...answer, from };
  }

  /**
   * Spikes from rates, with frozen noise: the same seed gives the same spikes here and in Python.
   * @param {ArrayLike<number>} rates (d) in [0, 1]
   * @param {number} seed 0 to 2^32 - 1
   * @param {"bernoulli"|"systematic"} [sampler] the model's unless given
   * @param {number} [steps] T; the model's unless given
   * @returns {Uint8Array} (T, d)
   */
  sample(rates, seed, sampler = this.model.sampler, steps = this.model.time_steps) {
    if (rates?.length !== this.model.latent_dim) {
      throw new EngineError("input", `rates: expected ${this.model.latent_dim} numbers, got ${rates?.length}`);
    }
    return sample(rates, seed, sampler, checkedSteps(steps));
  }

  /**
   * New rates from the model's prior: the same seed gives the same rates here and in Python. Those of an FSVAE are
   * counts of the spikes that its prior generates, over T, and have no temperature.
   * @param {number} seed 0 to 2^32 - 1
   * @param {import("./prior.js").PriorOptions} [options] {temperature, prior}
   * @returns {Float32Array} (d) in [0, 1]
   */
  priorRates(seed, options) {
    if (!this.has("prior")) throw new EngineError("input", "prior: it has not been loaded");
    if (this.model.kind === "fsvae") {
      if (this.#generated.size >= KEPT) this.#generated.clear();
      const rates = this.#generated.get(seed) ?? ratesOf(this.generate(seed), this.model.latent_dim);
      this.#generated.set(seed, rates);
      return rates.slice();
    }
    return priorRates(this.model, this.#prior ?? {}, seed, options);
  }

  /**
   * Every spike and membrane of the decoder, and the picture after each step.
   * @param {ArrayLike<number>} spikes (T, d)
   * @param {number} [steps] T
   * @param {string[]} [names] of the layers to show, 'from_latent', 'decoder.0' ...; all unless given
   * @returns {{layers: Record<string, {shape: number[], spikes: Uint8Array, membranes: Float32Array}>,
   *   images: Float32Array}} (T, C, H, W) or (T, features) each; membranes before the reset
   */
  trace(spikes, steps = spikes?.length / this.model.latent_dim, names = undefined) {
    this.#checkSpikes(spikes, steps);
    const images = new Float32Array(steps * this.pixels);
    const layers = this.#watched(this.#decoder, steps, names, (see) => {
      this.#clear(this.#state.decoder);
      for (let t = 0; t < steps; t++) {
        this.#setLatentInput(spikes, t);
        this.#exports.step(this.#decoder[0].at, this.#latent.starts, this.#latent.rows);
        this.#throughDecoder(t);
        see(t);
        images.set(this.#readOut(t + 1), t * this.pixels);
      }
    });
    return { layers, images };
  }

  /**
   * Every spike and membrane of the encoder; as `trace`, names 'encoder.0' ... 'to_latent'.
   * @param {ArrayLike<number>} image (C, H, W) in [-1, 1]
   * @param {number} [steps] T
   * @param {string[]} [names]
   */
  traceEncode(image, steps = this.model.time_steps, names = undefined) {
    checkedSteps(steps);
    return { layers: this.#watched(this.#encoder ?? [], steps, names, (see) => this.#runEncoder(image, steps, see)) };
  }

  // ---- a step ----------------------------------------------------------------------------------------------------

  #runEncoder(image, steps, after) {
    const [channels] = this.imageShape;
    if (!this.#encoder) throw new EngineError("input", "encode: the encoder has not been loaded");
    if (image?.length !== this.pixels) {
      throw new EngineError("input", `image: expected ${this.pixels} numbers, got ${image?.length}`);
    }
    const area = this.pixels / channels;
    const values = this.#arena.floats(this.#image, this.pixels);
    for (let i = 0; i < this.pixels; i++) {
      if (!Number.isFinite(image[i])) throw new EngineError("input", `image: expected finite numbers, got ${image[i]}`);
      values[(i % area) * channels + Math.floor(i / area)] = image[i];
    }
    const [first] = this.#encoder;
    this.#clear(this.#state.encoder);
    this.#exports.dense(first.at, this.#image, channels, channels, this.#firstDrive); // the same at every step
    for (let t = 0; t < steps; t++) {
      this.#exports.fire(first.at, this.#firstDrive);
      this.#through(this.#encoder);
      after(t);
    }
  }

  /** One step of all layers but the first. */
  #through(layers) {
    for (let i = 1; i < layers.length; i++) {
      this.#exports.step(layers[i].at, layers[i - 1].starts, layers[i - 1].rows);
    }
  }

  #throughDecoder(t) {
    this.#decoder.at(-1).set("decay", this.#readoutShare(t));
    this.#through(this.#decoder);
  }

  /** What the readout keeps at step t of the steps before it. */
  #readoutShare(t) {
    const learned = this.#readout.leak;
    return learned ? learned[Math.min(t, learned.length - 1)] : this.model.readout_decay;
  }

  /** Weight of each step in the picture after `steps` of them; the last one's is 1. @returns {Float64Array} (T) */
  readoutWeights(steps) {
    const weights = new Float64Array(steps).fill(1);
    for (let t = steps - 2; t >= 0; t--) weights[t] = weights[t + 1] * this.#readoutShare(t + 1);
    return weights;
  }

  /** Make the latent neurons that fire at step t the decoder's input. */
  #setLatentInput(spikes, t) {
    const { starts, rows, stride } = this.#latent;
    const width = this.model.latent_dim;
    const list = this.#arena.ints(rows, width);
    let count = 0;
    for (let j = 0; j < width; j++) if (spikes[t * width + j]) list[count++] = j * stride;
    this.#arena.ints(starts, 2)[1] = count;
  }

  /** Numbers of the encoder's latent neurons that have just fired. */
  #latentFired() {
    const last = /** @type {Placed} */ (this.#encoder?.at(-1)); // it has just run
    return this.#arena.ints(last.rows, this.#arena.ints(last.starts, 2)[1]);
  }

  /** What the readout shows after that many steps: (C, H, W). */
  #readOut(steps) {
    let charge = 0; // of a constant 1 through the readout's leak: the factor of the bias
    for (let t = 0; t < steps; t++) charge = this.#readoutShare(t) * charge + 1;
    const readout = this.#readout;
    const bias = this.#arena.floats(readout.bias, readout.channels);
    readout.bare.forEach((b, c) => (bias[c] = b * Math.fround(charge)));
    const shown = this.#decoder.at(-1);
    this.#exports.dense(readout.at, shown.plane, shown.width, shown.channels, this.#picture);
    const image = new Float32Array(this.pixels);
    readout.turned(this.#picture, image, 0);
    for (let i = 0; i < image.length; i++) image[i] = Math.tanh(image[i]);
    return image;
  }

  #clear(count) {
    this.#arena.floats(this.#state.at, count).fill(0);
  }

  #newLive(steps) {
    const states = this.#state.decoder * Math.ceil(steps / SNAPSHOT_EVERY);
    this.#arena.end = this.#liveAt; // the last thing in memory, so it may change its size
    return {
      steps,
      image: null,
      spikes: new Uint8Array(steps * this.model.latent_dim),
      drives: this.#arena.take(steps * this.#decoder[0].size),
      states: 4 * states <= SNAPSHOT_BYTES ? this.#arena.take(states) : 0,
    };
  }

  // ---- looking inside --------------------------------------------------------------------------------------------

  /** Run with the membranes of some layers kept; `run` calls `see(t)` after each step. */
  #watched(all, steps, names, run) {
    const chosen = names === undefined ? all : all.filter((l) => names.includes(l.layer.name));
    const known = all.map((l) => l.layer.name);
    const unknown = names?.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw new EngineError("input", `layer ${unknown}: not known; there are ${known.join(", ")}`);
    }
    const layers = {};
    for (const l of chosen) {
      const { name, kind, sideOut } = l.layer;
      const area = l.channels * l.positions;
      const shape = kind === "up" || kind === "down" ? [steps, l.channels, sideOut, sideOut] : [steps, area];
      layers[name] = { shape, spikes: new Uint8Array(steps * area), membranes: new Float32Array(steps * area) };
    }
    try {
      for (const l of chosen) l.watch(true);
      run((t) => {
        for (const l of chosen) l.turned(l.membranes, layers[l.layer.name].membranes, t * l.channels * l.positions);
      });
    } finally {
      for (const l of chosen) l.watch(false);
    }
    for (const l of chosen) {
      const { spikes, membranes } = layers[l.layer.name];
      const threshold = Math.fround(l.layer.neuron.threshold);
      for (let i = 0; i < spikes.length; i++) spikes[i] = membranes[i] > threshold ? 1 : 0;
    }
    return layers;
  }

  #checkSpikes(spikes, steps) {
    const width = this.model.latent_dim;
    if (spikes?.length === undefined || spikes.length !== checkedSteps(steps) * width) {
      throw new EngineError("input", `spikes: expected T x ${width} numbers, got ${spikes?.length} for T = ${steps}`);
    }
  }
}

/** How often each neuron spikes, over T. @param {Uint8Array} spikes (T, d) @returns {Float32Array} (d) */
function ratesOf(spikes, dims) {
  const counts = new Float32Array(dims);
  spikes.forEach((spike, i) => (counts[i % dims] += spike));
  return counts.map((n) => n / (spikes.length / dims));
}

function checkedSteps(steps) {
  if (!Number.isInteger(steps) || steps < 1 || steps > MAX_STEPS) {
    throw new EngineError("input", `time steps: expected a whole number from 1 to ${MAX_STEPS}, got ${steps}`);
  }
  return steps;
}
