/** The sheet that chooses an anchor: a test image of a class, the mean of a class, a saved picture, and more. */

import { h, icon, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { decodeState } from "../../state/url_state.js";
import { toGrid } from "../../math/rates.js";
import { ofClass, pageOf, storedFirst } from "../explore/image_pages.js";
import { openSheet } from "../shared/help.js";
import { newSeed } from "../shared/noise_controls.js";
import { paintTestImage, storedTiles } from "../shared/test_image.js";

/**
 * @param {Session} session
 * @param {HTMLElement} stage
 * @param {string} title
 * @param {(source: Source) => void} take
 * @param {...Child} more further buttons
 */
export function pickAnchor(session, stage, title, take, ...more) {
  const choose = (source) => {
    sheet.close();
    take(source);
  };
  const button = (words, source) => h("button", { type: "button", onclick: () => choose(source()) }, words);
  const { store } = session;
  const sheet = openSheet(
    stage,
    title,
    h(
      "div",
      { class: "row tight" },
      button(msg`Current code`, () => ({ kind: "own", rates: store.state.rates })),
      button(msg`Draw of the prior`, () => ({ kind: "prior", seed: newSeed() })),
      ...more,
    ),
    has(session, "atlas") ? testImages(session, choose) : null,
    savedPictures(session, choose),
  );
  return sheet;
}

/** @param {Having<"atlas">} session @param {(source: Source) => void} choose */
function testImages(session, choose) {
  const { atlas, entry } = session;
  const tiles = h("div", { class: "tiles" });
  let page = 0;
  const all = storedFirst(atlas, storedTiles(atlas));
  const chosen = () => ofClass(all, atlas, classes.value);
  const classes = h(
    "select",
    { "aria-label": msg`Class of the anchor`, onchange: () => show(0) },
    h("option", { value: "" }, msg`all classes`),
    atlas.classNames.map((name, i) => h("option", { value: i }, name)),
  );
  const more = h("button", { type: "button", onclick: () => show(page + 1) }, icon("reset"), msg`More`);
  const mean = h(
    "button",
    { type: "button", onclick: () => choose({ kind: "own", rates: meanOf(atlas, chosen()) }) },
    msg`Mean of the class`,
  );
  const show = (wanted) => {
    const shown = pageOf(chosen(), wanted);
    page = shown.page;
    mean.disabled = classes.value === "" || !shown.rows.length;
    tiles.replaceChildren(...shown.rows.map(tile));
  };
  const tile = (row) => {
    const words = msg`${atlas.label(row)}, test image ${atlas.indices[row]}`;
    const canvas = pixels(entry.size, entry.size, words, "thumb");
    paintTestImage(session, canvas, row, null, () => canvas.isConnected);
    const take = () => choose({ kind: "test", index: atlas.indices[row] });
    return h("button", { type: "button", class: "picked", title: words, onclick: take }, canvas);
  };
  show(0);
  return h(
    "section",
    {},
    h("h3", {}, msg`A test image, or a class`),
    h("div", { class: "row" }, classes, more, mean),
    tiles,
  );
}

/** @param {Atlas} atlas @param {number[]} rows */
function meanOf(atlas, rows) {
  const all = new Float64Array(atlas.dims);
  for (const row of rows)
    for (let j = 0; j < atlas.dims; j++) all[j] += atlas.counts[row * atlas.dims + j] / atlas.steps / rows.length;
  return toGrid(all);
}

/** Those of the model at work. @param {Session} session @param {(source: Source) => void} choose */
function savedPictures({ saved, entry }, choose) {
  const mine = saved.all.filter(({ link }) => decodeState(link).model === entry.name);
  if (!mine.length) return null;
  const tiles = mine.map(({ link, name, picture }) => {
    const take = () => choose({ kind: "own", rates: decodeState(link).rates });
    return h(
      "button",
      { type: "button", class: "picked", title: name, onclick: take },
      h("img", { class: "pixels thumb", src: picture, alt: msg`Saved: ${name}` }),
    );
  });
  return h("section", {}, h("h3", {}, msg`A saved picture`), h("div", { class: "tiles" }, tiles));
}
