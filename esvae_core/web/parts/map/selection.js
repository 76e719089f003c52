/** What the lasso holds: how many of which class, their mean rates, what those look like, and a file of them. */

import { h, icon, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { classColour } from "../../math/colour.js";
import { summary } from "../../math/map_geometry.js";
import { toGrid } from "../../math/rates.js";
import { nameOf } from "../shared/dimension_names.js";
import { download } from "../shared/download.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { helpMark } from "../shared/help.js";
import { selectionCsv, selectionJson } from "./selection_files.js";
import { counted } from "../../math/axis.js";

const SHOWN = 5; // classes named

/**
 * @param {MapModel} model
 * @param {{lasso: (yes: boolean) => void}} canvas
 */
export function selection(model, canvas) {
  const element = h("section", { class: "selection-part", "aria-label": msg`Selection` });
  const show = () => {
    const rows = model.selection;
    element.replaceChildren(...(rows ? held(model, canvas, rows) : empty(model, canvas)));
  };
  show();
  element.dispose = model.on((what) => ["selection", "lasso", "layout"].includes(what) && show());
  return element;
}

/** @param {MapModel} model */
function empty(model, canvas) {
  const start = h(
    "button",
    { type: "button", "aria-pressed": String(model.lassoing), onclick: () => canvas.lasso(!model.lassoing) },
    icon("lasso"),
    model.lassoing ? msg`Draw around points …` : msg`Lasso`,
  );
  const words = h(
    "p",
    { class: "quiet" },
    msg`Draw around points to see what they have in common: their classes, their mean ${model.session.latent.whole}, and the picture of those.`,
  );
  return [h("div", { class: "head" }, h("h2", {}, msg`Selection`), helpMark("selection"), start), words];
}

/** @param {MapModel} model @param {number[]} rows */
function held(model, canvas, rows) {
  const { session, atlas } = model;
  const { rates, mix } = summary(rows, atlas.counts, atlas.steps, atlas.dims, atlas.labels);
  const small = (sign, text, onclick) => h("button", { type: "button", class: "small", onclick }, icon(sign), text);
  const count = counted(rows.length, msg`test image`, msg`test images`);
  return [
    h(
      "div",
      { class: "head" },
      h("h2", {}, msg`Selection `, h("small", {}, count)),
      helpMark("selection"),
      h(
        "div",
        { class: "row tight" },
        small("lasso", msg`New lasso`, () => canvas.lasso(true)),
        small("close", msg`Clear`, () => model.hold(null)),
      ),
    ),
    h(
      "div",
      { class: "selection-body" },
      meanPicture(session, rates, rows.length),
      h("div", { class: "mix" }, classMix(atlas, mix, rows.length)),
    ),
    meanRates(session, rates),
    h("div", { class: "row tight" }, h("span", { class: "quiet" }, msg`Save`), saveButtons(model, rows, rates, mix)),
  ];
}

/** The picture of mean rates, a button that takes them. @param {Session} session @param {Float32Array} rates */
function meanPicture({ engine, entry, latent, store }, rates, count) {
  const label = msg`Picture of the mean ${latent.whole} of ${count} test images`;
  const picture = pixels(entry.size, entry.size, label, "thumb");
  const { seed, sampler, steps } = store.state;
  if (engine) drawPixels(picture, engine.decode(engine.sample(rates, seed, sampler, steps), steps), entry.channels);
  const take = () => store.change({ rates: toGrid(rates) }, msg`mean of ${count} test images`);
  return h(
    "figure",
    {},
    h("button", { type: "button", class: "picked", title: msg`Take the mean ${latent.whole}`, onclick: take }, picture),
    h("figcaption", {}, msg`the mean ${latent.whole}, decoded`),
  );
}

/** A button for each kind of file. @param {MapModel} model */
function saveButtons(model, rows, rates, mix) {
  const { entry, session } = model;
  return Object.entries({ csv: selectionCsv, json: selectionJson }).map(([kind, make]) => {
    const name = kind.toUpperCase();
    const title = msg`Save the selection: indices and mean ${session.latent.whole}, ${name}`;
    const onclick = () => download(`${entry.name}-selection.${kind}`, make(model, rows, rates, mix));
    return h("button", { type: "button", class: "small", title, onclick }, icon("export"), name);
  });
}

/** A line with a bar for each of the most frequent classes. @param {Atlas} atlas */
function classMix({ classNames }, mix, total) {
  const lines = mix.slice(0, SHOWN).map(([label, count]) => {
    const bar = h("i", {});
    bar.style.cssText = `width:${(100 * count) / mix[0][1]}%;background:${classColour(label)}`;
    return h(
      "p",
      {},
      h("span", { class: "mix-name" }, classNames[label]),
      h("span", { class: "mix-bar" }, bar),
      h("span", { class: "number" }, `${count} · ${Math.round((100 * count) / total)} %`),
    );
  });
  const rest = mix.slice(SHOWN).reduce((sum, [, count]) => sum + count, 0);
  return [
    lines,
    rest
      ? h(
          "p",
          { class: "quiet" },
          msg`and ${counted(rest, msg`image`, msg`images`)} of ${counted(mix.length - SHOWN, msg`other class`, msg`other classes`)}`,
        )
      : null,
  ];
}

/** A small bar for each dimension. @param {Session} session @param {Float32Array} rates */
function meanRates(session, rates) {
  const { latent } = session;
  const bars = Array.from(rates, (rate, j) => {
    const bar = h("i", { title: `${nameOf(session, j)}: ${latent.text(j, rate, 3)}` });
    bar.style.height = `${Math.max(2, 100 * rate)}%`;
    return bar;
  });
  const values = Array.from(rates, (rate, j) => latent.text(j, rate)).join(", ");
  const label = msg`Mean ${latent.whole} of the selection: ${values}`;
  return h("div", { class: "mean-rates", role: "img", "aria-label": label }, bars);
}
