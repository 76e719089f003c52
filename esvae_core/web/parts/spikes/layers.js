/** Inside the network: what any layer's neurons do, and the membrane of the one that is clicked. */

import { choice, h, onLook } from "../../dom.js";
import { msg } from "../../messages.js";
import { decoderLayers, encoderLayers } from "../../engine/network.js";
import { chart } from "../shared/chart.js";
import { helpMark } from "../shared/help.js";
import { layerName, paintMaps } from "../shared/layer_maps.js";
import { EncoderTrace } from "./encoder_trace.js";
import { firingRates, firingWords, mapContent, membraneChart } from "./layer_charts.js";
import { busiestUnit, clampUnit, pixelOf, readUnit, unitAt } from "./layer_units.js";

/** @type {["rate"|"spikes"|"membrane", string, string][]} */
const SHOWN = [
  ["rate", msg`rate`, msg`Spikes per step, over all steps`],
  ["spikes", msg`spikes`, msg`Who fires at the step that the picture is shown at`],
  ["membrane", msg`membrane`, msg`How charged each neuron is at that step, before its reset`],
];
const FIELDS = [msg`Channel`, msg`Row`, msg`Column`];

/**
 * @param {Having<"engine"|"spikingEngine">} session
 * @param {DecoderTrace} trace
 */
export function layers(session, trace) {
  const { store } = session;
  const encoder = new EncoderTrace(session, () => draw());
  const network = new NetworkLayers(session, encoder);
  const parts = elementsOf(network.all, {
    onlayer: (layer) => trace.remember({ layer, unit: "" }, msg`layer ${layer}`),
    onshow: (wanted) => {
      [what] = SHOWN.find(([name]) => name === wanted) ?? SHOWN[0];
      parts.shows.choose(what);
      draw();
    },
    onunit: choose,
  });
  const { element, canvas, membrane } = parts;
  let [what, columns] = [SHOWN[0][0], 1];

  /** @param {import("./layer_units.js").Unit} wanted */
  function choose(wanted) {
    const unit = clampUnit(wanted, network.chosen(store.state));
    trace.remember({ unit: unit.join(".") }, msg`neuron ${unit.join(", ")}`);
  }

  function draw() {
    if (!trace.now) return;
    const { state, upto } = trace.now;
    encoder.read(state.source);
    const layer = network.chosen(state);
    const ofEncoder = network.inEncoder(layer);
    trace.watch(element, ofEncoder ? [] : [layer.name]);
    const did = ofEncoder ? encoder.activity(layer, state.steps) : trace.now.layers[layer.name];
    if (!did) return; // what is watched has just changed: this is called again
    parts.select.value = layer.name;
    [...parts.select.options].forEach((option, i) => (option.disabled = !network.visible(network.all[i])));
    const rates = firingRates(did.spikes, state.steps);
    const { value, words } = mapContent(what, did, rates, upto, layer.neuron);
    const { channelsOut: channels, sideOut: side } = layer;
    columns = paintMaps(canvas, channels, side, (c, p) => value(c * side * side + p));
    describe(parts, layer, `${words}. ${firingWords(rates)}.${ofEncoder ? encoder.remark() : ""}`);
    const unit = readUnit(state.view.unit, layer) ?? busiestUnit(rates, side);
    showUnit(parts, layer, unit, columns);
    membrane.draw(membraneChart(did, layer, unit, state.steps, upto));
  }

  canvas.onclick = (event) => {
    const layer = network.chosen(store.state);
    const box = canvas.getBoundingClientRect();
    const px = Math.floor(((event.clientX - box.left) / box.width) * canvas.width);
    const py = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
    const unit = unitAt(px, py, layer.sideOut, columns);
    if (unit[0] < layer.channelsOut) choose(unit);
  };
  const stops = [trace.on(draw), onLook(canvas, draw)];
  element.dispose = () => {
    stops.forEach((stop) => stop());
    membrane.dispose();
  };
  return element;
}

/** @param {Layer} layer @returns {layer is SpikingLayer} */
const fires = (layer) => layer.neuron !== null;

