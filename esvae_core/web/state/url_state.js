/**
 * A state as one short text for the address bar, and back; the twin of `app/state.py`, which tells the format.
 */

import { msg } from "../messages.js";
import { GRID } from "../math/rates.js";

export const VERSION = 2;
export const PARAMETER = "s";
export const MAX_STEPS = 64;
export const MAX_SEED = 2 ** 31 - 1;
const MAX_INDEX = 10 ** 9 - 1;
const MAX_DIMS = 4096;
const MAX_VIEW = 64;
/** Characters of one value that a view remembers. */
export const MAX_VALUE = 4000;

const SAMPLERS = { b: "bernoulli", s: "systematic" };
const ORDERS = { e: "effect", u: "usage", i: "index" };
const UNITS = Array.from({ length: 64 }, (_, i) => i + 1).filter((unit) => GRID % unit === 0);

/** A link does not describe a state; the message says which part, what was found and what was expected. */
export class LinkError extends Error {}

/** @param {State} state @returns {string} */
export function encodeState(state) {
  const fields = [
    VERSION,
    escaped(state.model),
    sourceText(state.source),
    `${state.sampler[0]}${state.steps}`,
    state.seed,
    state.order[0],
    packRates(state.rates),
  ];
  const view = Object.entries(state.view);
  if (view.length) fields.push(view.map(([name, value]) => `${escaped(name)}:${escaped(value)}`).join(","));
  return fields.join("~");
}

/** @param {string} text @returns {State} @throws {LinkError} */
export function decodeState(text) {
  const fields = text.split("~");
  if (fields[0] !== String(VERSION)) throw new LinkError(msg`version: expected ${VERSION}, found ${short(fields[0])}`);
  if (fields.length !== 7 && fields.length !== 8) {
    throw new LinkError(msg`expected 7 or 8 parts, found ${fields.length}; the link may have been cut short`);
  }
  const [, name, from, noise, seed, order, rates, view] = fields;
  if (!Object.hasOwn(ORDERS, order)) {
    throw new LinkError(msg`order: expected ${Object.keys(ORDERS).join(", ")}, found ${short(order)}`);
  }
  if (!Object.hasOwn(SAMPLERS, noise.slice(0, 1))) {
    throw new LinkError(msg`sampler: expected ${Object.keys(SAMPLERS).join(" or ")}, found ${short(noise)}`);
  }
  return {
    model: plain(name, msg`model`, 200),
    source: readSource(from),
    rates: unpackRates(rates, msg`rates`),
    seed: number(seed, msg`noise seed`, 0, MAX_SEED),
    sampler: SAMPLERS[noise[0]],
    steps: number(noise.slice(1), msg`time steps`, 1, MAX_STEPS),
    order: ORDERS[order],
    view: view === undefined ? {} : readView(view),
  };
}

/** Rates as a text: `k16x32.` and 32 numbers k of 5 bits each where all are k/16; else `r.` and two bytes each. */
export function packRates(rates) {
  for (const unit of UNITS) {
    if (!rates.every((rate) => (rate * unit) % GRID === 0)) continue;
    const width = bitLength(unit);
    const bytes = new Uint8Array(Math.ceil((width * rates.length) / 8));
    rates.forEach((rate, i) => {
      const value = (rate * unit) / GRID;
      for (let b = 0; b < width; b++) {
        const at = i * width + b;
        if ((value >> (width - 1 - b)) & 1) bytes[at >> 3] |= 0x80 >> (at & 7);
      }
    });
    return `k${unit}x${rates.length}.${toBase64Url(bytes)}`;
  }
  return `r.${toBase64Url(Uint8Array.from({ length: 2 * rates.length }, (_, i) => (i % 2 ? rates[i >> 1] & 255 : rates[i >> 1] >> 8)))}`;
}

