/** Other settings of UMAP: the map is drawn anew on the server, in the background, and kept there. */

import { h, icon } from "../../dom.js";

const METRICS = [
  ["euclidean", "euclidean"],
  ["geodesic", "geodesic: what sampling noise can tell apart"],
  ["manhattan", "manhattan"],
  ["cosine", "cosine"],
];
const PATIENCE = 400; // ms between questions

/** @param {MapModel} model */
export function settings(model) {
  const { session, atlas, entry } = model;
  const { maps } = session.backend;
  const own = { arrays: atlas.arrays, about: atlas.map };
  const slider = (label, low, high, step, value) => {
    const input = h("input", { type: "range", min: low, max: high, step, value, "aria-label": label });
    const out = h("output", {}, String(value));
    input.oninput = () => (out.textContent = input.value);
    const put = (v) => ([input.value, out.textContent] = [String(v), String(v)]);
    return { input, put, field: h("label", { class: "field grow" }, label, input, out) };
  };
  const neighbors = slider("Neighbours", 2, 200, 1, own.about.neighbors);
  const minDist = slider("Least distance", 0, 1, 0.01, own.about.min_dist);
  const metric = h(
    "select",
    { "aria-label": "Metric" },
    METRICS.filter(([value]) => session.latent.spiking || value !== "geodesic").map(([value, text]) =>
      h("option", { value }, text),
    ),
  );
  metric.value = own.about.metric;
  const draw = h("button", { type: "button", onclick: () => redraw() }, "Recompute");
  const back = h(
    "button",
    { type: "button", hidden: true, onclick: () => model.keep("of", "", "the map that came with the model") },
    icon("reset"),
    "Original map",
  );
  const stop = h("button", { type: "button", hidden: true, onclick: () => cancel() }, icon("close"), "Cancel");
  const meter = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Computing the map" });
  const words = h("p", { class: "quiet", role: "status" });
  const element = h(
    "details",
    { class: "settings-part" },
    h("summary", {}, "Settings of the map"),
    h(
      "p",
      { class: "quiet" },
      "Few neighbours show detail, many the whole; a small least distance makes dense clumps. It takes some seconds; you can go on meanwhile.",
    ),
    neighbors.field,
    minDist.field,
    h("label", { class: "field" }, "Metric", metric),
    h("div", { class: "row" }, draw, stop, back, meter),
    words,
  );
  let key = null; // of the map that is being drawn
  let gone = false;
  let shown = "";

  const wanted = () => `${neighbors.input.value}-${minDist.input.value}-${metric.value}`;
  const pause = () => new Promise((done) => setTimeout(done, PATIENCE));

  function busy(yes) {
    [draw.disabled, stop.hidden, meter.hidden] = [yes, !yes, !yes];
    if (yes) meter.removeAttribute("value");
  }

  /** Draw with the settings on the screen; what comes of it is kept in the link. */
  async function redraw(then = (of) => model.keep("of", of, `map of ${of.replaceAll("-", ", ")}`)) {
    const of = wanted();
    busy(true);
    words.textContent = "The first map of a session takes a little longer, since its code is compiled.";
    try {
      const wish = { neighbors: neighbors.input.value, min_dist: minDist.input.value, metric: metric.value };
      let state = await maps.begin(entry.hash, wish);
      key = state.key;
      while (state.state === "running" && !gone) {
        if (state.progress > 0) meter.value = state.progress;
        await pause();
        state = await maps.state(state.key);
      }
      if (gone || state.state === "cancelled")
        return void (words.textContent = gone ? "" : "Given up; the map is as it was.");
      if (state.state === "failed") throw new Error("its drawing failed; the server's log says why");
      const { about, arrays } = await maps.data(state.key);
      if (gone) return;
      shown = of;
      key = null; // so that `follow` is heard when the link changes
      model.lay(arrays, about.map);
      then(of);
      words.textContent = "";
    } catch (error) {
      words.textContent = `The map was not computed: ${error.message}.`;
      element.open = true;
    } finally {
      key = null;
      busy(false);
    }
  }

  const cancel = () => key && maps.cancel(key).catch(() => {});

  /** Show the map that the link names. */
  function follow() {
    const of = model.kept("of");
    back.hidden = !of;
    if (of === shown) return;
    const [n, m, name] = of.split("-");
    if (!of) {
      shown = "";
      model.lay(own.arrays, own.about);
      put(own.about);
    } else if (Number(n) && METRICS.some(([each]) => each === name)) {
      put({ neighbors: n, min_dist: m, metric: name });
      redraw(() => {});
    }
  }

  function put(about) {
    neighbors.put(about.neighbors);
    minDist.put(about.min_dist);
    metric.value = about.metric;
  }

  const off = model.on((what) => what === "kept" && !key && follow());
  follow();
  element.dispose = () => {
    gone = true;
    off();
  };
  return element;
}
