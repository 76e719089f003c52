/** Inside the network: what any layer's neurons do, and the membrane of the one that is clicked. */

import { choice, h, onLook } from "../../dom.js";
import { decoderLayers, encoderLayers } from "../../engine/network.js";
import { counted, formatNumber } from "../../math/axis.js";
import { chart } from "../shared/chart.js";
import { layerName, paintMaps } from "../shared/layer_maps.js";
import { encoderImage, keyOf } from "../shared/source_image.js";

/** @type {[string, string, string][]} */
const SHOWN = [
  ["rate", "rate", "Spikes per step, over all steps"],
  ["spikes", "spikes", "Who fires at the step that the picture is shown at"],
  ["membrane", "membrane", "How charged each neuron is at that step, before its reset"],
];

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function layers(session, trace) {
  const { entry, spikingEngine: engine, store } = session;
  const all = [...encoderLayers(engine.model), ...decoderLayers(engine.model)].filter((l) => l.neuron);
  const ofEncoder = new Set(encoderLayers(engine.model).map((l) => l.name));
  const select = h(
    "select",
    {
      "aria-label": "Layer",
      onchange: () => trace.remember({ layer: select.value, unit: "" }, `layer ${select.value}`),
    },
    all.map((l) => h("option", { value: l.name }, layerName(l))),
  );
  const shows = choice("Shown", SHOWN, "rate", (value) => {
    what = value;
    shows.choose(value);
    draw();
  });
  const canvas = h("canvas", { class: "maps", role: "img" });
  const mark = h("i", { class: "unit-mark" });
  const place = h("div", { class: "maps-place" }, canvas, mark);
  const number = (label) => {
    const field = h("input", { type: "number", min: 0, step: 1, "aria-label": label });
    field.onchange = () => chooseUnit(Number(fields[0].value), Number(fields[1].value), Number(fields[2].value));
    return field;
  };
  const fields = ["Channel", "Row", "Column"].map(number);
  const facts = h("p", { class: "quiet" });
  const membraneChart = chart("Membrane of the chosen neuron", { tall: 190 });
  const element = h(
    "section",
    { class: "layers-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Inside the network ", h("small", {}, "click a neuron to see its membrane")),
      h("div", { class: "row tight" }, select, shows),
    ),
    h(
      "div",
      { class: "layers" },
      h("div", {}, place, facts),
      h(
        "div",
        {},
        h(
          "div",
          { class: "row tight unit-fields" },
          ["Channel", "Row", "Column"].map((label, i) => h("label", { class: "field" }, label, fields[i])),
        ),
        membraneChart,
      ),
    ),
  );
  let what = "rate";
  let columns = 1;
  let [image, painted] = [null, false];
  let encoded = { key: null, layer: null };
  let asked = "";

  const chosen = (state) =>
    all.find((l) => l.name === state.view.layer && (!ofEncoder.has(l.name) || image)) ??
    all.find((l) => !ofEncoder.has(l.name));

  /** What the chosen layer did: {spikes, membranes} (T, C, side, side). */
  function activity(layer, { state, layers: traced }) {
    if (!ofEncoder.has(layer.name)) return traced[layer.name];
    const key = `${asked} ${layer.name} ${state.steps}`;
    if (encoded.key !== key)
      encoded = { key, layer: engine.traceEncode(image, state.steps, [layer.name]).layers[layer.name] };
    return encoded.layer;
  }

  function unitOf(state, { channelsOut, sideOut }) {
    const [c, y, x] = (state.view.unit ?? "").split(".").map(Number);
    const inside = (v, count) => Number.isInteger(v) && v >= 0 && v < count;
    return inside(c, channelsOut) && inside(y, sideOut) && inside(x, sideOut) ? [c, y, x] : null;
  }

  function chooseUnit(c, y, x) {
    const { channelsOut, sideOut } = chosen(store.state);
    const within = (v, count) => Math.min(count - 1, Math.max(0, Math.round(v) || 0));
    const unit = [within(c, channelsOut), within(y, sideOut), within(x, sideOut)];
    trace.remember({ unit: unit.join(".") }, `neuron ${unit.join(", ")}`);
  }

  function draw() {
    const { now } = trace;
    if (!now) return;
    const { state, upto } = now;
    readSource(state);
    const layer = chosen(state);
    trace.watch(element, ofEncoder.has(layer.name) ? [] : [layer.name]);
    const did = activity(layer, trace.now);
    if (!did) return; // what is watched has just changed: this is called again
    for (const [i, option] of [...select.options].entries()) option.disabled = ofEncoder.has(all[i].name) && !image;
    select.value = layer.name;
    const { channelsOut: channels, sideOut: side } = layer;
    const [area, steps] = [channels * side * side, state.steps];
    const neuron = layer.neuron;
    const rates = new Float32Array(area);
    for (let i = 0; i < did.spikes.length; i++) rates[i % area] += did.spikes[i] / steps;
    const at = (upto - 1) * area;
    const value = {
      rate: (i) => rates[i],
      spikes: (i) => did.spikes[at + i],
      membrane: (i) => did.membranes[at + i] / (2 * neuron.threshold),
    }[what];
    columns = paintMaps(canvas, channels, side, (c, p) => value(c * side * side + p));
    const firing = rates.reduce((a, b) => a + b, 0) / area;
    const silent = rates.filter((r) => r === 0).length / area;
    const said = `${(100 * firing).toFixed(1)} % of the neurons fire at a step; ${Math.round(100 * silent)} % never do`;
    const when = {
      rate: "Spikes per step, over all steps",
      spikes: `Spikes at step ${upto}`,
      membrane: `Membranes at step ${upto}, full colour at twice the threshold; below 0 in the other accent`,
    }[what];
    facts.textContent = `${when}. ${said}.${painted && ofEncoder.has(layer.name) ? " The encoder is shown what the model paints, since the image itself is not at hand." : ""}`;
    canvas.setAttribute(
      "aria-label",
      `${layerName(layer)}, ${channels} maps of ${side} by ${side}. ${facts.textContent}`,
    );
    drawUnit(layer, did, rates, now);
  }

  function drawUnit(layer, did, rates, { state, upto }) {
    const { channelsOut: channels, sideOut: side, neuron } = layer;
    const busiest = rates.indexOf(Math.max(...rates.map((r) => (r < 1 ? r : 0))));
    const [c, y, x] = unitOf(state, layer) ?? [
      Math.floor(busiest / side ** 2),
      Math.floor(busiest / side) % side,
      busiest % side,
    ];
    fields.forEach((field, i) => {
      field.max = String((i ? side : channels) - 1);
      field.value = String([c, y, x][i]);
      field.parentElement.hidden = i > 0 && side === 1;
    });
    Object.assign(mark.style, {
      left: `${(100 * ((c % columns) * (side + 1) + x)) / canvas.width}%`,
      top: `${(100 * (Math.floor(c / columns) * (side + 1) + y)) / canvas.height}%`,
      width: `${100 / canvas.width}%`,
      height: `${100 / canvas.height}%`,
    });
    const [area, at] = [channels * side * side, c * side * side + y * side + x];
    const potential = Array.from({ length: state.steps }, (_, t) => did.membranes[t * area + at]);
    const fired = potential.map((_, t) => did.spikes[t * area + at]);
    const kept = (u, o) => (neuron.reset === "soft" ? u - neuron.threshold * o : u * (1 - o));
    const saw = potential.flatMap((u, t) =>
      fired[t]
        ? [
            [t + 1, u],
            [t + 1.12, kept(u, 1)],
          ]
        : [[t + 1, u]],
    );
    const [low, high] = [Math.min(0, ...potential), Math.max(1.3 * neuron.threshold, ...potential)];
    const top = high + 0.12 * (high - low);
    const count = fired.reduce((a, b) => a + b, 0);
    membraneChart.draw({
      x: { label: "step", from: 0.5, to: state.steps + 0.7, whole: true },
      y: { label: "membrane potential", from: low, to: top },
      marks: [
        upto < state.steps ? { kind: "region", tone: "quiet", values: [upto + 0.5, state.steps + 0.7] } : null,
        {
          kind: "line",
          tone: "was",
          dashed: true,
          name: `threshold ${formatNumber(neuron.threshold)}`,
          values: [
            [0.5, neuron.threshold],
            [state.steps + 0.7, neuron.threshold],
          ],
        },
        { kind: "line", tone: "ink", name: "membrane", values: saw },
        {
          kind: "dots",
          tone: "now",
          name: "spike",
          values: potential.flatMap((u, t) => (fired[t] ? [[t + 1, u]] : [])),
          size: 3.5,
        },
      ],
      words: `Channel ${c}, row ${y}, column ${x}: ${counted(count, "spike")} in ${counted(state.steps, "step")}, membrane from ${formatNumber(Math.min(...potential))} to ${formatNumber(Math.max(...potential))}, threshold ${formatNumber(neuron.threshold)}.`,
      note: `Channel ${c}${side > 1 ? `, row ${y}, column ${x}` : ""}: ${counted(count, "spike")} in ${counted(state.steps, "step")}. ${neuron.learned_leak ? "A learned leak of its channel's own" : `Leak ${formatNumber(neuron.leak)} a step`}; a spike ${neuron.reset === "soft" ? "takes the threshold off" : "empties it"}.`,
    });
    element.dataset.unit = `${layer.name} ${c}.${y}.${x}`;
  }

  /** Fetch what the encoder is shown, once for each source. */
  function readSource({ source }) {
    const key = keyOf(source);
    if (key === asked) return;
    [image, asked] = [null, key];
    encoderImage(session, source).then((found) => {
      if (asked !== key || session.entry !== entry) return;
      ({ image, painted } = found);
      draw();
    });
  }

  canvas.onclick = (event) => {
    const layer = chosen(store.state);
    const box = canvas.getBoundingClientRect();
    const [px, py] = [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ].map(Math.floor);
    const side = layer.sideOut;
    const c = Math.floor(py / (side + 1)) * columns + Math.floor(px / (side + 1));
    if (c < layer.channelsOut) chooseUnit(c, py % (side + 1), px % (side + 1));
  };

  const stops = [trace.on(draw), onLook(canvas, draw)];
  element.dispose = () => {
    stops.forEach((stop) => stop());
    membraneChart.dispose();
  };
  return element;
}
