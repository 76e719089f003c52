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

/** @param {number} count spikes of one neuron in one step */
const heard = (count) => (count > 1 ? `${count} spikes` : count ? "a spike" : "silent");

/** @param {Session} session */
export function raster(session) {
  const { live, store } = session;
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
    h("button", { type: "button", class: "bare small", onclick: asDrawn }, icon("reset"), "Spikes as drawn"),
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
    edits.textContent = `${flips.size} turned by hand, on the page Spikes. `;
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
    words.textContent = `${count}${session.latent.counts ? "" : ` of ${spikes.length}`}; the rates say ${expected(rates, state)}`;
    canvas.setAttribute(
      "aria-label",
      `Spike raster: ${d} neurons, ${state.steps} time steps, ${count} spikes; ${won} won and ${lost} lost by the last move`,
    );
  }

  /** Sum of spikes that the rates lead one to expect, and its deviation where there is one. */
  function expected(rates, { steps, sampler }) {
    const { latent } = session;
    const unit = latent.counts ? 1 : steps;
    const means = Array.from(rates, (rate, j) => latent.value(j, rate));
    const sum = (of) => unit * means.reduce((a, mean) => a + of(mean), 0);
    const spread = Math.sqrt(sum((mean) => (latent.counts ? mean : mean * (1 - mean))));
    const varies = latent.counts || sampler === "bernoulli";
    return `${sum((mean) => mean).toFixed(0)}${varies ? ` ± ${spread.toFixed(0)}` : ""}`;
  }

  function asDrawn() {
    const { flips: _, ...view } = store.state.view;
    store.change({ view }, "spikes as drawn");
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
    reading.textContent = `${nameOf(session, j)}, step ${t + 1} of ${state.steps}: ${heard(spikes[t * rates.length + j])}`;
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
