/**
 * By how much each control has moved the rates.
 *
 * Amounts count from the rates at which no control was moved. Where rates come from elsewhere (a bar, another image),
 * all amounts are 0 again; undo and redo bring them back, also after a reload (kept_history.js).
 */

import { packRates, unpackRates } from "./url_state.js";

/**
 * Rates without controls, and what was asked of each.
 * @typedef {{base: Uint16Array, amounts: Map<string, number>}} Moved
 */

/** What led to rates that controls have made. @type {WeakMap<Uint16Array, Moved>} */
const made = new WeakMap();

/** What controls have made of the rates. @param {Uint16Array} rates @returns {Moved} */
export const movedOf = (rates) => made.get(rates) ?? { base: rates, amounts: new Map() };

/**
 * What controls have made of the rates, as JSON holds it; undefined if no control was moved.
 * @param {Uint16Array} rates
 */
export function writeMoved(rates) {
  const { base, amounts } = movedOf(rates);
  return amounts.size ? [packRates(base), ...amounts] : undefined;
}

/**
 * Let `movedOf` know of these rates what `writeMoved` wrote of them.
 * @param {Uint16Array} rates
 * @param {any} written may be anything
 * @throws {Error} if `writeMoved` has not written it of as many rates
 */
export function readMoved(rates, written) {
  if (!written) return;
  const [text, ...amounts] = written;
  const base = unpackRates(text, "rates");
  const right = amounts.every(([name, amount]) => typeof name === "string" && Number.isFinite(amount));
  if (base.length !== rates.length || !right) throw new TypeError("no amounts of controls");
  made.set(rates, { base, amounts: new Map(amounts) });
}

/**
 * Rates with other amounts.
 * @param {Uint16Array} rates as they are now
 * @param {Control[]} controls
 * @param {Map<string, number>} amounts
 * @param {(i: number) => boolean} free which of them may move; the others stay where they are
 * @returns {Uint16Array}
 */
function withAmounts(rates, controls, amounts, free) {
  /** @type {Uint16Array} */
  let moved = movedOf(rates).base.slice();
  for (const each of controls) moved = each.apply(moved, amounts.get(each.name) ?? 0);
  moved.forEach((_, i) => free(i) || (moved[i] = rates[i]));
  return moved;
}

/**
 * Rates with another amount of one control, which `movedOf` knows from then on.
 * @param {Uint16Array} rates
 * @param {Control[]} controls
 * @param {string} name of the control
 * @param {number} amount
 * @param {(i: number) => boolean} free which of them may move
 */
export function moveControl(rates, controls, name, amount, free) {
  const { base, amounts } = movedOf(rates);
  const asked = new Map(amounts).set(name, amount);
  const moved = withAmounts(rates, controls, asked, free);
  made.set(moved, { base, amounts: asked });
  return moved;
}

/**
 * Rates at evenly spaced amounts of one control's reach, the others as they are.
 * @param {Uint16Array} rates
 * @param {Control[]} controls
 * @param {Control} control
 * @param {number} count of places
 * @param {(i: number) => boolean} free which of them may move
 * @returns {{amount: number, rates: Uint16Array}[]}
 */
export function alongControl(rates, controls, { name, reach: [low, high] }, count, free) {
  const { amounts } = movedOf(rates);
  return Array.from({ length: count }, (_, k) => {
    const amount = low + ((high - low) * k) / (count - 1);
    return { amount, rates: withAmounts(rates, controls, new Map(amounts).set(name, amount), free) };
  });
}

/**
 * Lowest and highest amount of a slider: as far to either side of 0 if there are two sides.
 * @param {[number, number]} reach
 */
export function sliderEnds([low, high]) {
  const end = Math.max(-low, high);
  return { min: low < 0 ? -end : 0, max: end };
}

/**
 * Where an amount lies between the slider's ends, in percent.
 * @param {number} amount
 * @param {[number, number]} reach
 */
export function sliderPercent(amount, reach) {
  const { min, max } = sliderEnds(reach);
  return (100 * (amount - min)) / (max - min);
}

/**
 * The amount that a slider asks for, inside of the reach.
 * @param {number} value
 * @param {[number, number]} reach
 * @param {number} step below which it is 0
 */
export function askedAmount(value, [low, high], step) {
  const wanted = Math.min(high, Math.max(low, value));
  return Math.abs(wanted) < step ? 0 : wanted;
}
