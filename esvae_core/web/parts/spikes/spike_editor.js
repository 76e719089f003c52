/**
 * The spike raster to work on: a row for each neuron, a column for each step, what each adds up to beside and below it,
 * and every cell can be turned, with a click or with the keys.
 */

import { choice, h, lettering, onLook, palette, sharp } from "../../dom.js";
import { ascending, countsOf, firstOf, populationOf } from "../../math/spike_trains.js";
import { counted, formatNumber } from "../../math/axis.js";
import { nameOf, orderOf } from "../shared/mixer.js";

/** @type {[string, string, string][]} */
const SORTS = [
  ["index", "by number", "As they are in the network"],
  ["effect", "strongest first", "How much the picture changes when the rate crosses the range of the test images"],
  ["rate", "highest rate", "Highest firing rate first"],
  ["first", "first spike", "Who fires first"],
];
const TOP = 16; // px above the cells, for the scale of the rates
const BESIDE = 84; // px for the rates beside them
const BELOW = 64; // px for the population below them
const FOOT = 16; // px for the numbers of the steps

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 * @param {{effects: () => Float32Array|null}} options effect of turning each cell, once it is known
 */
export function spikeEditor(session, trace, { effects }) {
  const { atlas, entry, engine } = session;
  const d = entry.dims;
  const row = Math.max(4, Math.min(17, Math.floor(420 / d)));
  const canvas = h("canvas", {
    class: "cells-canvas",
    tabindex: 0,
    role: "application",
    style: `height:${TOP + row * d + BELOW + FOOT}px`,
  });
  const words = h("small", {});
  const reading = h("p", { class: "quiet reading" }, " ");
  const sorts = choice(
    "Order of the neurons",
    SORTS.filter(([name]) => atlas || name !== "effect"),
    "",
    (value) => trace.remember({ sorted: value }, `sort by ${value}`),
  );
  const key = (tone, text) => h("span", {}, h("span", { class: `key ${tone}` }), ` ${text}`);
  const element = h(
    "section",
    { class: "cells-part", "data-figure": "Spikes" },
    h("div", { class: "head" }, h("h2", {}, "Spikes ", words), sorts),
    canvas,
    reading,
    h(
      "p",
      { class: "legend", "aria-hidden": "true" },
      key("both", "spike"),
      engine ? [key("now", "put in by hand"), key("was hollow", "taken out")] : null,
      key("line now", "expected from the rates (± 1 deviation)"),
      h("span", { class: "ranked-key" }, key("heat", "turning it changes the picture")),
    ),
  );
  let order = [];
  let cursor = { place: 0, t: 0, seen: false };
  let pointed = null; // what is read out: under the pointer or the cursor

  function orderNow({ state, rates, drawn }) {
    const sorted = SORTS.some(([name]) => name === state.view.sorted) ? state.view.sorted : "index";
    sorts.choose(sorted);
    if (sorted === "effect") return orderOf(session, "effect");
    if (sorted === "rate") return ascending(rates.map((r) => -r));
    return sorted === "first" ? ascending(firstOf(drawn, d)) : Array.from({ length: d }, (_, j) => j);
  }

  /** Where things lie on the canvas, in CSS pixels. */
  function places(width, steps) {
    const left = row >= 9 ? 34 : 4;
    const right = width - BESIDE;
    return { left, right, cell: (right - left) / steps, bottom: TOP + row * d };
  }

  // ---- drawing -------------------------------------------------------------------------------------------------

  /** @param {Surface} [surface] */
  function draw({ context, width } = sharp(canvas)) {
    const { now } = trace;
    if (!now) return;
    order = orderNow(now);
    const colour = palette(canvas);
    context.clearRect(0, 0, width, canvas.clientHeight);
    context.font = lettering(canvas, "11px");
    const box = places(width, now.state.steps);
    if (box.cell <= 0) return; // not laid out yet; its size will tell
    drawCells(context, colour, box, now);
    drawRates(context, colour, box, now);
    drawPopulation(context, colour, box, now);
    const count = now.spikes.reduce((a, b) => a + b, 0);
    const expected = now.state.steps * now.rates.reduce((a, b) => a + b, 0);
    const spread = Math.sqrt(now.state.steps * now.rates.reduce((a, r) => a + r * (1 - r), 0));
    const margin = now.state.sampler === "bernoulli" ? ` ± ${spread.toFixed(0)}` : "";
    words.textContent = `${count} of ${now.spikes.length}; expected ${expected.toFixed(0)}${margin}`;
    const how = engine ? " Arrow keys move over the cells, space or a click turns the spike there." : "";
    canvas.setAttribute(
      "aria-label",
      `Spike raster: ${counted(d, "neuron")}, ${counted(now.state.steps, "time step")}, ${counted(count, "spike")}, ${now.flips.size} turned by hand.${how}`,
    );
    element.classList.toggle("ranked", Boolean(effects()));
    if (pointed) say();
  }

  function drawCells(context, colour, { left, right, cell, bottom }, { state, spikes, flips, upto }) {
    context.fillStyle = `color-mix(in srgb, ${colour.quiet} 9%, transparent)`;
    context.fillRect(left, TOP, right - left, row * d);
    const heat = effects();
    const most = heat ? Math.max(...heat) || 1 : 1;
    const [padX, padY] = [Math.min(1.5, 0.12 * cell), row > 5 ? 1 : 0.5];
    for (let place = 0; place < d; place++) {
      const j = order[place];
      for (let t = 0; t < state.steps; t++) {
        const [x, y, i] = [left + t * cell, TOP + place * row, t * d + j];
        context.globalAlpha = 1;
        if (heat) {
          context.fillStyle = `color-mix(in srgb, ${colour.was} ${Math.round(85 * (heat[i] / most))}%, transparent)`;
          context.fillRect(x, y, cell, row);
        }
        context.globalAlpha = t < upto ? 1 : 0.3;
        const [w, tall] = [cell - 2 * padX, row - 2 * padY];
        const inset = heat ? Math.min(2, tall / 4) : 0;
        if (spikes[i]) {
          context.fillStyle = flips.has(i) ? colour.now : colour.quiet;
          context.fillRect(x + padX, y + padY + inset, w, tall - 2 * inset);
        } else if (flips.has(i)) {
          context.strokeStyle = colour.was;
          context.lineWidth = 1.5;
          context.strokeRect(x + padX + 1, y + padY + 0.5, w - 2, Math.max(1, tall - 1));
        }
      }
    }
    context.globalAlpha = 1;
    context.textAlign = "right";
    for (let place = 0; place < d && row >= 9; place++) {
      context.fillStyle = colour.ink;
      context.globalAlpha = String(order[place]) === state.view.neuron ? 1 : 0.65;
      context.fillText(
        fitted(context, nameOf(session, order[place]), left - 6),
        left - 5,
        TOP + place * row + row / 2 + 3.5,
      );
    }
    context.globalAlpha = 1;
    context.strokeStyle = colour.now;
    context.lineWidth = 1.5;
    if (upto < state.steps) line(context, left + upto * cell, TOP - 4, left + upto * cell, bottom);
    if (cursor.seen) context.strokeRect(left + cursor.t * cell, TOP + cursor.place * row, cell, row);
  }

  function drawRates(context, colour, { right }, { state, rates, spikes }) {
    const counts = countsOf(spikes, d);
    const [x0, wide] = [right + 10, BESIDE - 18];
    context.fillStyle = colour.ink;
    context.globalAlpha = 0.65;
    context.textAlign = "left";
    context.fillText("0", x0 - 3, TOP - 5);
    context.fillText("rate", x0 + wide / 2 - 9, TOP - 5);
    context.fillText("1", x0 + wide - 3, TOP - 5);
    context.globalAlpha = 1;
    order.forEach((j, place) => {
      const y = TOP + place * row;
      context.fillStyle = colour.quiet;
      context.fillRect(x0, y + row * 0.22, (wide * counts[j]) / state.steps, row * 0.56);
      const spread = state.sampler === "bernoulli" ? Math.sqrt((rates[j] * (1 - rates[j])) / state.steps) : 0;
      context.strokeStyle = colour.now;
      context.lineWidth = 1;
      if (spread && row >= 7)
        line(
          context,
          x0 + wide * Math.max(0, rates[j] - spread),
          y + row / 2,
          x0 + wide * Math.min(1, rates[j] + spread),
          y + row / 2,
        );
      context.lineWidth = 2;
      line(context, x0 + wide * rates[j], y + 1, x0 + wide * rates[j], y + row - 1);
    });
  }

  function drawPopulation(context, colour, { left, right, cell, bottom }, { state, rates, spikes, upto }) {
    const sums = populationOf(spikes, d);
    const expected = rates.reduce((a, b) => a + b, 0);
    const spread = Math.sqrt(rates.reduce((a, r) => a + r * (1 - r), 0));
    const most = Math.max(...sums, expected + spread, 1);
    const [floor, tall] = [bottom + BELOW - 6, BELOW - 16];
    const y = (n) => floor - (tall * n) / most;
    context.fillStyle = colour.quiet;
    sums.forEach((n, t) => {
      context.globalAlpha = t < upto ? 1 : 0.3;
      context.fillRect(left + t * cell + 1, y(n), cell - 2, floor - y(n));
    });
    context.globalAlpha = 0.2;
    context.fillStyle = colour.now;
    context.fillRect(left, y(expected + spread), right - left, y(expected - spread) - y(expected + spread));
    context.globalAlpha = 1;
    context.strokeStyle = colour.now;
    context.lineWidth = 1.5;
    line(context, left, y(expected), right, y(expected));
    context.fillStyle = colour.ink;
    context.globalAlpha = 0.65;
    context.textAlign = "left";
    context.fillText(`${formatNumber(expected)}`, right + 10, y(expected) + 1);
    context.fillText("spikes a step", right + 10, Math.min(floor, y(expected) + 13));
    context.textAlign = "center";
    const every = Math.ceil(18 / cell);
    for (let t = 0; t < state.steps; t += every) context.fillText(String(t + 1), left + (t + 0.5) * cell, floor + 13);
    context.textAlign = "left";
    context.fillText("step", right + 10, floor + 13);
    context.globalAlpha = 1;
  }

  // ---- hand and keys -------------------------------------------------------------------------------------------

  /** The cell under the pointer: {place, t, where: "cell" | "neuron"}; null outside. */
  function under(event) {
    if (!trace.now) return null;
    const box = canvas.getBoundingClientRect();
    const { steps } = trace.now.state;
    const { left, right, cell } = places(box.width, steps);
    const [x, y] = [event.clientX - box.left, event.clientY - box.top - TOP];
    const place = Math.floor(y / row);
    if (place < 0 || place >= d) return null;
    const t = Math.floor((x - left) / cell);
    return { place, t: Math.min(steps - 1, Math.max(0, t)), where: x < left || x > right ? "neuron" : "cell" };
  }

  function say() {
    const { place, t, where = "cell" } = pointed;
    const { spikes, flips, rates, state } = trace.now;
    const [j, i] = [order[place], t * d + order[place]];
    const name = nameOf(session, j);
    const counts = countsOf(spikes, d);
    const effect = effects() ? ` · turning it changes the picture by ${formatNumber(effects()[i])}` : "";
    const byHand = flips.has(i) ? (spikes[i] ? ", put in by hand" : ", taken out by hand") : "";
    reading.textContent =
      where === "neuron"
        ? `${name}: ${counts[j]} of ${counted(state.steps, "spike")}, rate ${formatNumber(rates[j])} · click for its statistics below`
        : `${name}, step ${t + 1} of ${state.steps}: ${spikes[i] ? "a spike" : "silent"}${byHand}${effect}`;
  }

  function turn({ place, t }) {
    if (!engine) return session.say("Turning spikes needs the model in the page, and this browser cannot run it.");
    const i = t * d + order[place];
    trace.flip([i], `${trace.now.spikes[i] ? "silence" : "spike"} ${nameOf(session, order[place])}, step ${t + 1}`);
  }

  canvas.onpointermove = (event) => {
    const at = under(event);
    reading.removeAttribute("aria-live");
    pointed = at;
    if (at) say();
    canvas.style.cursor = at && (engine || at.where === "neuron") ? "pointer" : "default";
  };
  canvas.onpointerleave = () => {
    pointed = null;
    reading.textContent = " ";
  };
  canvas.onclick = (event) => {
    const at = under(event);
    if (!at) return;
    cursor = { ...at, seen: false };
    if (at.where === "neuron")
      trace.remember({ neuron: String(order[at.place]) }, `neuron ${nameOf(session, order[at.place])}`);
    else turn(at);
  };
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !trace.now) return;
    const { steps } = trace.now.state;
    const moves = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Home: [0, -steps],
      End: [0, steps],
      PageUp: [-8, 0],
      PageDown: [8, 0],
    };
    const move = moves[event.key];
    if (!move && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    const within = (n, count) => Math.min(count - 1, Math.max(0, n));
    if (move) cursor = { place: within(cursor.place + move[0], d), t: within(cursor.t + move[1], steps), seen: true };
    else turn(cursor);
    reading.setAttribute("aria-live", "polite");
    pointed = cursor;
    draw();
  };
  canvas.onfocus = () => {
    cursor.seen = canvas.matches(":focus-visible");
    draw();
  };
  canvas.onblur = () => {
    cursor.seen = false;
    draw();
  };

  const stops = [trace.on(() => draw()), onLook(canvas, () => draw())];
  canvas.vector = (context, width) => draw({ context, width });
  return Object.assign(element, { redraw: () => draw(), dispose: () => stops.forEach((stop) => stop()) });
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function fitted(context, text, width) {
  let out = text;
  while (out.length > 1 && context.measureText(out).width > width) out = out.slice(0, -1);
  return out;
}
