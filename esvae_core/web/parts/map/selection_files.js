/** A selection of test images as files. Does not touch the DOM. */

import { tableCsv } from "../../formats/table_csv.js";
import { nameOf } from "../shared/dimension_names.js";

const DIGITS = 6;

/**
 * A row per image, and one of the means.
 * @param {Pick<MapModel, "session"|"atlas">} model
 * @param {number[]} rows
 * @param {ArrayLike<number>} means (d), heights from 0 to 1
 */
export function selectionCsv({ session, atlas }, rows, means) {
  const { latent } = session;
  const names = Array.from({ length: atlas.dims }, (_, j) => nameOf(session, j));
  const value = (row, j) => latent.value(j, atlas.counts[row * atlas.dims + j] / atlas.steps);
  const lines = rows.map((row) => [
    atlas.indices[row],
    atlas.label(row),
    ...names.map((_, j) => String(rounded(value(row, j)))),
  ]);
  lines.unshift(["test_image", "class", ...names]);
  lines.push(["mean", "", ...Array.from(means, (m, j) => latent.value(j, m).toFixed(DIGITS))]);
  return tableCsv(lines);
}

/**
 * Indices, classes and means, and what they are of.
 * @param {Pick<MapModel, "session"|"atlas"|"entry">} model
 * @param {number[]} rows
 * @param {ArrayLike<number>} means (d), heights from 0 to 1
 * @param {[label: number, count: number][]} mix classes among them
 */
export function selectionJson({ session, atlas, entry }, rows, means, mix) {
  const { latent } = session;
  const ofRates = latent.key === "rates";
  const content = {
    model: entry.name,
    checkpoint: entry.hash,
    dataset: atlas.dataset,
    split: "test",
    ...(ofRates ? { steps: atlas.steps } : {}),
    indices: rows.map((row) => atlas.indices[row]),
    classes: Object.fromEntries(mix.map(([label, count]) => [atlas.classNames[label], count])),
    dimensions: Array.from({ length: atlas.dims }, (_, j) => nameOf(session, j)),
    [ofRates ? "meanRates" : "meanLatent"]: Array.from(means, (m, j) => rounded(latent.value(j, m))),
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}

const rounded = (value) => Number(value.toFixed(DIGITS));
