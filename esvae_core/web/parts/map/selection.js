/** What the lasso holds: how many of which class, their mean rates, what those look like, and a file of them. */

import { h, icon, pixels } from "../../dom.js";
import { classColour } from "../../math/colour.js";
import { summary } from "../../math/map_geometry.js";
import { tableCsv } from "../../formats/table_csv.js";
import { toGrid } from "../../math/rates.js";
import { download } from "../shared/download.js";
import { nameOf } from "../shared/mixer.js";
import { paint } from "../shared/paint.js";

const SHOWN = 5; // classes named

/** @param {MapModel} model */
export function selection(model, canvas) {
  const { session, atlas, entry } = model;
  const { latent } = session;
  const element = h("section", { class: "selection-part", "aria-label": "Selection" });

  function empty() {
    const start = h(
      "button",
      { type: "button", "aria-pressed": String(model.lassoing), onclick: () => canvas.lasso(!model.lassoing) },
      icon("lasso"),
      model.lassoing ? "Draw around points …" : "Lasso",
    );
    const words = h(
      "p",
      { class: "quiet" },
      `Draw around points to see what they have in common: their classes, their mean ${session.latent.whole}, and the picture of those.`,
    );
    return [h("div", { class: "head" }, h("h2", {}, "Selection"), start), words];
  }

  function held(rows) {
    const { rates, mix } = summary(rows, atlas.counts, atlas.steps, atlas.dims, atlas.labels);
    const picture = pixels(
      entry.size,
      entry.size,
      `Picture of the mean ${latent.whole} of ${rows.length} test images`,
      "thumb",
    );
    const { seed, sampler, steps } = session.store.state;
    if (session.engine)
      paint(picture, session.engine.decode(session.engine.sample(rates, seed, sampler, steps), steps), entry.channels);
    const take = () => session.store.change({ rates: toGrid(rates) }, `mean of ${rows.length} test images`);
    const files = Object.entries({ csv: toCsv, json: toJson }).map(([kind, make]) => {
      const save = () => download(`${entry.name}-selection.${kind}`, make(model, rows, rates, mix));
      return h(
        "button",
        {
          type: "button",
          class: "small",
          title: `Save the selection: indices and mean ${latent.whole}, ${kind.toUpperCase()}`,
          onclick: save,
        },
        icon("export"),
        kind.toUpperCase(),
      );
    });
    const again = h(
      "button",
      { type: "button", class: "small", onclick: () => canvas.lasso(true) },
      icon("lasso"),
      "New lasso",
    );
    const clear = h(
      "button",
      { type: "button", class: "small", onclick: () => model.hold(null) },
      icon("close"),
      "Clear",
    );
    return [
      h(
        "div",
        { class: "head" },
        h("h2", {}, "Selection ", h("small", {}, `${rows.length} test image${rows.length > 1 ? "s" : ""}`)),
        h("div", { class: "row tight" }, again, clear),
      ),
      h(
        "div",
        { class: "selection-body" },
        h(
          "figure",
          {},
          h(
            "button",
            { type: "button", class: "picked", title: `Take the mean ${latent.whole}`, onclick: take },
            picture,
          ),
          h("figcaption", {}, `the mean ${latent.whole}, decoded`),
        ),
        h("div", { class: "mix" }, classMix(mix, rows.length)),
      ),
      meanRates(rates),
      h("div", { class: "row tight" }, h("span", { class: "quiet" }, "Save"), files),
    ];
  }

  function classMix(mix, total) {
    const lines = mix.slice(0, SHOWN).map(([label, count]) => {
      const bar = h("i", {});
      bar.style.cssText = `width:${(100 * count) / mix[0][1]}%;background:${classColour(label)}`;
      return h(
        "p",
        {},
        h("span", { class: "mix-name" }, atlas.classNames[label]),
        h("span", { class: "mix-bar" }, bar),
        h("span", { class: "number" }, `${count} · ${Math.round((100 * count) / total)} %`),
      );
    });
    const rest = mix.slice(SHOWN).reduce((sum, [, count]) => sum + count, 0);
    return [lines, rest ? h("p", { class: "quiet" }, `and ${rest} of ${mix.length - SHOWN} other classes`) : null];
  }

  /** A small bar for each dimension. */
  function meanRates(rates) {
    const bars = Array.from(rates, (rate, j) => {
      const bar = h("i", { title: `${nameOf(session, j)}: ${latent.text(j, rate, 3)}` });
      bar.style.height = `${Math.max(2, 100 * rate)}%`;
      return bar;
    });
    return h(
      "div",
      {
        class: "mean-rates",
        role: "img",
        "aria-label": `Mean ${latent.whole} of the selection: ${Array.from(rates, (r, j) => latent.text(j, r)).join(", ")}`,
      },
      bars,
    );
  }

  const show = () => element.replaceChildren(...(model.selection ? held(model.selection) : empty()));
  show();
  element.dispose = model.on((what) => ["selection", "lasso", "layout"].includes(what) && show());
  return element;
}

const written = (value) => String(Number(value.toFixed(6)));

/** A row per image, and one of the means. @param {MapModel} model */
function toCsv({ session, atlas }, rows, means) {
  const names = Array.from({ length: atlas.dims }, (_, j) => nameOf(session, j));
  const rate = (row, j) => written(session.latent.value(j, atlas.counts[row * atlas.dims + j] / atlas.steps));
  const lines = rows.map((row) => [atlas.indices[row], atlas.label(row), ...names.map((_, j) => rate(row, j))]);
  lines.unshift(["test_image", "class", ...names]);
  lines.push(["mean", "", ...Array.from(means, (m, j) => session.latent.value(j, m).toFixed(6))]);
  return tableCsv(lines);
}

/** @param {MapModel} model */
function toJson({ session, atlas, entry }, rows, means, mix) {
  const about = {
    model: entry.name,
    checkpoint: entry.hash,
    dataset: atlas.dataset,
    split: "test",
    ...(session.latent.spiking ? { steps: atlas.steps } : {}),
  };
  const content = {
    ...about,
    indices: rows.map((row) => atlas.indices[row]),
    classes: Object.fromEntries(mix.map(([label, count]) => [atlas.classNames[label], count])),
    dimensions: Array.from({ length: atlas.dims }, (_, j) => nameOf(session, j)),
    [session.latent.spiking ? "meanRates" : "meanLatent"]: Array.from(means, (m, j) =>
      Number(session.latent.value(j, m).toFixed(6)),
    ),
  };
  return `${JSON.stringify(content, null, 1)}\n`;
}