/** The layers whose neurons spike, and which of them the state asks for. */
class NetworkLayers {
  #encoder;
  #names;

  /** @param {Having<"spikingEngine">} session @param {EncoderTrace} encoder */
  constructor({ spikingEngine: { model } }, encoder) {
    this.#encoder = encoder;
    this.#names = new Set(encoderLayers(model).map(({ name }) => name));
    this.all = [...encoderLayers(model), ...decoderLayers(model)].filter(fires);
  }

  /** @param {Layer} layer */
  inEncoder({ name }) {
    return this.#names.has(name);
  }

  /** Whether it is known what the layer does. @param {Layer} layer */
  visible(layer) {
    return !this.inEncoder(layer) || Boolean(this.#encoder.image);
  }

  /** @param {State} state @returns {SpikingLayer} */
  chosen({ view }) {
    return (
      this.all.find((layer) => layer.name === view.layer && this.visible(layer)) ??
      this.all.find((layer) => !this.inEncoder(layer)) ??
      this.all[0]
    );
  }
}

/**
 * @param {Layer[]} all
 * @param {{onlayer: (name: string) => void, onshow: (what: string) => void,
 *   onunit: (unit: import("./layer_units.js").Unit) => void}} handlers
 */
function elementsOf(all, { onlayer, onshow, onunit }) {
  const select = h(
    "select",
    { "aria-label": msg`Layer`, onchange: () => onlayer(select.value) },
    all.map((layer) => h("option", { value: layer.name }, layerName(layer))),
  );
  const shows = choice(msg`Shown`, SHOWN, SHOWN[0][0], onshow);
  const canvas = h("canvas", { class: "maps", role: "img" });
  const mark = h("i", { class: "unit-mark" });
  const take = () => onunit([Number(fields[0].value), Number(fields[1].value), Number(fields[2].value)]);
  const fields = FIELDS.map((label) =>
    h("input", { type: "number", min: 0, step: 1, "aria-label": label, onchange: take }),
  );
  const facts = h("p", { class: "quiet" });
  const membrane = chart(msg`Membrane of the chosen neuron`, { tall: 190 });
  const labelled = FIELDS.map((label, i) => h("label", { class: "field" }, label, fields[i]));
  const element = h(
    "section",
    { class: "layers-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, msg`Inside the network `, h("small", {}, msg`click a neuron to see its membrane`)),
      helpMark("layers"),
      h("div", { class: "row tight" }, select, shows),
    ),
    h(
      "div",
      { class: "layers" },
      h("div", {}, h("div", { class: "maps-place" }, canvas, mark), facts),
      h("div", {}, h("div", { class: "row tight unit-fields" }, labelled), membrane),
    ),
  );
  return { element, select, shows, canvas, mark, fields, facts, membrane };
}

/** @typedef {ReturnType<typeof elementsOf>} LayerElements */

/** @param {LayerElements} parts @param {Layer} layer @param {string} words */
function describe({ canvas, facts }, layer, words) {
  const { channelsOut: channels, sideOut: side } = layer;
  facts.textContent = words;
  canvas.setAttribute("aria-label", msg`${layerName(layer)}, ${channels} maps of ${side} by ${side}. ${words}`);
}

/**
 * Show which neuron is chosen.
 * @param {LayerElements} parts
 * @param {Layer} layer
 * @param {import("./layer_units.js").Unit} unit
 * @param {number} columns of the maps
 */
function showUnit({ element, canvas, mark, fields }, { name, channelsOut, sideOut: side }, unit, columns) {
  fields.forEach((field, i) => {
    field.max = String((i ? side : channelsOut) - 1);
    field.value = String(unit[i]);
    if (field.parentElement) field.parentElement.hidden = i > 0 && side === 1;
  });
  const [x, y] = pixelOf(unit, side, columns);
  Object.assign(mark.style, {
    left: `${(100 * x) / canvas.width}%`,
    top: `${(100 * y) / canvas.height}%`,
    width: `${100 / canvas.width}%`,
    height: `${100 / canvas.height}%`,
  });
  element.dataset.unit = `${name} ${unit.join(".")}`;
}
