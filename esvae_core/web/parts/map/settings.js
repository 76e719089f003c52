/** Other settings of UMAP: the map is drawn anew on the server, in the background, and kept there. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { helpMark } from "../shared/help.js";
import { MapRequest, METRICS, readSettings, settingsText } from "./map_request.js";

/** @typedef {import("./map_request.js").MapSettings} MapSettings */

/** @param {MapModel} model @param {MapService} maps */
export function settings(model, maps) {
  const { session, atlas, entry } = model;
  const own = { arrays: atlas.arrays, about: atlas.map };
  const drawing = new MapRequest(maps, entry.hash);
  const fields = settingFields(session.latent, own.about);
  const controls = drawingControls({
    draw: () => redraw((of) => model.keep("of", of, msg`map of ${of.replaceAll("-", ", ")}`)),
    cancel: () => drawing.cancel(),
    back: () => model.keep("of", "", msg`the map that came with the model`),
  });
  const words = h("p", { class: "quiet", role: "status" });
  const details = h(
    "details",
    {},
    h("summary", {}, msg`Settings of the map`),
    h(
      "p",
      { class: "quiet" },
      msg`Few neighbours show detail, many the whole; a small least distance makes dense clumps. It takes some seconds; you can go on meanwhile.`,
    ),
    fields.elements,
    controls.element,
    words,
  );
  const element = h("section", { class: "settings-part" }, details, helpMark("mapSettings"));
  let shown = "";

  /** Draw with the settings on the screen. @param {(of: string) => void} then what comes of it, named as in a link */
  async function redraw(then) {
    const wanted = fields.read();
    controls.busy(true);
    words.textContent = msg`The first map of a session takes a little longer, since its code is compiled.`;
    try {
      const found = await drawing.draw(wanted, controls.progress);
      words.textContent = found || drawing.gone ? "" : msg`Given up; the map is as it was.`;
      if (!found) return;
      shown = settingsText(wanted);
      model.lay(found.arrays, found.about.map);
      then(shown);
    } catch (error) {
      words.textContent = msg`The map was not computed: ${error.message}.`;
      details.open = true;
    } finally {
      controls.busy(false);
    }
  }

  /** Show the map that the link names. */
  function follow() {
    const of = model.kept("of");
    controls.offerBack(Boolean(of));
    if (of === shown) return;
    const named = readSettings(of);
    if (!of) {
      shown = "";
      model.lay(own.arrays, own.about);
      fields.put(own.about);
    } else if (named) {
      fields.put(named);
      redraw(() => {});
    }
  }

  const off = model.on((what) => what === "kept" && !drawing.running && follow());
  follow();
  element.dispose = () => {
    drawing.leave();
    off();
  };
  return element;
}

/**
 * A slider for each number, and the choice of the metric.
 * @param {Latent} latent
 * @param {MapAbout} about
 */
function settingFields(latent, about) {
  const neighbors = slider(msg`Neighbours`, 2, 200, 1);
  const least = slider(msg`Least distance`, 0, 1, 0.01);
  const known = Object.entries(METRICS).filter(([name]) => name !== "geodesic" || latent.coordinates === "arcsine");
  const metric = h(
    "select",
    { "aria-label": msg`Metric` },
    known.map(([value, text]) => h("option", { value }, text)),
  );
  /** @param {MapAbout|MapSettings} settings */
  const put = (settings) => {
    neighbors.put(settings.neighbors);
    least.put(settings.min_dist);
    metric.value = settings.metric;
  };
  put(about);
  return {
    elements: [neighbors.field, least.field, h("label", { class: "field" }, msg`Metric`, metric)],
    put,
    /** @returns {MapSettings} */
    read: () => ({ neighbors: neighbors.input.value, min_dist: least.input.value, metric: metric.value }),
  };
}

function slider(label, low, high, step) {
  const input = h("input", { type: "range", min: low, max: high, step, "aria-label": label });
  const out = h("output", {});
  input.oninput = () => (out.textContent = input.value);
  const put = (value) => ([input.value, out.textContent] = [String(value), String(value)]);
  return { input, put, field: h("label", { class: "field grow" }, label, input, out) };
}

/** @param {Record<"draw"|"cancel"|"back", () => void>} handlers which button was pressed */
function drawingControls(handlers) {
  const draw = h("button", { type: "button", onclick: handlers.draw }, msg`Recompute`);
  const stop = h("button", { type: "button", hidden: true, onclick: handlers.cancel }, icon("close"), msg`Cancel`);
  const back = h("button", { type: "button", hidden: true, onclick: handlers.back }, icon("reset"), msg`Original map`);
  const meter = h("progress", { max: 1, value: 0, hidden: true, "aria-label": msg`Computing the map` });
  return {
    element: h("div", { class: "row" }, draw, stop, back, meter),
    /** @param {boolean} yes */
    busy(yes) {
      [draw.disabled, stop.hidden, meter.hidden] = [yes, !yes, !yes];
      if (yes) meter.removeAttribute("value");
    },
    /** @param {number} share */
    progress: (share) => (meter.value = share),
    /** @param {boolean} yes */
    offerBack: (yes) => (back.hidden = !yes),
  };
}
