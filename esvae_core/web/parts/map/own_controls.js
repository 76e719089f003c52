/** Controls of the visitor's own: a selection against all other test images, named, kept in the link, saved as JSON. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { LONGEST_NAME, MOST_OWN, ownControls, stepTowards, withOwn, withoutOwn } from "../../math/own_controls.js";
import { download } from "../shared/download.js";

/** Test images that a control of this visit leads to, by model and name. @type {Map<string, number[]>} */
const origins = new Map();

/** @param {ModelEntry} entry @param {string} name */
const originOf = ({ hash }, name) => `${hash} ${name}`;

/** Whether steps are of arcsin(sqrt(rate)). @param {Session} session */
const arcsine = ({ latent }) => latent.coordinates === "arcsine";

/** @param {MapModel} model */
export function ownControlPanel(model) {
  const { session, atlas, entry } = model;
  const { store } = session;
  const element = h("section", { class: "own-controls", "aria-label": msg`Controls of your own` });

  function show() {
    const all = ownControls(store.state.view, entry.dims, arcsine(session));
    const rows = model.selection;
    const some = rows && rows.length < atlas.count;
    const chips = all.map((control) => chip(model, control));
    element.hidden = !some && !all.length;
    element.replaceChildren(
      ...(some ? [makerForm(model, rows)] : []),
      ...(all.length
        ? [h("p", { class: "row tight" }, h("span", { class: "quiet" }, msg`Yours, in Explore:`), chips)]
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

/** A field for a name, and a button that makes the control. @param {MapModel} model @param {number[]} rows */
function makerForm(model, rows) {
  const said = h("p", { class: "quiet", role: "status" });
  const name = h("input", {
    type: "text",
    maxlength: LONGEST_NAME,
    required: true,
    "aria-label": msg`Name of the control`,
    placeholder: msg`name it`,
  });
  const onsubmit = (event) => {
    event.preventDefault();
    const called = name.value.replaceAll("|", " ").trim();
    said.textContent = whyNot(model.session, called) || make(model, rows, called);
  };
  return h(
    "form",
    { onsubmit },
    h("label", { class: "field" }, msg`Control towards these`, name),
    h(
      "button",
      { type: "submit", title: msg`A slider in Explore: from the mean of all other test images to that of these` },
      msg`Make`,
    ),
    said,
  );
}

/** Why a control cannot have that name; "" if it can. @param {Session} session @param {string} name */
function whyNot({ controls }, name) {
  if (controls.some((control) => control.name === name)) return msg`There is a control of that name.`;
  return name ? "" : msg`It needs a name.`;
}

/** Make a control towards some rows. @param {MapModel} model @returns {string} why it was not made; "" if it was */
function make({ session, atlas, entry }, rows, name) {
  const { store } = session;
  const step = stepTowards(atlas.counts, atlas.steps, atlas.dims, rows, arcsine(session));
  const view = withOwn(store.state.view, name, step);
  if (!view) return msg`Not made: a link holds at most ${MOST_OWN} of them, of latents of up to 1,400 numbers.`;
  const images = rows.map((row) => atlas.indices[row]);
  origins.set(originOf(entry, name), images);
  store.change({ view }, msg`control ${name}`);
  return "";
}

/** A control with its buttons. @param {MapModel} model @param {OwnControl} control */
function chip({ session, atlas, entry }, { name, step }) {
  const { store } = session;
  const remove = () => store.change({ view: withoutOwn(store.state.view, name) }, msg`remove control ${name}`);
  const save = () => {
    const toward = origins.get(originOf(entry, name));
    const content = controlJson({ entry, atlas, coordinates: session.latent.coordinates }, name, step, toward);
    download(`${entry.name}-${name.replace(/[^\w-]+/g, "-")}.json`, content);
  };
  const button = (title, sign, onclick) =>
    h("button", { type: "button", class: "small", title, "aria-label": title, onclick }, icon(sign));
  return h(
    "span",
    { class: "own-control" },
    name,
    button(msg`Save control ${name}, JSON`, "export", save),
    button(msg`Remove control ${name}`, "close", remove),
  );
}

/**
 * A control as a file; `esvae_core/controls/own_file.py` reads it.
 * @param {{entry: ModelEntry, atlas: Atlas, coordinates: Latent["coordinates"]}} model
 * @param {string} name
 * @param {Float64Array} step
 * @param {number[]} [toward] numbers of test images, where they are known
 */
function controlJson({ entry, atlas, coordinates }, name, step, toward) {
  const content = {
    name,
    source: "hand",
    model: entry.name,
    checkpoint: entry.hash,
    coordinates,
    step: Array.from(step, (v) => Number(v.toFixed(5))),
    recipe: {
      dataset: atlas.dataset,
      split: "test",
      ...(toward ? { toward } : {}),
      away: msg`all other test images of the atlas`,
      images: atlas.count,
    },
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}
