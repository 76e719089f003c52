/** How much each step counts in the final picture. */

import { msg } from "../../messages.js";

/**
 * The readout's weights of all steps, those of the first `upto` marked.
 * @param {ArrayLike<number>} weights (T)
 * @param {number} upto
 * @param {string} label of the weights
 * @returns {ChartDescription}
 */
export function weightsChart(weights, upto, label) {
  const count = weights.length;
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const all = Array.from(weights);
  const share = sum(all.slice(0, upto)) / sum(all);
  const bars = all.map((weight, t) => [t + 1, weight]);
  const first = firstWords(upto, count);
  return {
    x: { label: msg`step`, from: 0.5, to: count + 0.5, whole: true },
    y: { label, from: 0, to: 1 },
    marks: [
      { kind: "bars", tone: "now", name: msg`first ${upto}`, values: bars.slice(0, upto) },
      { kind: "bars", tone: "quiet", name: msg`still to come`, values: bars.slice(upto) },
    ],
    words: msg`${first} ${(100 * share).toFixed(1)} percent of the weight.`,
    note: msg`${first} ${share > 0.995 && upto < count ? (100 * share).toFixed(1) : Math.round(100 * share)} % of the weight`,
  };
}

/** The beginning of what is said of the first steps' weight. @param {number} upto @param {number} count */
function firstWords(upto, count) {
  if (count === 1) return msg`The only step holds`;
  if (upto === 1) return msg`The first of ${count} steps holds`;
  return msg`The first ${upto} of ${count} steps hold`;
}
