/**
 * Controls that a visitor makes: from the mean latent of some images to that of others. The twin of `by_hand` in
 * `esvae_core/controls/directions.py`. The link keeps them, a text each: a name, a bar, and 16 bits for each number.
 */

import { msg } from "../messages.js";
import { liesAlong, moved } from "./controls.js";
import { fromBase64Url, toBase64Url } from "../state/url_state.js";

export const MOST_OWN = 8;
export const LONGEST_NAME = 24;
const REACH = 3; // of an amount; 1 is the whole way
const UNIT = 32767 / (Math.PI / 2); // of a step, in 16 bits
const LONGEST = 4000; // characters that a link takes of one of them

/** @param {number} i */
const keyOf = (i) => `control${i}`;

/**
 * The step from the mean place of all other rows to that of some rows.
 * @param {ArrayLike<number>} counts (N, d) spikes in `steps` steps
 * @param {number[]} rows
 * @param {boolean} arcsine whether places are arcsin(sqrt(rate)), as of firing rates
 * @returns {Float64Array} (d)
 */
export function stepTowards(counts, steps, dims, rows, arcsine) {
  const chosen = new Set(rows);
  const others = counts.length / dims - chosen.size;
  const step = new Float64Array(dims);
  for (let at = 0; at < counts.length; at++) {
    const height = Math.min(1, counts[at] / steps);
    const place = arcsine ? Math.asin(Math.sqrt(height)) : height;
    step[at % dims] += chosen.has(Math.floor(at / dims)) ? place / chosen.size : -place / others;
  }
  return step;
}

/** A view's entries with one more control; null if there are too many, or the link cannot hold it. */
export function withOwn(view, name, step) {
  const free = Array.from({ length: MOST_OWN }, (_, i) => keyOf(i)).find((key) => !(key in view));
  const text = packed(name, step);
  return free && text.length <= LONGEST ? { ...view, [free]: text } : null;
}

/** A view's entries without the control of that name. */
export function withoutOwn(view, name) {
  return Object.fromEntries(
    Object.entries(view).filter(([key, text]) => !/^control[0-7]$/.test(key) || text.split("|")[0] !== name),
  );
}

/** @param {ArrayLike<number>} step */
function packed(name, step) {
  const whole = Int16Array.from(step, (v) => Math.round(v * UNIT));
  const bytes = Uint8Array.from({ length: 2 * whole.length }, (_, i) => (whole[i >> 1] >> (i % 2 ? 8 : 0)) & 255);
  return `${name.replaceAll("|", " ").trim().slice(0, LONGEST_NAME)}|${toBase64Url(bytes)}`;
}

/**
 * The controls that a link holds; what does not fit the latent is left out.
 * @param {Record<string, string>} view
 * @param {number} dims
 * @param {boolean} arcsine
 * @returns {OwnControl[]}
 */
export function ownControls(view, dims, arcsine) {
  /** @type {OwnControl[]} */
  const found = [];
  for (let i = 0; i < MOST_OWN; i++) {
    const [name, text] = (view[keyOf(i)] ?? "").split("|");
    const step = name && text ? unpacked(text, dims) : null;
    if (step && !found.some((each) => each.name === name)) found.push(controlOf(name, step, arcsine));
  }
  return found;
}

/** @returns {Float64Array|null} */
function unpacked(text, dims) {
  try {
    const bytes = fromBase64Url(text, msg`control`);
    if (bytes.length !== 2 * dims) return null;
    const whole = new Int16Array(dims).map((_, j) => bytes[2 * j] | (bytes[2 * j + 1] << 8));
    return Float64Array.from(whole, (v) => v / UNIT);
  } catch {
    return null;
  }
}

/** @param {Float64Array} step @returns {OwnControl} */
function controlOf(name, step, arcsine) {
  const none = new Float32Array(0);
  const field = {
    middle: new Float32Array(step.length),
    shift: step,
    left: none,
    right: none,
    rank: 0,
    arcsine,
    steps: 1,
  };
  return {
    name,
    source: "hand",
    attribute: "",
    unit: "",
    size: 1,
    steerable: true,
    why: "",
    reach: [-REACH, REACH],
    evidence: [],
    step,
    apply: (rates, amount) => moved(rates, field, Math.max(-REACH, Math.min(REACH, amount))),
    lies: (rates) => liesAlong(rates, field.shift, field.arcsine),
  };
}
