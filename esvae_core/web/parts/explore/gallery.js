/**
 * Test images to start from, by class; each is what the model makes of one, or the image itself where it is at hand.
 */

import { h, icon, pixels } from "../../dom.js";
import { paintTestImage, storedTiles } from "../shared/test_image.js";

const SHOWN = 24;

/** @param {Session} session */
export function gallery(session) {
  const { atlas, store, entry } = session;
  if (!atlas) {
    return h(
      "p",
      { class: "quiet" },
      "This model has no atlas of test images. Draw, bring a picture, or start from the prior.",
    );
  }
  const tiles = h("div", { class: "tiles" });
  const note = h("p", { class: "quiet" });
  const classes = h(
    "select",
    { "aria-label": "Class", onchange: () => show(0) },
    h("option", { value: "" }, "all classes"),
    atlas.classNames.map((name, i) => h("option", { value: i }, name)),
  );
  const more = h("button", { type: "button", onclick: () => show(page + 1) }, icon("reset"), "More");
  const real = h("input", { type: "checkbox", onchange: () => show(page) });
  const toggle = h("label", { class: "field", hidden: true }, real, "the images themselves");
  const element = h("div", {}, h("div", { class: "row" }, classes, more, toggle), tiles, note);
  let page = 0;
  let originals = null;
  let gone = false;
  session.originals().then((found) => {
    originals = found;
    toggle.hidden = !found;
  });

  // those with a stored picture first: they are there at once
  const stored = storedTiles(atlas);
  const rows = [
    ...stored.keys(),
    ...Array.from({ length: atlas.count }, (_, row) => row).filter((row) => !stored.has(row)),
  ];

  async function show(wanted) {
    const chosen = classes.value === "" ? rows : rows.filter((row) => atlas.labels[row] === Number(classes.value));
    const pages = Math.max(1, Math.ceil(chosen.length / SHOWN));
    page = wanted % pages;
    more.disabled = pages === 1;
    const asItIs = real.checked && originals;
    note.textContent = asItIs ? "Test images, as the model sees them." : "Reconstructions of test images.";
    tiles.replaceChildren(...chosen.slice(page * SHOWN, (page + 1) * SHOWN).map((row) => tile(row, asItIs)));
    mark(store.state);
  }

  function tile(row, asItIs) {
    const label = `${atlas.label(row)}, test image ${atlas.indices[row]}`;
    const canvas = pixels(entry.size, entry.size, label, "thumb");
    const button = h(
      "button",
      { type: "button", class: "picked", title: label, "data-index": atlas.indices[row] },
      canvas,
    );
    button.onclick = () => session.startFrom(atlas.indices[row]);
    paintTestImage(session, canvas, row, asItIs ? originals : null, () => !gone);
    return button;
  }

  function mark({ source }) {
    for (const button of tiles.querySelectorAll("button")) {
      button.setAttribute(
        "aria-pressed",
        String(source.kind === "test" && source.index === Number(button.dataset.index)),
      );
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
