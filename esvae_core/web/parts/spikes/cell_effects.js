/** How much the picture changes when a single cell of the raster is turned: tried cell by cell, and summed up. */

import { msg } from "../../messages.js";
import { formatNumber } from "../../math/axis.js";

/**
 * Turn every cell once, in the workers: the late steps first, since they matter most and are the quickest. No worker is
 * given its next step before it has done the last, so that all can be dropped.
 * @param {Pick<Pool, "size"|"run">} pool
 * @param {Uint8Array} spikes (T, d)
 * @param {number} steps T
 * @param {{wanted: () => boolean, onstep: (share: number) => void}} options
 * @returns {Promise<Float32Array|null>} (T, d) root mean square change of the picture; null if it is not wanted any more
 */
export async function effectsOfCells(pool, spikes, steps, { wanted, onstep }) {
  const d = spikes.length / steps;
  const effects = new Float32Array(spikes.length);
  let [next, done] = [steps - 1, 0];
  const work = async () => {
    for (let t = next--; t >= 0 && wanted(); t = next--) {
      const part = await pool.run("flips", spikes, steps, t * d, (t + 1) * d);
      if (!wanted()) return;
      effects.set(part, t * d);
      onstep(++done / steps);
    }
  };
  await Promise.all(Array.from({ length: pool.size }, work));
  return wanted() ? effects : null;
}

/** Cells by falling effect. @param {Float32Array} effects */
export const strongestFirst = (effects) => Array.from(effects, (_, i) => i).sort((a, b) => effects[b] - effects[a]);

/** @param {Float32Array} effects @param {number[]} order cells by falling effect @param {number} ms that it took */
export function effectWords(effects, order, ms) {
  const total = effects.reduce((a, b) => a + b, 0) || 1;
  const top = order.slice(0, Math.ceil(order.length / 10)).reduce((sum, i) => sum + effects[i], 0) / total;
  return msg`${effects.length} cells turned one at a time, in ${(ms / 1000).toFixed(1)} s. The strongest tenth holds ${Math.round(100 * top)} % of the effect. Effect: root mean square change of the picture, of a range of 2.`;
}

/**
 * Mean effect of each step's cells, beside the readout's weights.
 * @param {Float32Array} effects (T, d)
 * @param {ArrayLike<number>} weights (T)
 * @returns {ChartDescription}
 */
export function effectsByStep(effects, weights) {
  const count = weights.length;
  const d = effects.length / count;
  const mean = (t) => effects.subarray(t * d, (t + 1) * d).reduce((a, b) => a + b, 0) / d;
  const means = Array.from({ length: count }, (_, t) => mean(t));
  const scale = means.reduce((a, b) => a + b, 0) / Array.from(weights).reduce((a, b) => a + b, 0);
  return {
    x: { label: msg`step`, from: 0.5, to: count + 0.5, whole: true },
    y: { label: msg`mean change`, from: 0, to: Math.max(...means, scale) * 1.1 || 1 },
    marks: [
      { kind: "bars", tone: "quiet", name: msg`mean over the neurons`, values: means.map((v, t) => [t + 1, v]) },
      {
        kind: "line",
        tone: "now",
        name: msg`readout weight, same area`,
        values: Array.from(weights, (weight, t) => [t + 1, weight * scale]),
      },
    ],
    words: msg`From ${formatNumber(means[0])} at step 1 to ${formatNumber(means.at(-1))} at the last.`,
    note: msg`If only the readout counted, the bars would follow the line; membranes carry a spike into the steps after it.`,
  };
}
