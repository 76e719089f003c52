/** What test images are ordered by: how much each has of a latent dimension, or how far it lies along a control. */

import { msg } from "../../messages.js";
import { GRID } from "../../math/rates.js";
import { nameOf } from "./dimension_names.js";

/**
 * @param {Having<"atlas">} session
 * @param {number|Control} which a latent dimension, or a control
 * @returns {ImageScores}
 */
export const scoresOf = (session, which) =>
  typeof which === "number" ? ofDimension(session, which) : ofControl(session, which);

/** @param {Having<"atlas">} session @param {number} j @returns {ImageScores} */
function ofDimension(session, j) {
  const { atlas, latent } = session;
  return {
    name: `d${j}`,
    key: `d${j}`,
    values: Float64Array.from({ length: atlas.count }, (_, row) => atlas.counts[row * atlas.dims + j] / atlas.steps),
    range: [0, 1],
    title: msg`How often test images have which ${latent.name} of ${nameOf(session, j)}`,
    text: (row) => latent.text(j, atlas.rates(row)[j] / GRID),
  };
}

/**
 * In standard deviations of the test images, from their mean.
 * @param {Having<"atlas">} session
 * @param {Control} control
 * @returns {ImageScores}
 */
function ofControl({ atlas }, control) {
  const raw = Float64Array.from({ length: atlas.count }, (_, row) => control.lies(atlas.rates(row)));
  const values = standardised(raw);
  const text = (row) => msg`${values[row] < 0 ? "−" : "+"}${Math.abs(values[row]).toFixed(1)} sd`;
  return {
    name: control.name,
    key: `control ${control.name} ${control.step ?? ""}`, // one of the visitor's own may be made anew under its name
    values,
    range: /** @type {[number, number]} */ ([Math.min(...values), Math.max(...values)]),
    title: msg`How far test images lie along ${control.name}, in standard deviations`,
    text,
  };
}

/** Less their mean, over their standard deviation; 0 where all are the same. @param {Float64Array} values */
function standardised(values) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
  return values.map((x) => (deviation ? (x - mean) / deviation : 0));
}
