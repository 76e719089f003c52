/** What is known of dimensions, as files. Does not touch the DOM. */

import { strongest } from "../../math/dimensions.js";
import { nameOf } from "../shared/dimension_names.js";

/**
 * A row of a table for each dimension; the first row names the columns.
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts
 * @returns {(string|number)[][]}
 */
export function neuronRows(session, facts) {
  const { entry, atlas, measured } = session;
  const { attributes, correlation } = measured ?? { attributes: [], correlation: [] };
  const heads = ["dimension", "name", "mean", "deviation", "state", "bits", "effect"];
  const noise = facts.moved ? ["moved", "redrawn", "above_noise"] : [];
  const classes = ["class_share", "class", "class_correlation"];
  const rows = Array.from({ length: entry.dims }, (_, j) => {
    const { label, value } = strongest(facts.correlation, j);
    return [
      ...[j, nameOf(session, j), facts.mean[j], facts.deviation[j], facts.states[j], facts.bits[j], facts.effect[j]],
      ...(facts.moved ? [facts.moved[j], facts.redrawn[j], String(facts.clear[j])] : []),
      ...[facts.classShare[j], atlas.classNames[label], value],
      ...attributes.map((_, k) => correlation[k][j].toFixed(3)),
    ];
  });
  return [[...heads, ...noise, ...classes, ...attributes.map(({ name }) => `correlation with ${name}`)], ...rows];
}

/**
 * The names that were given, by the visitor or in training, as JSON.
 * @param {Pick<Session, "store"|"entry">} session
 */
export function namesJson(session) {
  const { entry } = session;
  const all = Array.from({ length: entry.dims }, (_, j) => [`d${j}`, nameOf(session, j)]);
  const names = Object.fromEntries(all.filter(([number, name]) => name !== number));
  return `${JSON.stringify({ model: entry.name, checkpoint: entry.hash, names }, null, 1)}\n`;
}
