/** Two pictures beside each other: their difference, and the numbers of the latent that differ most. */

import { h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { change } from "../../math/interpolation.js";
import { GRID } from "../../math/rates.js";
import { openSheet, stageOf } from "./help.js";
import { nameOf } from "./dimension_names.js";
import { drawPixels, drawDifference } from "./draw_pixels.js";
import { stateImage } from "./state_picture.js";

const ROWS = 8;

/**
 * @param {Session} session
 * @param {HTMLElement} beside an element of the stage
 * @param {{state: State, name: string}[]} two
 */
export async function compare(session, beside, two) {
  const states = two.map(({ state }) => state);
  const place = h("div", { class: "compare" }, h("p", { role: "status" }, msg`Decoding …`));
  openSheet(stageOf(beside), msg`A/B comparison`, place);
  try {
    const [a, b] = await Promise.all(states.map((state) => stateImage(session, state)));
    place.replaceChildren(figures(a, b, two), ...(sameLatent(states) ? [latentTable(session, states)] : []));
  } catch (error) {
    place.replaceChildren(h("p", { role: "alert" }, msg`They are not compared: ${error.message}.`));
  }
}

/** @param {State[]} states */
const sameLatent = ([a, b]) => a.model === b.model;

/** @typedef {{image: Float32Array, entry: ModelEntry}} Shown */

/** @param {Shown} a @param {Shown} b @param {{name: string}[]} two */
function figures(a, b, two) {
  const figure = (canvas, caption) => h("figure", {}, canvas, h("figcaption", {}, caption));
  const shown = [a, b].map(({ image, entry }, i) => {
    const canvas = pixels(entry.size, entry.size, msg`Picture ${"AB"[i]}`, "thumb");
    drawPixels(canvas, image, entry.channels);
    return figure(canvas, `${"AB"[i]}: ${two[i].name}`);
  });
  if (a.image.length !== b.image.length || a.entry.size !== b.entry.size)
    return h("div", { class: "compare-figures" }, shown);
  const difference = pixels(a.entry.size, a.entry.size, msg`Picture B minus picture A`, "thumb");
  drawDifference(difference, b.image, a.image, a.entry.channels);
  const size = change(b.image, a.image).toFixed(3);
  shown.push(figure(difference, msg`B − A: root mean square ${size} of [−1, 1]`));
  return h("div", { class: "compare-figures" }, shown);
}

/** @param {Session} session @param {State[]} states of one model */
function latentTable(session, [a, b]) {
  const apart = (j) => Math.abs(a.rates[j] - b.rates[j]);
  const changed = Array.from(a.rates.keys()).filter(apart);
  changed.sort((i, j) => apart(j) - apart(i) || i - j);
  if (!changed.length) return h("p", {}, msg`All numbers of their latent are the same.`);
  const text = (rates, j) =>
    a.model === session.entry.name ? session.latent.text(j, rates[j] / GRID, 3) : (rates[j] / GRID).toFixed(3);
  const name = (j) => (a.model === session.entry.name ? nameOf(session, j) : `d${j}`);
  const rows = changed
    .slice(0, ROWS)
    .map((j) =>
      h("tr", {}, h("th", { scope: "row" }, name(j)), h("td", {}, text(a.rates, j)), h("td", {}, text(b.rates, j))),
    );
  const more = changed.length > ROWS ? msg`, the ${ROWS} that differ most of ${changed.length}` : "";
  return h(
    "table",
    {},
    h("caption", {}, msg`Numbers of the latent that differ${more}`),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["", "A", "B"].map((word) => h("th", { scope: "col" }, word)),
      ),
    ),
    h("tbody", {}, rows),
  );
}
