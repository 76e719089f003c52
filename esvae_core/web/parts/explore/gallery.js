/**
 * Test images to start from, by class; each is what the model makes of one, or the image itself where it is at hand.
 */

import { h, icon, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { oneTabStop } from "../shared/one_tab_stop.js";
import { paintTestImage, storedTiles } from "../shared/test_image.js";
import { ofClass, pageOf, storedFirst } from "./image_pages.js";

/** @param {Session} session */
export function gallery(session) {
  if (has(session, "atlas")) return testImages(session);
  const why = msg`This model has no atlas of test images. Draw, bring a picture, or start from the prior.`;
  return h("p", { class: "quiet" }, why);
}

/** @param {Having<"atlas">} session */
function testImages(session) {
  const { atlas, store } = session;
  const { element, tiles, note, classes, more, real, toggle } = elementsOf(atlas, {
    onclass: () => show(0),
    onmore: () => show(page + 1),
    onreal: () => show(page),
  });
  let page = 0;
  /** @type {ByteArray|null} */
  let originals = null;
  let gone = false;
  session.originals().then((found) => {
    originals = found;
    toggle.hidden = !found;
  });
  const all = storedFirst(atlas, storedTiles(atlas));
  const settleStop = oneTabStop(tiles);

  /** @param {number} wanted page */
  function show(wanted) {
    const shown = pageOf(ofClass(all, atlas, classes.value), wanted);
    const images = real.checked ? originals : null;
    page = shown.page;
    more.disabled = shown.pages === 1;
    note.textContent = images ? msg`Test images, as the model sees them.` : msg`Reconstructions of test images.`;
    tiles.replaceChildren(...shown.rows.map((row) => tileOf(session, row, images, () => !gone)));
    mark(store.state);
    settleStop();
  }

  /** @param {State} state */
  function mark({ source }) {
    for (const button of tiles.querySelectorAll("button")) {
      const chosen = source.kind === "test" && source.index === Number(button.dataset.index);
      button.setAttribute("aria-pressed", String(chosen));
    }
  }
  const stop = store.on("state", mark);
  show(0);
  element.dispose = () => {
    gone = true;
    stop();
  };
  return element;
}

/** @param {Atlas} atlas @param {Record<"onclass"|"onmore"|"onreal", () => void>} handlers */
function elementsOf({ classNames }, { onclass, onmore, onreal }) {
  const tiles = h("div", { class: "tiles", role: "group", "aria-label": msg`Test images` });
  const note = h("p", { class: "quiet" });
  const classes = h(
    "select",
    { "aria-label": msg`Class`, onchange: onclass },
    h("option", { value: "" }, msg`all classes`),
    classNames.map((name, i) => h("option", { value: i }, name)),
  );
  const more = h("button", { type: "button", onclick: onmore }, icon("reset"), msg`More`);
  const real = h("input", { type: "checkbox", onchange: onreal });
  const toggle = h("label", { class: "field", hidden: true }, real, msg`the images themselves`);
  const element = h("div", {}, h("div", { class: "row" }, classes, more, toggle), tiles, note);
  return { element, tiles, note, classes, more, real, toggle };
}

/**
 * @param {Having<"atlas">} session
 * @param {number} row of the atlas
 * @param {ByteArray|null} originals the images themselves; null: what the model makes of them
 * @param {() => boolean} wanted whether it still is
 */
function tileOf(session, row, originals, wanted) {
  const { atlas, entry } = session;
  const index = atlas.indices[row];
  const label = msg`${atlas.label(row)}, test image ${index}`;
  const canvas = pixels(entry.size, entry.size, label, "thumb");
  paintTestImage(session, canvas, row, originals, wanted);
  const start = () => session.startFrom(index);
  return h("button", { type: "button", class: "picked", title: label, "data-index": index, onclick: start }, canvas);
}
