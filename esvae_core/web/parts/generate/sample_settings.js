/** What the link keeps of Generate: size of the grid, seeds, temperature, class, order and pins. */

import { msg } from "../../messages.js";
import { counted } from "../../math/axis.js";
import { MAX_SEED } from "../../state/url_state.js";
import { HOTTEST, readPins } from "./pins.js";

/** Lowest and highest number, and the usual one. @type {Record<"rows"|"columns"|"from", [number, number, number]>} */
export const LIMITS = { rows: [1, 12, 5], columns: [1, 16, 10], from: [0, MAX_SEED, 0] };

/** @typedef {keyof typeof LIMITS} NumberName */

/**
 * `from` is the first seed, `heat` the temperature of the prior, `label` the class that is wanted, "" for all.
 * @typedef {{rows: number, columns: number, from: number, heat: number, label: string, sort: boolean,
 *   pinned: Map<number, import("./pins.js").Pin>}} SampleSettings
 */

/** The nearest whole number that a setting can have. @param {NumberName} name @param {number} value */
export function settingWithin(name, value) {
  const [low, high] = LIMITS[name];
  return Math.min(high, Math.max(low, Math.round(value)));
}

/**
 * @param {State["view"]} view a link may hold anything
 * @param {string[]} classNames
 * @returns {SampleSettings}
 */
export function sampleSettings(view, classNames) {
  /** @param {NumberName} name */
  const number = (name) => settingWithin(name, Number(view[name] ?? LIMITS[name][2]) || LIMITS[name][2]);
  const heat = Math.min(HOTTEST, Math.max(0, Number(view.heat ?? 1)));
  return {
    rows: number("rows"),
    columns: number("columns"),
    from: number("from"),
    heat,
    label: classNames.includes(view.like) ? view.like : "",
    sort: view.sort === "1",
    pinned: readPins(view.pins ?? "", heat),
  };
}

/**
 * All that the samples depend on, as text; `steer` is that of the control.
 * @param {State} state
 * @param {string} steer
 */
export function samplesKey({ view, seed, sampler, steps }, steer) {
  const { rows, columns, from, heat, like, sort, pins } = view;
  return JSON.stringify([rows, columns, from, heat, like, sort, pins, steer, seed, sampler, steps]);
}

/** Which samples are shown, in words. @param {number} found @param {SampleSettings} settings */
export function sampleWords(found, { rows, columns, from, label }) {
  const words = [msg`${counted(found, msg`sample`, msg`samples`)}, seeds from ${from} on`];
  if (label) words.push(msg`those whose ${5} nearest test images are mostly “${label}”`);
  if (found < rows * columns) words.push(msg`more of that class were not found`);
  return `${words.join("; ")}.`;
}
