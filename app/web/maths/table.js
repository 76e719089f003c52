/** Rates as CSV, in spikes per time step. */

import { GRID } from "./rates.js";

const number = (rate) => (rate / GRID).toFixed(6).replace(/\.?0+$/, "");
const lines = (rows) => `${rows.map((row) => row.join(",")).join("\n")}\n`;

/** One line per dimension: its index, the source's rate, the present rate. */
export function dimensionsCsv(source, now) {
  const rows = Array.from(now, (rate, i) => [i, number(source[i]), number(rate)]);
  return lines([["dimension", "source_rate", "current_rate"], ...rows]);
}

/** One line per picture, as `esvae decode` reads them. @param {Uint16Array[]} cells */
export function picturesCsv(cells) {
  return lines([Array.from(cells[0], (_, j) => `rate_${j}`), ...cells.map((rates) => Array.from(rates, number))]);
}
