/**
 * The spike raster: a row for each latent neuron, a column for each time step; what the last move won or lost stands
 * out.
 */

import { h, icon, onLook, palette, sharp } from "../../dom.js";
import { nameOf, orderOf } from "./mixer.js";

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
 * @param {{live?: Pick<LiveDecoder, "now"|"on">}} [shared] what is shown
 */
export function raster(session, { live = session.live } = {}) {
  const { store } = session;
  const canvas = h("canvas", { class: "raster", role: "img" });
  const words = h("small", {});
  const reading = h("p", { class: "quiet reading", "aria-hidden": "true" }, " ");
  const legend = h(
    "p",
    { class: "legend", "aria-hidden": "true" },
    h("span", { class: "key both" }),
    "spike",
    h("span", { class: "key now" }),
    "won by the last move",
    h("span", { class: "key was" }),
    "lost by it",
  );
  const edits = h("span", {});
  const edited = h(
    "p",
    { class: "quiet", hidden: true },
    edits,
    h("button", { type: "button", class: "bare small", onclick: asDrawn }, icon("reset"), "Undo all edits"),
  );
  const element = h(
    "section",
    { class: "raster-part", "data-figure": "Spikes" },
    h("div", { class: "head" }, h("h2", {}, "Spikes ", words), legend),
    canvas,
    edited,
    reading,
  );
  let order = orderOf(session);

  /** @param {Surface} [surface] */
  function draw({ context, width, height } = sharp(canvas)) {
    const { now } = live;
    if (!now || now.state.model !== session.entry.name) return;
    const { spikes, before, state, rates, flips } = now;
    const d = rates.length;
    edited.hidden = !flips.size;
    edits.textContent = `${flips.size} edited on the page Spikes. `;
    const colour = palette(canvas);
    context.clearRect(0, 0, width, height);
    const [w, hgt] = [width / state.steps, height / d];
    const [padX, padY] = [Math.min(1.5, 0.12 * w), hgt > 3 ? Math.min(1, 0.15 * hgt) : 0];
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
        context.fillStyle = is ? (was ? colour.quiet : colour.now) : colour.was;
        const tall = is ? hgt - 2 * padY : Math.max(1, (hgt - 2 * padY) * 0.35);
        context.fillRect(t * w + padX, place * hgt + (hgt - tall) / 2, w - 2 * padX, tall);
      }
    }
    const mean = state.steps * rates.reduce((a, b) => a + b, 0);
    const spread = Math.sqrt(state.steps * rates.reduce((a, r) => a + r * (1 - r), 0));
    const margin = state.sampler === "bernoulli" ? ` ± ${spread.toFixed(0)}` : "";
    words.textContent = `${count} of ${spikes.length}; the rates say ${mean.toFixed(0)}${margin}`;
    canvas.setAttribute(
      "aria-label",
      `Spike raster: ${d} neurons, ${state.steps} time steps, ${count} spikes; ${won} won and ${lost} lost by the last move`,
    );
  }

  function asDrawn() {
    const { flips: _, ...view } = store.state.view;
    store.change({ view }, "undo all edits");
  }

  canvas.onpointermove = (event) => {
    if (!live.now) return;
    const { state, rates, spikes } = live.now;
    const box = canvas.getBoundingClientRect();
    const t = Math.min(
      state.steps - 1,
      Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * state.steps)),
    );
    const place = Math.min(
      rates.length - 1,
      Math.max(0, Math.floor(((event.clientY - box.top) / box.height) * rates.length)),
    );
    const j = order[place];
    reading.textContent = `${nameOf(session, j)}, step ${t + 1} of ${state.steps}: ${spikes[t * rates.length + j] ? "a spike" : "silent"}`;
  };
  canvas.onpointerleave = () => (reading.textContent = " ");

  const stops = [
    live.on(() => draw()),
    store.on("state", (state) => {
      if (state.model === session.entry.name) order = orderOf(session);
    }),
    onLook(canvas, () => draw()),
  ];
  canvas.vector = (context, width, height) => draw({ context, width, height });
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}
