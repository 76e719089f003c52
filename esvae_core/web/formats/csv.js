/** The latent as CSV: rates in spikes per time step, or the numbers of a latent without spikes. */

import { GRID } from "../math/rates.js";

const number = (value) => value.toFixed(6).replace(/\.?0+$/, "");
const lines = (rows) => `${rows.map((row) => row.join(",")).join("\n")}\n`;

/** One line per dimension: its index, the source's number, the present one. @param {Latent} latent */
export function dimensionsCsv(source, now, latent) {
  const told = (heights, j) => number(latent.value(j, heights[j] / GRID));
  const rows = Array.from(now, (_, j) => [j, told(source, j), told(now, j)]);
  const name = latent.spiking ? "rate" : "latent";
  return lines([["dimension", `source_${name}`, `current_${name}`], ...rows]);
}

/** One line per picture, as `esvae decode` reads them. @param {Uint16Array[]} cells */
export function picturesCsv(cells, latent) {
  const heads = Array.from(cells[0], (_, j) => `${latent.spiking ? "rate" : "latent"}_${j}`);
  return lines([
    heads,
    ...cells.map((heights) => Array.from(heights, (height, j) => number(latent.value(j, height / GRID)))),
  ]);
}
