/**
 * The spike raster: a row for each latent neuron, a column for each time step; what the last change won or lost stands
 * out, and so does the row of the chosen neuron.
 */

import { h, icon, lettering, onLook, palette, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { Chosen } from "./chosen.js";
import { nameOf, orderOf } from "./dimension_names.js";
import { drawRaster, fitted, LETTERS } from "./raster_drawing.js";
import { cellAt, rasterLayout } from "./raster_layout.js";
import { heard, rasterWords } from "./raster_words.js";

const WHOLE = { place: -1, upto: Infinity }; // what an exported figure shows, whatever is looked at

/**
 * A small picture of spikes, without names or numbers; steps from `upto` on are pale.
 * @param {Uint8Array} spikes (T, d)
 */
export function paintSpikes(canvas, spikes, dims, upto = Infinity) {
  canvas.vector = (context, width, height) => paintAt({ context, width, height }, palette(canvas), spikes, dims, upto);
  paintAt(sharp(canvas), palette(canvas), spikes, dims, upto);
}

function paintAt({ context, width, height }, { quiet }, spikes, dims, upto) {
  const [w, tall] = [(width * dims) / spikes.length, height / dims];
  context.clearRect(0, 0, width, height);
  context.fillStyle = quiet;
  for (let i = 0; i < spikes.length; i++) {
    if (!spikes[i]) continue;
    const t = Math.floor(i / dims);
    context.globalAlpha = t < upto ? 1 : 0.3;
    context.fillRect(t * w + 0.3, (i % dims) * tall, Math.max(0.7, w - 0.6), Math.max(0.7, tall - 0.4));
  }
  context.globalAlpha = 1;
}

/**
 * @param {Session} session
 * @param {{live?: Pick<LiveDecoder, "now"|"on">, chosen?: Chosen, playback?: Playback|null, beside?: (HTMLElement|null)[], above?: HTMLElement|null}} [shared]
 *   what is decoded, the neuron that other parts show, the steps that have arrived, and what stands beside the name and
 *   above the spikes
 */
export function raster(
  session,
  { live = session.live, chosen = new Chosen(), playback = null, beside = [], above = null } = {},
) {
  const { store } = session;
  const canvas = h("canvas", { class: "raster", role: "img", style: `--neurons:${session.entry.dims}` });
  const reading = h("p", { class: "quiet reading", "aria-hidden": "true" }, " ");
  const edits = editsLine(session);
  const element = h(
    "section",
    { class: "raster-part", "data-figure": msg`Spikes` },
    h("div", { class: "head" }, h("h2", {}, msg`Spikes`), beside),
    above,
    edits.element,
    canvas,
    h("div", { class: "below-raster" }, legend(), reading),
  );
  let order = orderOf(session);
  let counts = "";
  let pointed = false;
  /** @type {import("./raster_layout.js").RasterLayout} */
  let layout = rasterLayout({ width: 1, height: 1, names: 0 }, { neurons: order.length, steps: 1 });

  const lookedAt = () => ({ place: order.indexOf(chosen.i ?? -1), upto: playback?.now?.upto ?? store.state.steps });

  /**
   * @param {Surface} [surface]
   * @param {import("./raster_drawing.js").Looked} [looked]
   */
  function draw({ context, width, height } = sharp(canvas), looked = lookedAt()) {
    const { now } = live;
    if (!now || now.state.model !== session.entry.name) return;
    edits.show(now.flips.size);
    context.clearRect(0, 0, width, height);
    context.font = lettering(canvas, `${LETTERS}px`);
    const names = order.map((j) => fitted(context, nameOf(session, j)));
    const widest = Math.max(...names.map((name) => context.measureText(name).width));
    layout = rasterLayout({ width, height, names: widest }, { neurons: now.rates.length, steps: now.state.steps });
    drawRaster(context, palette(canvas), layout, { names, order, decoded: now, looked });
    const words = rasterWords(session.latent, now);
    counts = words.line;
    if (!pointed) reading.textContent = counts;
    canvas.setAttribute("aria-label", words.label);
  }

  canvas.onpointermove = (event) => {
    if (!live.now) return;
    const { state, rates, spikes } = live.now;
    const box = canvas.getBoundingClientRect();
    const { place, step } = cellAt(layout, event.clientX - box.left, event.clientY - box.top);
    const j = order[place];
    pointed = true;
    reading.textContent = msg`${nameOf(session, j)}, step ${step + 1} of ${state.steps}: ${heard(spikes[step * rates.length + j])}`;
    chosen.look(j);
  };
  canvas.onpointerleave = () => {
    pointed = false;
    chosen.look(null);
    reading.textContent = counts;
  };

  const redraw = () => draw();
  const stops = [
    (playback ?? live).on(redraw),
    chosen.on(redraw),
    store.on("state", (state) => {
      if (state.model === session.entry.name) order = orderOf(session);
    }),
    onLook(canvas, redraw),
  ];
  canvas.vector = (context, width, height) => draw({ context, width, height }, WHOLE);
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}

const legend = () =>
  h(
    "p",
    { class: "legend", "aria-hidden": "true" },
    h("span", { class: "key both" }),
    msg`spike`,
    h("span", { class: "key now" }),
    msg`new`,
    h("span", { class: "key was" }),
    msg`gone since the last change`,
  );

/** How many spikes were edited by hand, and a button that undoes it. @param {Session} session */
function editsLine({ store }) {
  const words = h("span", {});
  const undo = () => {
    const { flips: _, ...view } = store.state.view;
    store.change({ view }, msg`undo all edits`);
  };
  const button = h(
    "button",
    { type: "button", class: "bare small", onclick: undo },
    icon("reset"),
    msg`Undo all edits`,
  );
  const element = h("p", { class: "quiet", hidden: true }, words, button);
  return {
    element,
    /** @param {number} count */
    show(count) {
      element.hidden = !count;
      words.textContent = msg`${count} edited by hand on the page Spikes. `;
    },
  };
}
