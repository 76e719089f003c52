/**
 * The spike raster to work on: a row for each neuron, a column for each step, what each adds up to beside and below it,
 * and every cell can be turned, with a click or with the keys.
 */

import { choice, h, lettering, onLook, palette, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { bernoulliSum } from "../../math/distributions.js";
import { ascending, countsOf, firstOf } from "../../math/spike_trains.js";
import { counted, formatNumber } from "../../math/axis.js";
import { nameOf, orderOf } from "../shared/dimension_names.js";
import { helpMark } from "../shared/help.js";
import { drawRaster } from "./editor_drawing.js";
import { fitted } from "../shared/raster_drawing.js";
import { cellAt, rasterHeight, rasterLayout } from "./editor_layout.js";
import { RasterPointer } from "./raster_pointer.js";

/** @type {[string, string, string][]} */
const SORTS = [
  ["index", msg`by number`, msg`As they are in the network`],
  [
    "effect",
    msg`strongest first`,
    msg`How much the picture changes when the rate crosses the range of the test images`,
  ],
  ["rate", msg`highest rate`, msg`Highest firing rate first`],
  ["first", msg`first spike`, msg`Who fires first`],
];

/** @typedef {import("./editor_layout.js").RasterCell} RasterCell */
/** @typedef {import("./editor_layout.js").RasterLayout} RasterLayout */
/** @typedef {ReturnType<typeof elementsOf>} EditorElements */
/**
 * The editor's parts: `order` has the neuron of each row, `effects` gives the effect of turning each cell, and `layout`
 * is what was drawn last on the screen.
 * @typedef {{session: Session, trace: DecoderTrace, effects: () => Float32Array|null, pointer: RasterPointer,
 *   order: number[], layout: RasterLayout|null} & EditorElements} Editor
 */

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 * @param {{effects: () => Float32Array|null}} options effect of turning each cell, once it is known
 */
export function spikeEditor(session, trace, { effects }) {
  /** @type {Editor} */
  const editor = {
    ...elementsOf(session, trace),
    session,
    trace,
    effects,
    pointer: new RasterPointer(),
    order: [],
    layout: null,
  };
  const { element, canvas } = editor;
  followPointer(editor);
  followKeys(editor);
  const redraw = () => (editor.layout = draw(editor, sharp(canvas)));
  const stops = [trace.on(redraw), onLook(canvas, redraw)];
  canvas.vector = (context, width, height) => draw(editor, { context, width, height });
  return Object.assign(element, { redraw, dispose: () => stops.forEach((stop) => stop()) });
}

/** @param {Session} session @param {DecoderTrace} trace */
function elementsOf({ atlas, entry, engine }, trace) {
  const canvas = h("canvas", {
    class: "cells-canvas",
    tabindex: 0,
    role: "application",
    style: `height:${rasterHeight(entry.dims)}px`,
  });
  const words = h("small", {});
  const reading = h("p", { class: "quiet reading" }, " ");
  const sorts = choice(
    msg`Order of the neurons`,
    SORTS.filter(([name]) => atlas || name !== "effect"),
    "",
    (value) => trace.remember({ sorted: value }, msg`sort by ${value}`),
  );
  const key = (tone, text) => h("span", {}, h("span", { class: `key ${tone}` }), ` ${text}`);
  const element = h(
    "section",
    { class: "cells-part", "data-figure": msg`Spikes` },
    h("div", { class: "head" }, h("h2", {}, msg`Spikes `, words), helpMark("cells"), sorts),
    canvas,
    reading,
    h(
      "p",
      { class: "legend", "aria-hidden": "true" },
      key("both", msg`spike`),
      engine ? [key("now", msg`put in by hand`), key("was hollow", msg`taken out`)] : null,
      key("line now", msg`expected from the rates (± 1 deviation)`),
      h("span", { class: "ranked-key" }, key("heat", msg`turning it changes the picture`)),
    ),
  );
  return { element, canvas, words, reading, sorts };
}

// ---- drawing -----------------------------------------------------------------------------------------------------

/** @param {Editor} editor @param {Surface} surface @returns {RasterLayout|null} null: nothing to draw yet */
function draw(editor, { context, width }) {
  const { session, trace, canvas, pointer, effects } = editor;
  const { now } = trace;
  if (!now) return null;
  const { dims } = session.entry;
  editor.sorts.choose(sortOf(now.state));
  editor.order = orderBy(sortOf(now.state), session, now);
  context.clearRect(0, 0, width, canvas.clientHeight);
  context.font = lettering(canvas, "11px");
  const names = Array.from({ length: dims }, (_, j) => fitted(context, nameOf(session, j)));
  const widest = Math.max(...names.map((name) => context.measureText(name).width));
  const layout = rasterLayout(dims, now.state.steps, width, widest);
  if (layout.cell <= 0) return null; // not laid out yet; its size will tell
  drawRaster(context, palette(canvas), layout, {
    now,
    order: editor.order,
    names,
    heat: effects(),
    chosen: now.state.view.neuron,
    cursor: pointer.cursor,
  });
  describe(editor, now);
  if (pointer.pointed) read(editor);
  return layout;
}

/** @param {State} state */
const sortOf = ({ view }) => (SORTS.some(([name]) => name === view.sorted) ? view.sorted : "index");

/** The neuron of each row. @param {string} sorted @param {Session} session @param {Traced} now @returns {number[]} */
function orderBy(sorted, session, { rates, drawn }) {
  if (sorted === "effect") return orderOf(session, "effect");
  if (sorted === "rate") return ascending(rates.map((r) => -r));
  return sorted === "first" ? ascending(firstOf(drawn, rates.length)) : Array.from(rates, (_, j) => j);
}

/** How many spikes there are, in words. @param {Editor} editor @param {Traced} now */
function describe({ session, element, canvas, words, effects }, { state, rates, spikes, flips }) {
  const count = spikes.reduce((a, b) => a + b, 0);
  const { mean, deviation } = bernoulliSum(rates, state.steps);
  const margin = state.sampler === "bernoulli" ? ` ± ${deviation.toFixed(0)}` : "";
  words.textContent = msg`${count} of ${spikes.length}; expected ${mean.toFixed(0)}${margin}`;
  const how = session.engine ? msg` Arrow keys move over the cells, space or a click turns the spike there.` : "";
  canvas.setAttribute(
    "aria-label",
    msg`Spike raster: ${counted(rates.length, msg`neuron`, msg`neurons`)}, ${counted(state.steps, msg`time step`, msg`time steps`)}, ${counted(count, msg`spike`, msg`spikes`)}, ${flips.size} edited by hand.${how}`,
  );
  element.classList.toggle("ranked", Boolean(effects()));
}

/** What is pointed at, in words. @param {Editor} editor */
function read({ session, trace, pointer, order, effects, reading }) {
  if (!pointer.pointed || !trace.now) return;
  const { place, t, where } = pointer.pointed;
  const { spikes, flips, rates, state } = trace.now;
  const j = order[place];
  const i = t * rates.length + j;
  const name = nameOf(session, j);
  const known = effects();
  const effect = known ? msg` · turning it changes the picture by ${formatNumber(known[i])}` : "";
  const byHand = flips.has(i) ? (spikes[i] ? msg`, put in by hand` : msg`, taken out by hand`) : "";
  reading.textContent =
    where === "neuron"
      ? msg`${name}: ${countsOf(spikes, rates.length)[j]} of ${counted(state.steps, msg`spike`, msg`spikes`)}, rate ${formatNumber(rates[j])} · click for its statistics below`
      : msg`${name}, step ${t + 1} of ${state.steps}: ${spikes[i] ? msg`a spike` : msg`silent`}${byHand}${effect}`;
}

// ---- hand and keys -----------------------------------------------------------------------------------------------

/** What is under the pointer. @param {Editor} editor @param {MouseEvent} event @returns {RasterCell|null} */
function under({ layout, canvas }, event) {
  if (!layout) return null;
  const box = canvas.getBoundingClientRect();
  return cellAt(layout, event.clientX - box.left, event.clientY - box.top);
}

/** @param {Editor} editor @param {RasterCell} cell */
function turn({ session, trace, order }, { place, t }) {
  if (!session.engine)
    return session.say(msg`Turning spikes needs the model in the page, and this browser cannot run it.`);
  if (!trace.now) return;
  const i = t * session.entry.dims + order[place];
  trace.flip(
    [i],
    msg`${trace.now.spikes[i] ? msg`silence` : msg`spike`} ${nameOf(session, order[place])}, step ${t + 1}`,
  );
}

/** @param {Editor} editor */
function followPointer(editor) {
  const { session, trace, canvas, reading, pointer } = editor;
  canvas.onpointermove = (event) => {
    const at = under(editor, event);
    reading.removeAttribute("aria-live");
    pointer.pointed = at;
    if (at) read(editor);
    canvas.style.cursor = at && (session.engine || at.where === "neuron") ? "pointer" : "default";
  };
  canvas.onpointerleave = () => {
    pointer.pointed = null;
    reading.textContent = " ";
  };
  canvas.onclick = (event) => {
    const at = under(editor, event);
    if (!at) return;
    pointer.press(at);
    const j = editor.order[at.place];
    if (at.where === "neuron") trace.remember({ neuron: String(j) }, msg`neuron ${nameOf(session, j)}`);
    else turn(editor, at);
  };
}

/** @param {Editor} editor */
function followKeys(editor) {
  const { session, trace, canvas, reading, pointer } = editor;
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !trace.now) return;
    const done = pointer.key(event.key, session.entry.dims, trace.now.state.steps);
    if (!done) return;
    event.preventDefault();
    if (done === "turn") turn(editor, pointer.cursor);
    reading.setAttribute("aria-live", "polite");
    draw(editor, sharp(canvas));
  };
  canvas.onfocus = canvas.onblur = ({ type }) => {
    pointer.focus(type === "focus" && canvas.matches(":focus-visible"));
    draw(editor, sharp(canvas));
  };
}
