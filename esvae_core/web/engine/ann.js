/**
 * A model without spikes in the page; the twin is `esvae_core/engine/ann.py`, which says what a height is.
 *
 * It has the methods of `Engine` that the views call, so that they need not ask which one they have. Where that one
 * draws spikes, here nothing is drawn: `sample` gives the heights as they are, and seed, sampler and T are ignored.
 *
 *     const engine = await loadEngine(bundle);
 *     const { rates } = engine.encode(image);           // (C, H, W) in [-1, 1] -> (d) heights in [0, 1]
 *     const picture = engine.decode(rates);             // (C, H, W) in [-1, 1]
 */

import { EngineError } from "./errors.js";
import { decoderLayers, encoderLayers, receptiveFields } from "./network.js";
import { chance, normal } from "./noise.js";

const SLOPE = 0.01; // of the rectifier below 0

/** One layer: activations (positions, channels) in and out, in double precision. */
class Dense {
  /** @param {Layer} layer @param {Record<string, Float32Array>} tensors @param {boolean} rectified */
  constructor(layer, tensors, rectified) {
    const { name, kind, channelsIn, channelsOut, taps } = layer;
    const inputs = receptiveFields(layer);
    const each = (make) => Array.from({ length: taps }, make);
    this.channelsIn = channelsIn;
    this.channelsOut = channelsOut;
    this.rectified = rectified;
    this.positions = inputs.length;
    const weight = tensors[`${name}.weight`]; // (C_in, taps, C_out)
    /** By tap, (C_in, C_out): what one pass over the positions needs lies together. */
    this.weights = each(() => new Float64Array(channelsIn * channelsOut));
    for (let i = 0; i < channelsIn; i++) {
      for (let k = 0; k < taps; k++) {
        const from = (i * taps + k) * channelsOut;
        this.weights[k].set(weight.subarray(from, from + channelsOut), i * channelsOut);
      }
    }
    this.bias = Float64Array.from(tensors[`${name}.bias`]);
    this.biasStep = kind === "spread" ? channelsOut : 0;
    /** By tap: input position, output position, and so on. */
    this.pairs = each(() => []);
    inputs.forEach((of, p) => of.forEach(([q, k]) => this.pairs[k].push(q, p)));
  }

  run(input) {
    const { channelsIn, channelsOut, bias, biasStep, positions } = this;
    const out = new Float64Array(positions * channelsOut);
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < channelsOut; c++) out[p * channelsOut + c] = bias[p * biasStep + c];
    }
    for (let k = 0; k < this.weights.length; k++) {
      const pairs = this.pairs[k];
      for (let n = 0; n < pairs.length; n += 2) {
        gather(out, pairs[n + 1] * channelsOut, input, pairs[n] * channelsIn, this.weights[k], channelsIn, channelsOut);
      }
    }
    if (this.rectified) for (let i = 0; i < out.length; i++) if (out[i] < 0) out[i] *= SLOPE;
    return out;
  }
}

/**
 * Add a row of inputs times a matrix to a row of outputs; four inputs at a time, which saves most of the memory's time.
 */
function gather(out, to, input, from, weight, channelsIn, channelsOut) {
  let i = 0;
  for (; i + 3 < channelsIn; i += 4) {
    const [a, b, c, d] = [input[from + i], input[from + i + 1], input[from + i + 2], input[from + i + 3]];
    const w = i * channelsOut;
    const [x, y, z] = [w + channelsOut, w + 2 * channelsOut, w + 3 * channelsOut];
    for (let j = 0; j < channelsOut; j++) {
      out[to + j] += a * weight[w + j] + b * weight[x + j] + c * weight[y + j] + d * weight[z + j];
    }
  }
  for (; i < channelsIn; i++) {
    const value = input[from + i];
    for (let j = 0; j < channelsOut; j++) out[to + j] += value * weight[i * channelsOut + j];
  }
}

/** @param {Layer[]} layers @param {Record<string, Float32Array>} tensors */
const placed = (layers, tensors) => layers.map((l) => new Dense(l, tensors, ["down", "up"].includes(l.kind)));

export class AnnEngine {
  /** @type {Dense[]|null} */
  #encoder = null;
  #decoder;
  /** Range and prior. @type {Record<string, Float32Array>} */
  #tensors = {};

  /** Use `loadEngine`. @param {Bundle<AnnSettings>} bundle */
  constructor({ model, tensors, hash }) {
    /** The model's settings. @type {AnnSettings} */
    this.model = model;
    /** SHA-256 of the bundle, hex. */
    this.hash = hash;
    /** [C, H, W] of an image. */
    this.imageShape = [model.image_channels, model.image_size, model.image_size];
    this.pixels = this.imageShape.reduce((a, b) => a * b);
    this.#decoder = placed(decoderLayers(model), tensors);
    this.add({ model, tensors, hash });
  }

