/** Controls of the visitor's own: a selection against all other test images, named, kept in the link, saved as JSON. */

import { h, icon } from "../../dom.js";
import { LONGEST_NAME, MOST_OWN, ownControls, stepTowards, withOwn, withoutOwn } from "../../math/own_controls.js";
import { download } from "../shared/download.js";

/** Test images that a control of this visit leads to, by model and name. @type {Map<string, number[]>} */
const origins = new Map();

/** @param {MapModel} model */
export function ownControlPanel(model) {
  const { session, atlas, entry } = model;
  const { store, latent } = session;
  const element = h("section", { class: "own-controls", "aria-label": "Controls of your own" });
  const originOf = (name) => `${entry.hash} ${name}`;
  const own = () => ownControls(store.state.view, entry.dims, latent.spiking);

  function form(rows) {
    const said = h("p", { class: "quiet", role: "status" });
    const name = h("input", {
      type: "text",
      maxlength: LONGEST_NAME,
      required: true,
      "aria-label": "Name of the control",
      placeholder: "name it",
    });
    const make = (event) => {
      event.preventDefault();
      const called = name.value.replaceAll("|", " ").trim();
      const taken = session.controls.some((control) => control.name === called);
      const step = stepTowards(atlas.counts, atlas.steps, atlas.dims, rows, latent.spiking);
      const view = called && !taken ? withOwn(store.state.view, called, step) : null;
      if (!view) {
        const full = `a link holds at most ${MOST_OWN} of them, of latents of up to 1,400 numbers`;
        said.textContent = taken
          ? "There is a control of that name."
          : called
            ? `Not made: ${full}.`
            : "It needs a name.";
        return;
      }
      origins.set(
        originOf(called),
        rows.map((row) => atlas.indices[row]),
      );
      store.change({ view }, `control ${called}`);
    };
    return h(
      "form",
      { onsubmit: make },
      h("label", { class: "field" }, "Control towards these", name),
      h(
        "button",
        { type: "submit", title: "A slider in Explore: from the mean of all other test images to that of these" },
        "Make",
      ),
      said,
    );
  }

  /** @param {Control} control */
  function chip({ name, step }) {
    const remove = () => store.change({ view: withoutOwn(store.state.view, name) }, `remove control ${name}`);
    const save = () => download(`${entry.name}-${name.replace(/[^\w-]+/g, "-")}.json`, toJson(name, step));
    const button = (title, sign, onclick) =>
      h("button", { type: "button", class: "small", title, "aria-label": title, onclick }, icon(sign));
    return h(
      "span",
      { class: "own-control" },
      name,
      button(`Save control ${name}, JSON`, "export", save),
      button(`Remove control ${name}`, "close", remove),
    );
  }

  /** @param {Float64Array} step */
  function toJson(name, step) {
    const toward = origins.get(originOf(name));
    const content = {
      name,
      source: "hand",
      model: entry.name,
      checkpoint: entry.hash,
      coordinates: latent.spiking ? "arcsine" : "plain",
      step: Array.from(step, (v) => Number(v.toFixed(5))),
      recipe: {
        dataset: atlas.dataset,
        split: "test",
        ...(toward ? { toward } : {}),
        away: "all other test images of the atlas",
        images: atlas.count,
      },
    };
    return `${JSON.stringify(content, null, 1)}\n`;
  }

  function show() {
    const all = own();
    const rows = model.selection;
    const some = rows && rows.length < atlas.count;
    element.hidden = !some && !all.length;
    element.replaceChildren(
      ...(some ? [form(rows)] : []),
      ...(all.length
        ? [h("p", { class: "row tight" }, h("span", { class: "quiet" }, "Yours, in Explore:"), all.map(chip))]
        : []),
    );
  }

  let known = "";
  const follow = (state) => {
    if (state.model !== entry.name) return;
    const now = Object.keys(state.view)
      .filter((key) => key.startsWith("control"))
      .join();
    if (now !== known) show();
    known = now;
  };
  show();
  follow(store.state);
  const stops = [store.on("state", follow), model.on((what) => ["selection", "layout"].includes(what) && show())];
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}
