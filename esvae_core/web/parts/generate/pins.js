/**
 * Samples that stay when the others change, as the link keeps them: "PLACE-SEED-TEMPERATURE" with the temperature in
 * hundredths, separated by spaces. Links from before pins had a temperature have "PLACE-SEED".
 */

import { MAX_SEED } from "../../state/url_state.js";

/** Highest temperature of the prior. */
export const HOTTEST = 2;

/** @typedef {{seed: number, temperature: number}} Pin */

/**
 * @param {string} text
 * @param {number} temperature of a pin that names none
 * @returns {Map<number, Pin>} by place; what is no pin is left out, since a link may hold anything
 */
export function readPins(text, temperature) {
  const pins = new Map();
  for (const pin of text.split(" ")) {
    const [, place, seed, heat] = /^(\d{1,4})-(\d{1,10})(?:-(\d{1,3}))?$/.exec(pin) ?? [];
    if (place === undefined || Number(seed) > MAX_SEED || Number(heat ?? 0) > 100 * HOTTEST) continue;
    pins.set(Number(place), { seed: Number(seed), temperature: heat === undefined ? temperature : Number(heat) / 100 });
  }
  return pins;
}

/** @param {Map<number, Pin>} pins */
export const writePins = (pins) =>
  [...pins].map(([place, { seed, temperature }]) => `${place}-${seed}-${Math.round(100 * temperature)}`).join(" ");
