/** The test images with most and least of a latent dimension or a control, and how often images have how much of it. */

import { describe, h, onLook, palette, pixels, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { extremes, histogram } from "../../math/extremes.js";
import { scoresOf } from "./image_scores.js";
import { paintTestImage } from "./test_image.js";

const BINS = 17;

/**
 * @param {Having<"atlas">} session
 * @param {number} count images at either end
 */
export function activatingImages(session, count) {
  const { entry } = session;
  const spark = h("canvas", { class: "spark" });
  const ends = [msg`most`, msg`least`].map((word) => strip(session, word, count));
  const note = h("p", { class: "quiet" });
  const element = h(
    "div",
    { class: "activating" },
    h("figure", {}, spark, h("figcaption", {}, msg`test images, low to high`)),
    ends.map(({ figure }) => figure),
    note,
  );
  /** @type {ByteArray|null} */
  let originals = null;
  /** What they are ordered by. @type {ImageScores|null} */
  let shown = null;
  let turn = 0;
  session.originals().then((found) => {
    originals = found;
    if (shown) fill(shown);
  });

  function draw() {
    if (!shown) return;
    const { context, width, height } = sharp(spark);
    const shares = histogram(shown.values, shown.range, BINS);
    const tallest = Math.sqrt(Math.max(...shares));
    context.clearRect(0, 0, width, height);
    context.fillStyle = palette(spark).quiet;
    shares.forEach((share, k) => {
      const tall = share ? Math.max(1, (height * Math.sqrt(share)) / tallest) : 0;
      context.fillRect((k * width) / BINS, height - tall, width / BINS - 1, tall);
    });
  }

  /** @param {ImageScores} scores */
  function fill(scores) {
    const mine = ++turn;
    const { highest, lowest } = extremes(scores.values, count);
    [highest, lowest].forEach((rows, end) => {
      ends[end].show(rows, scores, (canvas, row) =>
        paintTestImage(session, canvas, row, originals, () => mine === turn),
      );
    });
    note.textContent = originals ? msg`The test images themselves.` : msg`As the model reconstructs them.`;
  }

  /** @param {number|Control} which a latent dimension, or a control */
  function show(which) {
    const scores = scoresOf(session, which);
    if (scores.key === shown?.key) return;
    shown = scores;
    fill(scores);
    describe(spark, scores.title);
    element.dataset.shows = `${entry.name} ${scores.name}`;
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

/**
 * One end: pictures that can be started from.
 * @param {Having<"atlas">} session
 * @param {string} word
 * @param {number} count
 */
function strip(session, word, count) {
  const { atlas, entry } = session;
  const canvases = Array.from({ length: count }, () => pixels(entry.size, entry.size, "", "thumb"));
  // they keep their places, and have a name, before it is known what is shown
  const waiting = { type: "button", class: "picked", disabled: true, title: msg`Test image` };
  const buttons = canvases.map((canvas) => h("button", waiting, canvas));
  const caption = h("figcaption", {});
  return {
    figure: h("figure", {}, h("div", { class: "activating-tiles" }, buttons), caption),
    /** @param {number[]} rows @param {ImageScores} scores @param {(canvas: HTMLCanvasElement, row: number) => void} fill */
    show(rows, { text: value }, fill) {
      buttons.forEach((button, k) => (button.hidden = k >= rows.length));
      rows.forEach((row, k) => {
        const index = atlas.indices[row];
        const label = msg`${atlas.label(row)}, test image ${index}: ${value(row)}`;
        buttons[k].disabled = false;
        buttons[k].title = msg`${label}; start from it`;
        buttons[k].onclick = () => session.startFrom(index);
        describe(canvases[k], label);
        fill(canvases[k], row);
      });
      const ends = rows.length ? msg`, ${value(rows[0])} to ${value(rows[rows.length - 1])}` : "";
      caption.textContent = `${word}${ends}`;
    },
  };
}