/** Read what `packRates` wrote. @returns {Uint16Array} @throws {LinkError} that calls it `what` */
export function unpackRates(text, what) {
  const dot = text.indexOf(".");
  const [head, body] = dot < 0 ? [text, ""] : [text.slice(0, dot), text.slice(dot + 1)];
  const raw = fromBase64Url(body, what);
  if (head === "r") {
    if (raw.length % 2 || !(raw.length >= 2 && raw.length / 2 <= MAX_DIMS)) {
      throw new LinkError(msg`${what}: expected 1 to ${MAX_DIMS} numbers of 2 bytes, found ${raw.length} bytes`);
    }
    const rates = Uint16Array.from({ length: raw.length / 2 }, (_, i) => (raw[2 * i] << 8) | raw[2 * i + 1]);
    const most = Math.max(...rates);
    if (most > GRID) throw new LinkError(msg`${what}: expected each to be at most ${GRID}, found ${most}`);
    return rates;
  }
  const match = /^k([0-9]{1,2})x([0-9]{1,4})$/.exec(head);
  const [unit, count] = match ? [Number(match[1]), Number(match[2])] : [0, 0];
  if (!UNITS.includes(unit) || count < 1 || count > MAX_DIMS) {
    throw new LinkError(msg`${what}: expected r or k(T)x(d), found ${short(head)}`);
  }
  const width = bitLength(unit);
  if (raw.length !== Math.ceil((width * count) / 8)) {
    throw new LinkError(msg`${what}: expected ${count} numbers of ${width} bits, found ${raw.length} bytes`);
  }
  return Uint16Array.from({ length: count }, (_, i) => {
    let value = 0;
    for (let at = i * width; at < (i + 1) * width; at++) value = (value << 1) | ((raw[at >> 3] >> (7 - (at & 7))) & 1);
    if (value > unit) {
      throw new LinkError(msg`${what}: expected each to be at most ${unit}/${unit}, found ${value}/${unit}`);
    }
    return value * (GRID / unit);
  });
}

const bitLength = (n) => 32 - Math.clz32(n);

/** Bytes -> base64url without padding. */
export function toBase64Url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** Read what `toBase64Url` wrote. @returns {Uint8Array} @throws {LinkError} that calls it `what` */
export function fromBase64Url(text, what) {
  try {
    if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error(msg`other characters`);
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    throw new LinkError(msg`${what}: expected base64url, found ${short(text)}`);
  }
}

/** A source as links write it. @param {Source} from */
export function sourceText(from) {
  if (from.kind === "test") return `t${from.index}`;
  return from.kind === "prior" ? `p${from.seed}` : `o${packRates(from.rates)}`;
}

/** @param {string} text @returns {Source} @throws {LinkError} */
export function readSource(text) {
  const [kind, rest] = [text.slice(0, 1), text.slice(1)];
  if (kind === "t") return { kind: "test", index: number(rest, msg`test image`, 0, MAX_INDEX) };
  if (kind === "p") return { kind: "prior", seed: number(rest, msg`prior seed`, 0, MAX_SEED) };
  if (kind === "o") return { kind: "own", rates: unpackRates(rest, msg`rates of the picture`) };
  throw new LinkError(msg`source: expected t, p or o, found ${short(text)}`);
}

function readView(text) {
  const pairs = text.split(",");
  if (pairs.length > MAX_VIEW) {
    throw new LinkError(msg`view: expected at most ${MAX_VIEW} entries, found ${pairs.length}`);
  }
  const view = new Map();
  for (const pair of pairs) {
    const colon = pair.indexOf(":");
    const [name, value] = colon < 0 ? [pair, ""] : [pair.slice(0, colon), pair.slice(colon + 1)];
    const key = plain(name, msg`view`, 40);
    if (view.has(key)) throw new LinkError(msg`view: expected each name once`);
    view.set(key, plain(value, msg`view`, MAX_VALUE, 0));
  }
  return Object.fromEntries(view);
}

/** As Python's `quote(text, safe="")`, and "~" as well: it separates the parts. */
function escaped(text) {
  return encodeURIComponent(text).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function plain(text, what, longest, shortest = 1) {
  let out;
  try {
    out = decodeURIComponent(text);
  } catch {
    out = null;
  }
  const length = out === null ? -1 : [...out].length;
  if (length < shortest || length > longest || /[\u0000-\u001f\u007f]/.test(out)) {
    throw new LinkError(msg`${what}: expected ${shortest} to ${longest} characters, found ${short(text)}`);
  }
  return out;
}

function number(text, what, low, high) {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN;
  if (!(value >= low && value <= high)) {
    throw new LinkError(msg`${what}: expected a whole number from ${low} to ${high}, found ${short(text)}`);
  }
  return value;
}

function short(text) {
  return `'${text.length <= 24 ? text : `${text.slice(0, 24)}...`}'`;
}

/** Steps after which a state's picture is shown, 1 to T. @param {State} state */
export function uptoIn({ view, steps }) {
  const upto = Number(view.upto);
  return Number.isInteger(upto) && upto >= 1 && upto < steps ? upto : steps;
}
