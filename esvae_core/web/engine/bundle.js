/**
 * Reads an engine bundle, or a part of one, and checks all of it; the layouts are told in `esvae_core/engine/bundle.py`
 * and `bundle_parts.py`.
 */

import { EngineError } from "./errors.js";
import { annTensorTable, tensorTable } from "./network.js";

const MAGIC = "ESVAEENG";
const VERSION = 2;
const START = 48;
const EXPONENT = 0x7f800000; // of a float32

/**
 * @param {ArrayBuffer|Uint8Array} source
 * @returns {Promise<Bundle>}
 * @throws {EngineError} not-a-bundle, truncated, version, content or damaged
 */
export async function readBundle(source) {
  const bytes = copied(source);
  const view = new DataView(bytes.buffer);
  const magic = text(bytes.subarray(0, 8));
  if (magic !== MAGIC) {
    if (bytes.length && MAGIC.startsWith(magic)) throw truncated(START, bytes.length);
    const found = bytes.length ? "another format" : "no bytes";
    throw new EngineError("not-a-bundle", `bundle: expected an engine bundle, found ${found}`);
  }
  if (bytes.length < START) throw truncated(START, bytes.length);
  const version = view.getUint32(8, true);
  if (version !== VERSION) {
    const known = `this engine reads version ${VERSION}; please reload the page`;
    throw new EngineError("version", `bundle: version ${version}, ${known}`);
  }
  const start = START + view.getUint32(12, true);
  if (start > bytes.length) throw truncated(start, bytes.length);
  const header = json(bytes.subarray(START, start));
  const model = checkedModel(header.model);
  const { part } = header;
  const { table, size } = isAnn(model) ? annTensorTable(model, part) : tensorTable(model, part);
  if (canonical(header.tensors) !== canonical(table)) {
    throw new EngineError("content", `bundle: tensors: expected the ${table.length} that the model's settings imply`);
  }
  if (bytes.length < start + size) throw truncated(start + size, bytes.length);
  if (bytes.length > start + size) {
    throw new EngineError("content", `bundle: expected ${start + size} bytes, found ${bytes.length}`);
  }
  if (start % 16) throw new EngineError("content", "bundle: header: expected a length that is a multiple of 16");
  const hash = hex(bytes.subarray(16, START));
  await checkHash(bytes, hash);
  if (part) fromPlanes(bytes.subarray(start));
  const tensors = Object.fromEntries(
    table.map(({ name, shape, offset }) => {
      const values = new Float32Array(
        bytes.buffer,
        start + offset,
        shape.reduce((a, b) => a * b),
      );
      if (!areFinite(values)) {
        throw new EngineError("content", `bundle: ${name}: expected finite numbers, found NaN or infinite ones`);
      }
      return [name, values];
    }),
  );
  return { model, tensors, hash: part ? header.bundle : hash };
}

/** Byte planes -> numbers, in place. @param {Uint8Array} data a multiple of 16 bytes */
function fromPlanes(data) {
  const count = data.length / 4;
  const [first, second, third, fourth] = [0, 1, 2, 3].map((k) => data.slice(k * count, (k + 1) * count));
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    data[at] = first[i];
    data[at + 1] = second[i];
    data[at + 2] = third[i];
    data[at + 3] = fourth[i];
  }
}

/** A private copy: aligned, and unchanged after the checks. */
function copied(source) {
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice(0));
  if (ArrayBuffer.isView(source)) {
    return Uint8Array.from(new Uint8Array(source.buffer, source.byteOffset, source.byteLength));
  }
  throw new EngineError("not-a-bundle", "bundle: expected an ArrayBuffer or a typed array");
}

/** Whether none is NaN or infinite, which have all bits of the exponent set; isFinite takes five times as long. */
function areFinite(values) {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) if ((bits[i] & EXPONENT) === EXPONENT) return false;
  return true;
}

function text(bytes) {
  return String.fromCharCode(...bytes);
}

function truncated(expected, found) {
  return new EngineError("truncated", `bundle: truncated: expected at least ${expected} bytes, found ${found}`);
}