  /** As `Engine.has`; the prior of a Poisson VAE is its range. @param {BundlePart} part */
  has(part) {
    const prior = this.model.kind === "pvae" || "prior.weights" in this.#tensors;
    return { decoder: true, encoder: this.#encoder !== null, prior }[part];
  }

  /** As `Engine.add`. @param {Bundle} read */
  add({ tensors, hash }) {
    if (hash !== this.hash) throw new EngineError("content", "bundle: a part of another model");
    for (const name in tensors) if (/^(prior|range)\./.test(name)) this.#tensors[name] ??= tensors[name];
    if (tensors["to_latent.weight"]) this.#encoder ??= placed(encoderLayers(this.model), tensors);
  }

  /**
   * @param {ArrayLike<number>} image (C, H, W) in [-1, 1]
   * @returns {{rates: Float32Array}} (d) heights in [0, 1]
   */
  encode(image) {
    const [channels] = this.imageShape;
    if (!this.#encoder) throw new EngineError("input", "encode: the encoder has not been loaded");
    if (image?.length !== this.pixels) {
      throw new EngineError("input", `image: expected ${this.pixels} numbers, got ${image?.length}`);
    }
    if (!Array.from(image).every(Number.isFinite)) throw new EngineError("input", "image: expected finite numbers");
    const area = this.pixels / channels;
    const first = Float64Array.from(image, (_, i) => image[(i % channels) * area + Math.floor(i / channels)]);
    return { rates: this.#heights(this.bounded(this.#encoder.reduce((x, layer) => layer.run(x), first))) };
  }

  /** The encoder's last numbers -> latent numbers. @param {Float64Array} raw (d) */
  bounded(raw) {
    return raw;
  }

  /** Latent numbers of height 0, and of height 1. */
  get range() {
    return [this.#tensors["range.low"], this.#tensors["range.high"]];
  }

  /** The heights themselves, checked. @param {ArrayLike<number>} heights (d) in [0, 1] @returns {Float32Array|Uint8Array} */
  sample(heights, _seed = 0, _sampler = "", _steps = 1) {
    return this.checked(heights);
  }

  /** @param {ArrayLike<number>} heights @throws {EngineError} */
  checked(heights) {
    const { latent_dim: width } = this.model;
    if (heights?.length !== width)
      throw new EngineError("input", `latent: expected ${width} numbers, got ${heights?.length}`);
    const single = Float32Array.from(heights);
    if (!single.every((x) => x >= 0 && x <= 1)) throw new EngineError("input", "latent: expected numbers in [0, 1]");
    return single;
  }

  /** @param {ArrayLike<number>} heights (d) in [0, 1] @returns {Float32Array} (C, H, W) in [-1, 1] */
  decode(heights, _steps = 1) {
    return this.picture(this.code(heights));
  }

  /** Heights -> latent numbers. @param {ArrayLike<number>} heights (d) in [0, 1] @returns {Float64Array} (d) */
  code(heights) {
    const [low, high] = this.range;
    return Float64Array.from(this.checked(heights), (x, j) => low[j] + x * (high[j] - low[j]));
  }

  /** What the decoder makes of its input. @param {Float64Array} code (d) @returns {Float32Array} (C, H, W) in [-1, 1] */
  picture(code) {
    const drive = this.#decoder.reduce((x, layer) => layer.run(x), code);
    const [channels] = this.imageShape;
    const area = this.pixels / channels;
    return Float32Array.from(drive, (_, i) => Math.tanh(drive[(i % area) * channels + Math.floor(i / area)]));
  }

  /** As `decode`, in the form of `Engine.decodeChanged`. */
  decodeChanged(heights, _steps = 1) {
    return { image: this.decode(heights, _steps) };
  }

  /**
   * A new latent vector from the model's prior: the same seed gives the same here and in Python.
   * @param {number} seed 0 to 2^32 - 1
   * @param {{temperature?: number}} [options] scales the deviation of each Gaussian from its mean
   * @returns {Float32Array} (d) heights in [0, 1]
   */
  priorRates(seed, { temperature = 1 } = {}) {
    this.checkTemperature(temperature);
    if (!this.has("prior")) throw new EngineError("input", "prior: it has not been loaded");
    const { "prior.weights": weights, "prior.means": means, "prior.factors": factors } = this.#tensors;
    const d = this.model.latent_dim;
    const numbers = normal(seed, d);
    const end = weights.reduce((sum, w) => sum + w, 0) * chance(seed);
    let chosen = -1;
    for (let sum = 0; sum <= end && chosen < weights.length - 1;) sum += weights[++chosen];
    const triangle = chosen * ((d * (d + 1)) / 2); // row by row
    return this.#heights(
      Float64Array.from(numbers, (_, i) => {
        let sum = means[chosen * d + i];
        for (let j = 0; j <= i; j++) sum += factors[triangle + (i * (i + 1)) / 2 + j] * temperature * numbers[j];
        return sum;
      }),
    );
  }

  /** @param {number} temperature @throws {EngineError} */
  checkTemperature(temperature) {
    if (!(temperature >= 0 && temperature < Infinity)) {
      throw new EngineError("input", `temperature: expected a finite number of 0 or more, got ${String(temperature)}`);
    }
  }

  /** Latent numbers -> heights; beyond its range a number is moved to the end of it. */
  #heights(code) {
    const [low, high] = this.range;
    return Float32Array.from(code, (z, j) => Math.min(1, Math.max(0, (z - low[j]) / (high[j] - low[j]))));
  }
}
