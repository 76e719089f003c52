/**
 * The spike raster: a row for each latent neuron, a column for each time step; what the last change won or lost stands
 * out, and so does the row of the chosen neuron.
 */

import { h, icon, lettering, onLook, palette, sharp } from "../../dom.js";
import { Chosen } from "./chosen.js";
import { nameOf, orderOf } from "./mixer.js";

const LETTERS = 11; // px
const [TOP, BELOW] = [2, 30]; // px around the cells
const LEFTMOST = 76; // px of a name, at most
const APART = 22; // px between numbers of steps
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

/** @param {number} count spikes of one neuron in one step */
const heard = (count) => (count > 1 ? `${count} spikes` : count ? "a spike" : "silent");

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
  let counts = "";
  let pointed = false;
  const legend = h(
    "p",
    { class: "legend", "aria-hidden": "true" },
    h("span", { class: "key both" }),
    "spike",
    h("span", { class: "key now" }),
    "new",
    h("span", { class: "key was" }),
    "gone since the last change",
  );
  const edits = h("span", {});
  const edited = h(
    "p",
    { class: "quiet", hidden: true },
    edits,
    h("button", { type: "button", class: "bare small", onclick: undoEdits }, icon("reset"), "Undo all edits"),
  );
  const element = h(
    "section",
    { class: "raster-part", "data-figure": "Spikes" },
    h("div", { class: "head" }, h("h2", {}, "Spikes"), beside),
    above,
    canvas,
    h("div", { class: "below-raster" }, legend, reading),
    edited,
  );
  let order = orderOf(session);
  /** Where the cells are, in CSS pixels of the canvas. */
  let cells = { left: 0, width: 1, height: 1 };

  /**
   * @param {Surface} [surface]
   * @param {{place: number, upto: number}} [looked] place of the chosen neuron, -1: none; steps that have arrived
   */
  function draw({ context, width, height } = sharp(canvas), looked = lookedAt()) {
    const { now } = live;
    if (!now || now.state.model !== session.entry.name) return;
    const { state, rates, flips } = now;
    edited.hidden = !flips.size;
    edits.textContent = `${flips.size} edited on the page Spikes. `;
    const colour = palette(canvas);
    context.clearRect(0, 0, width, height);
    context.font = lettering(canvas, `${LETTERS}px`);
    const names = order.map((j) => fitted(context, nameOf(session, j)));
    const left = Math.ceil(Math.max(...names.map((name) => context.measureText(name).width))) + 7;
    cells = { left, width: width - left, height: height - TOP - BELOW };
    drawChosen(context, colour, rates.length, looked);
    const { count, won, lost } = drawSpikes(context, colour, now, looked);
    drawAxes(context, colour, names, state.steps, looked);
    const most = session.latent.counts ? "" : ` of ${rates.length * state.steps}`;
    counts = `${count}${most}; expected ${expected(rates, state)}`;
    if (!pointed) reading.textContent = counts;
    canvas.setAttribute(
      "aria-label",
      `Spike raster: ${rates.length} neurons, ${state.steps} time steps, ${count} spikes; ${won} new and ${lost} gone since the last change`,
    );
  }

  /** Sum of the spikes that the rates lead one to expect, and its deviation where there is one. */
  function expected(rates, { steps, sampler }) {
    const { latent } = session;
    const unit = latent.counts ? 1 : steps;
    const means = Array.from(rates, (rate, j) => latent.value(j, rate));
    const sum = (of) => unit * means.reduce((a, mean) => a + of(mean), 0);
    const spread = Math.sqrt(sum((mean) => (latent.counts ? mean : mean * (1 - mean))));
    const varies = latent.counts || sampler === "bernoulli";
    return `${sum((mean) => mean).toFixed(0)}${varies ? ` ± ${spread.toFixed(0)}` : ""}`;
  }

  const lookedAt = () => ({ place: order.indexOf(chosen.i), upto: playback?.now?.upto ?? store.state.steps });

  /** A band behind the row of the chosen neuron. */
  function drawChosen(context, colour, d, { place }) {
    if (place < 0) return;
    const row = cells.height / d;
    const tall = Math.max(row, 3);
    context.globalAlpha = 0.22;
    context.fillStyle = colour.now;
    context.fillRect(cells.left, TOP + (place + 0.5) * row - tall / 2, cells.width, tall);
    context.globalAlpha = 1;
  }

  /** Later steps are pale. @param {Decoded} decoded */
  function drawSpikes(context, colour, decoded, { upto }) {
    const { spikes, before, state, rates } = decoded;
    const d = rates.length;
    const [w, row] = [cells.width / state.steps, cells.height / d];
    const [padX, padY] = [Math.min(1.5, 0.12 * w), row > 3 ? Math.min(1, 0.15 * row) : 0];
    let [count, won, lost] = [0, 0, 0];
    for (let place = 0; place < d; place++) {
      const j = order[place];
      for (let t = 0; t < state.steps; t++) {
        const is = spikes[t * d + j];
        const was = before ? before[t * d + j] : is;
        if (!is && !was) continue;
        count += is;
        won += is && !was ? 1 : 0;
        lost += was && !is ? 1 : 0;
        context.globalAlpha = t < upto ? 1 : 0.12;
        context.fillStyle = is ? (was ? colour.quiet : colour.now) : colour.was;
        const tall = is ? row - 2 * padY : Math.max(1, (row - 2 * padY) * 0.35);
        context.fillRect(cells.left + t * w + padX, TOP + place * row + (row - tall) / 2, w - 2 * padX, tall);
      }
    }
    context.globalAlpha = 1;
    return { count, won, lost };
  }

  /** Names at the side, as many as fit and that of the chosen neuron; steps below. */
  function drawAxes(context, colour, names, steps, { place: marked, upto }) {
    const [w, row] = [cells.width / steps, cells.height / names.length];
    const bottom = TOP + cells.height;
    const every = fittingStride(row, LETTERS + 1);
    context.fillStyle = colour.ink;
    context.textAlign = "right";
    names.forEach((name, place) => {
      const close = place !== marked && marked >= 0 && Math.abs(place - marked) * row < LETTERS + 1;
      if (place !== marked && (place % every || close)) return;
      context.globalAlpha = place === marked ? 1 : 0.65;
      context.fillStyle = place === marked ? colour.now : colour.ink;
      const middle = TOP + (place + 0.5) * row + 3.5;
      context.fillText(name, cells.left - 5, Math.min(bottom, Math.max(TOP + 8, middle)));
    });
    context.globalAlpha = 0.65;
    context.fillStyle = colour.ink;
    context.textAlign = "center";
    const apart = fittingStride(w, APART);
    for (let t = 1; t <= steps; t++) {
      if (t % apart && (t > 1 || w * (apart - 1) < APART)) continue;
      context.fillText(String(t), cells.left + (t - 0.5) * w, bottom + 12);
    }
    context.fillText("time step", cells.left + cells.width / 2, bottom + 25);
    context.globalAlpha = 1;
    if (upto >= steps) return;
    context.fillStyle = colour.now;
    context.fillRect(cells.left + upto * w - 0.75, TOP, 1.5, cells.height);
  }

  function undoEdits() {
    const { flips: _, ...view } = store.state.view;
    store.change({ view }, "undo all edits");
  }

  canvas.onpointermove = (event) => {
    if (!live.now) return;
    const { state, rates, spikes } = live.now;
    const box = canvas.getBoundingClientRect();
    const at = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    const t = at((event.clientX - box.left - cells.left) / cells.width, state.steps);
    const j = order[at((event.clientY - box.top - TOP) / cells.height, rates.length)];
    pointed = true;
    reading.textContent = `${nameOf(session, j)}, step ${t + 1} of ${state.steps}: ${heard(spikes[t * rates.length + j])}`;
    chosen.set(j);
  };
  canvas.onpointerleave = () => {
    pointed = false;
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

/** Of things `size` apart every how many-th may stand with `room` each: 1, 2, 4, 8 ... */
function fittingStride(size, room) {
  let stride = 1;
  while (stride * size < room && stride < 4096) stride *= 2;
  return stride;
}

/** A name as far as there is room for it. @param {DrawingContext} context @param {string} name */
function fitted(context, name) {
  if (context.measureText(name).width <= LEFTMOST) return name;
  let end = name.length - 1;
  while (end > 1 && context.measureText(`${name.slice(0, end)}…`).width > LEFTMOST) end--;
  return `${name.slice(0, end)}…`;
}
