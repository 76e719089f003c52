/** Latent dimensions as the page lists them: their order, their names, and what a taught one stands for. */

import { valueText } from "../../math/measured.js";

/**
 * Dimensions in the order that the state asks for.
 * @param {Session} session
 */
export function orderOf(session, order = session.store.state.order) {
  const all = Array.from({ length: session.entry.dims }, (_, i) => i);
  const weight = { effect: session.atlas?.effect, usage: session.atlas?.usage() }[order];
  return weight ? all.sort((a, b) => weight[b] - weight[a] || a - b) : all;
}

/**
 * A dimension's name: what the visitor called it, what it was taught to stand for, or its number.
 * @param {Pick<Session, "store"|"entry">} session
 */
export function nameOf(session, i) {
  return session.store.state.view[`name${i}`] || session.entry.taught?.[i] || `d${i}`;
}

/**
 * What a rate of a taught neuron stands for, such as "2.9 px"; "" of any other neuron.
 * @param {Session} session @param {number} i @param {number} rate
 */
export function taughtValue({ entry }, i, rate) {
  const levels = entry.taughtLevels?.[i];
  if (!levels) return "";
  const place = rate * (levels.length - 1);
  const low = Math.min(Math.floor(place), levels.length - 2);
  const value = levels[low] + (place - low) * (levels[low + 1] - levels[low]);
  return valueText({ kind: "number", categories: [], unit: entry.taughtUnits?.[i] ?? "" }, value);
}
