/** The test images that have most and least of a latent dimension, with how often images have how much of it. */

import { describe, h, onLook, palette, pixels, sharp } from "../../dom.js";
import { extremes, histogram } from "../../math/extremes.js";
import { GRID } from "../../math/rates.js";
import { nameOf } from "./dimension_names.js";
import { paintTestImage } from "./test_image.js";

const BINS = 17;

/**
 * @param {Session} session
 * @param {number} count images at either end
 */
export function activatingImages(session, count) {
  const { atlas, entry, latent } = session;
  const spark = h("canvas", { class: "spark" });
  const ends = ["most", "least"].map((word) => strip(session, word, count));
  const note = h("p", { class: "quiet" });
  const element = h(
    "div",
    { class: "activating" },
    h("figure", {}, spark, h("figcaption", {}, "test images, low to high")),
    ends.map(({ figure }) => figure),
    note,
  );
  /** @type {ByteArray|null} */
  let originals = null;
  let shown = -1;
  let turn = 0;
  session.originals().then((found) => {
    originals = found;
    const j = shown;
    shown = -1;
    if (j >= 0) show(j);
  });

  function draw() {
    if (shown < 0) return;
    const { context, width, height } = sharp(spark);
    const shares = histogram(atlas, shown, BINS);
    const tallest = Math.sqrt(Math.max(...shares));
    context.clearRect(0, 0, width, height);
    context.fillStyle = palette(spark).quiet;
    shares.forEach((share, k) => {
      const tall = share ? Math.max(1, (height * Math.sqrt(share)) / tallest) : 0;
      context.fillRect((k * width) / BINS, height - tall, width / BINS - 1, tall);
    });
  }

  /** @param {number} j */
  function show(j) {
    if (j === shown) return;
    shown = j;
    const mine = ++turn;
    const { highest, lowest } = extremes(atlas, j, count);
    [highest, lowest].forEach((rows, end) => {
      ends[end].show(rows, j, (canvas, row) => paintTestImage(session, canvas, row, originals, () => mine === turn));
    });
    note.textContent = originals ? "The test images themselves." : "As the model reconstructs them.";
    describe(spark, `How often test images have which ${latent.name} of ${nameOf(session, j)}`);
    element.dataset.shows = `${entry.name} d${j}`;
    if (spark.isConnected) draw();
  }

  const stop = onLook(spark, draw);
  return Object.assign(element, {
    show,
    dispose() {
      turn++;
      stop();
    },
  });
}

/** One end: pictures that can be started from. @param {Session} session @param {string} word @param {number} count */
function strip(session, word, count) {
  const { atlas, entry, latent } = session;
  const canvases = Array.from({ length: count }, () => pixels(entry.size, entry.size, "", "thumb"));
  const buttons = canvases.map((canvas) => h("button", { type: "button", class: "picked" }, canvas));
  const caption = h("figcaption", {});
  return {
    figure: h("figure", {}, h("div", { class: "activating-tiles" }, buttons), caption),
    /** @param {number[]} rows @param {number} j @param {(canvas: HTMLCanvasElement, row: number) => void} fill */
    show(rows, j, fill) {
      const value = (row) => latent.text(j, atlas.rates(row)[j] / GRID);
      buttons.forEach((button, k) => (button.hidden = k >= rows.length));
      rows.forEach((row, k) => {
        const index = atlas.indices[row];
        const label = `${atlas.label(row)}, test image ${index}: ${value(row)}`;
        buttons[k].title = `${label}; start from it`;
        buttons[k].onclick = () => session.startFrom(index);
        describe(canvases[k], label);
        fill(canvases[k], row);
      });
      const ends = rows.length ? `, ${value(rows[0])} to ${value(rows.at(-1))}` : "";
      caption.textContent = `${word}${ends}`;
    },
  };
}