function json(bytes) {
  let header;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new EngineError("content", "bundle: header: expected JSON, found something else");
  }
  const keys = Object.keys(header ?? {}).sort();
  if (canonical(keys) === '["model","tensors"]') return header;
  if (canonical(keys) !== '["bundle","model","part","tensors"]') {
    throw new EngineError("content", "bundle: header: expected an object of 'model' and 'tensors'");
  }
  check(header, { bundle: (v) => /^[0-9a-f]{64}$/.test(v), part: among("decoder", "encoder", "prior") }, "header");
  return header;
}

/** JSON with sorted keys, to compare by. */
function canonical(value) {
  return JSON.stringify(value, (_, v) =>
    v && typeof v === "object" && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v,
  );
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Browsers offer SHA-256 to secure pages only; elsewhere the structure alone is checked. */
async function checkHash(bytes, hash) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return;
  const found = new Uint8Array(await subtle.digest("SHA-256", bytes.subarray(START)));
  if (hex(found) !== hash) {
    throw new EngineError("damaged", "bundle: damaged: its content does not match its SHA-256; load it again");
  }
}

/** @param {Bundle} read @throws {EngineError} there is no engine without the decoder */
export function checkDecoder({ tensors }) {
  if (!tensors["readout.weight"]) throw new EngineError("content", "bundle: expected the decoder, found another part");
}

/** Whether a model is of ordinary neurons, so that it decodes at once. @param {EngineSettings|AnnSettings} model @returns {model is AnnSettings} */
export const isAnn = (model) => ["annvae", "pvae", "ae"].includes(model?.kind ?? "");

const between = (low, high) => (v) => typeof v === "number" && v >= low && v <= high;
const whole = (low, high) => (v) => Number.isInteger(v) && v >= low && v <= high;
const positive = (v) => typeof v === "number" && Number.isFinite(v) && v > 0;
const among =
  (...values) =>
  (v) =>
    values.includes(v);

const NEURON = {
  leak: between(0, 1),
  learned_leak: among(true, false),
  threshold: positive,
  reset: among("hard", "soft"),
};
const SHAPE = {
  image_channels: among(1, 3),
  image_size: whole(8, 256),
  channels: (v) => Array.isArray(v) && v.length >= 1 && v.length <= 8 && v.every(whole(1, 65536)),
  latent_dim: whole(1, 4096),
};
const SPIKING = {
  time_steps: whole(1, 256),
  sampler: among("bernoulli", "systematic"),
  readout_decay: (v) => positive(v) && v <= 1,
  learned_readout: among(true, false),
  prior_components: whole(0, 1000),
  prior_snap: among(true, false),
};

/** What an FSVAE does not say: its spikes are placed evenly unless asked otherwise, and it has no prior of rates. */
const OF_FSVAE = { sampler: "systematic", prior_components: 0, prior_snap: false };

/** The settings that inference needs, checked; those of training may be there and are left alone. */
function checkedModel(settings) {
  const model = settings?.kind === "fsvae" ? { ...OF_FSVAE, ...settings } : settings;
  check(model, SHAPE, "model");
  if (model.kind === "fsvae") check(model, { candidates: whole(1, 256) }, "model");
  if (isAnn(model)) {
    check({ components: 1, ...model }, { components: whole(1, 1000) }, "model");
    if (model.kind === "pvae") check(model, { residual_bound: (v) => positive(v) && v <= 20 }, "model");
  } else {
    check({ learned_readout: false, ...model }, SPIKING, "model");
    for (const name of ["neuron", "latent_neuron"]) {
      check({ learned_leak: false, ...model[name] }, NEURON, `model: ${name}`);
    }
  }
  if (model.image_size % 2 ** model.channels.length) {
    throw new EngineError("content", `bundle: model: image_size: no multiple of 2^${model.channels.length}`);
  }
  return model;
}

function check(settings, rules, where) {
  for (const [key, holds] of Object.entries(rules)) {
    if (!holds(settings?.[key])) {
      throw new EngineError("content", `bundle: ${where}: ${key}: unexpected ${JSON.stringify(settings?.[key])}`);
    }
  }
}
