/** A film strip: pictures in a row, and under each how far it has moved and how many real images are near. */

import { describe, h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { frameWords, stripStatistics, stripWords } from "./strip_statistics.js";

/** @typedef {import("./strip_statistics.js").Frame} Frame */

/** @param {Session} session @param {{onpick: (k: number) => void}} options called with the frame that is pressed */
export function strip(session, { onpick }) {
  const { entry, atlas, latent } = session;
  const row = h("ol", { class: "strip" });
  const words = h("p", { class: "quiet" });
  const labels = h(
    "div",
    { class: "strip-labels", "aria-hidden": "true" },
    h("span", {}, msg`change`),
    h("span", {}, atlas ? msg`real images nearby` : ""),
  );
  const element = h("section", { "data-figure": msg`Path` }, h("div", { class: "strip-place" }, labels, row), words);
  /** @type {ReturnType<typeof cellOf>[]} */
  let cells = [];

  /** @param {number} count */
  function build(count) {
    cells = Array.from({ length: count }, (_, k) => cellOf(entry.size, () => onpick(k)));
    row.replaceChildren(...cells.map((cell) => cell.item));
    row.style.setProperty("--count", String(count));
  }

  /** @param {Frame[]} frames */
  function show(frames) {
    if (cells.length !== frames.length) build(frames.length);
    if (frames.every(({ image }) => image)) row.dataset.there = String(frames.length);
    else delete row.dataset.there;
    const statistics = stripStatistics(frames, atlas);
    const { changes, most, near } = statistics;
    cells.forEach(({ canvas, speed, count, button }, k) => {
      if (frames[k].image) drawPixels(canvas, frames[k].image, entry.channels);
      speed.style.width = `${(100 * changes[k]) / most}%`;
      count.textContent = near[k] === null ? "" : String(near[k]);
      count.classList.toggle("alone", near[k] === 0);
      button.title = frameWords(statistics, k, atlas);
      describe(canvas, button.title);
    });
    words.textContent = stripWords(statistics, latent);
  }

  return Object.assign(element, {
    show,
    /** Show which frame is chosen. @param {number} k */
    mark: (k) => cells.forEach(({ button }, i) => button.setAttribute("aria-pressed", String(i === k))),
  });
}

/** A frame's picture, and what is below it. @param {number} size @param {() => void} onclick */
function cellOf(size, onclick) {
  const canvas = pixels(size, size, "", "thumb");
  const speed = h("i", { class: "speed" });
  const count = h("span", {});
  const button = h("button", { type: "button", class: "picked", onclick }, canvas);
  return { canvas, speed, count, button, item: h("li", {}, button, h("div", { class: "speed-track" }, speed), count) };
}
