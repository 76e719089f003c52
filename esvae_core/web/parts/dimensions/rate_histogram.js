/** How often test images have which rate of a dimension, and where the present rate is among them. */

import { h, lettering, onLook, palette, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { GRID } from "../../math/rates.js";
import { nameOf } from "../shared/dimension_names.js";

const [SIDE, ABOVE, BELOW] = [4, 16, 16]; // pixels around the bars

/**
 * Where bars and the mark of a value are.
 * @param {number[]} shares of the images, one for each bin
 * @param {number} value from 0, the middle of the first bin, to 1, that of the last
 * @param {number} width
 * @param {number} height
 * @returns {{bars: {x: number, y: number, width: number, height: number}[], mark: number, tall: number}} the mark's
 *   middle, and the height of the tallest bar
 */
export function histogramLayout(shares, value, width, height) {
  const most = Math.max(...shares);
  const step = (width - 2 * SIDE) / shares.length;
  const tall = height - BELOW - ABOVE;
  const bars = shares.map((share, k) => {
    const high = (tall * share) / most;
    return { x: SIDE + k * step + 1, y: ABOVE + tall - high, width: step - 2, height: Math.max(share ? 1 : 0, high) };
  });
  return { bars, mark: SIDE + (value * (shares.length - 1) + 0.5) * step, tall };
}

/**
 * @param {Session} session
 * @param {DimensionFacts} facts
 */
export function rateHistogram(session, facts) {
  const { store, latent } = session;
  const canvas = h("canvas", { class: "rate-histogram", role: "img" });
  let chosen = -1;

  /** @param {Surface} [surface] */
  function draw({ context, width, height } = sharp(canvas)) {
    const shares = facts.histogram[chosen];
    const now = store.state.rates[chosen] / GRID;
    const { bars, mark, tall } = histogramLayout(shares, now, width, height);
    const colour = palette(canvas);
    context.clearRect(0, 0, width, height);
    context.font = lettering(canvas, "11px");
    context.fillStyle = colour.quiet;
    for (const bar of bars) context.fillRect(bar.x, bar.y, bar.width, bar.height);
    context.fillStyle = colour.ink;
    context.textAlign = "left";
    context.fillText(latent.text(chosen, 0, latent.axisDigits), SIDE, height - 3);
    context.textAlign = "right";
    context.fillText(latent.text(chosen, 1, latent.axisDigits), width - SIDE, height - 3);
    context.textAlign = "left";
    context.fillText(msg`${Math.round(100 * Math.max(...shares))} % of the images at the tallest`, SIDE, 11);
    context.fillStyle = colour.now;
    context.fillRect(mark - 1.25, ABOVE, 2.5, tall + 3);
    canvas.setAttribute("aria-label", spoken(now));
  }

  const spoken = (now) =>
    msg`How often test images have which ${latent.name} of ${nameOf(session, chosen)}: mean ${latent.text(chosen, facts.mean[chosen])}, deviation ${latent.size(chosen, facts.deviation[chosen])}; now ${latent.text(chosen, now, 3)}`;

  canvas.vector = (context, width, height) => draw({ context, width, height });
  canvas.dispose = onLook(canvas, () => chosen >= 0 && draw());
  return Object.assign(canvas, {
    /** Show a dimension, or the same one again. @param {number} j */
    show(j) {
      if (j !== chosen) canvas.dataset.figure = msg`Rates of ${nameOf(session, j)}`;
      chosen = j;
      if (canvas.isConnected) draw();
    },
  });
}
