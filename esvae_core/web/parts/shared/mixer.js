/**
 * The latent as an equaliser: one bar per firing rate, or per number of a latent without spikes.
 *
 * Drag a bar, or sweep across many: a gesture that starts sideways sweeps, one that starts up or down stays with its
 * bar. Wheel and arrow keys take fine steps, with Shift steps of 1/T; a double click or Backspace brings a bar back to
 * the start. L locks, M mutes, S plays a bar alone, Enter types its value. With the focus on a bar, Ctrl+C copies the
 * whole vector and Ctrl+V pastes one. Each bar is an ARIA slider.
 */

import { focusedBeside, h, icon } from "../../dom.js";
import { valueText } from "../../math/measured.js";
import { GRID, toGrid } from "../../math/rates.js";
import { parseNumber, parseVector, VectorError, vectorText } from "../../math/vector_text.js";
import { Chosen } from "./chosen.js";

const FINE = 1 / 64;
const NOTCHES = 16; // steps of Shift where there is no T
const BANDS = 30; // shades behind a bar, at most
const ROW = 64; // bars beside each other
const PAUSE = 500; // ms without a key or a turn of the wheel end the gesture
const SLACK = 5; // px before a gesture shows its direction
const CLOSE = 1e-5; // by which a value written with five digits may lie outside its range
/** @type {("copy"|"paste")[]} */
const CLIPBOARD = ["copy", "paste"];

/**
 * What Mute and Solo hold back of rates that they have made, to give it again; other rates, as of another image, hold
 * nothing back.
 * @type {WeakMap<Uint16Array, {muted: Map<number, number>, alone: {i: number, rates: Uint16Array}|null}>}
 */
const heldBack = new WeakMap();

/** What stands beside the bars. */

/**
 * Dimensions in the order that the state asks for.
 * @param {Session} session
 */
export function orderOf(session, order = session.store.state.order) {
  const all = Array.from({ length: session.entry.dims }, (_, i) => i);
  const weight = { effect: session.atlas?.effect, usage: session.atlas?.usage() }[order];
  return weight ? all.sort((a, b) => weight[b] - weight[a] || a - b) : all;
}

/**
 * A dimension's name: what the visitor called it, what it was taught to stand for, or its number.
 * @param {Session} session
 */
export function nameOf(session, i) {
  return session.store.state.view[`name${i}`] || session.entry.taught?.[i] || `d${i}`;
}

/**
 * What a rate of a taught neuron stands for, such as "2.9 px"; "" of any other neuron.
 * @param {Session} session @param {number} i @param {number} rate
 */
export function taughtValue({ entry }, i, rate) {
  const levels = entry.taughtLevels?.[i];
  if (!levels) return "";
  const place = rate * (levels.length - 1);
  const low = Math.min(Math.floor(place), levels.length - 2);
  const value = levels[low] + (place - low) * (levels[low + 1] - levels[low]);
  return valueText({ kind: "number", categories: [], unit: entry.taughtUnits?.[i] ?? "" }, value);
}

/** For a dimension, how often real images have which rate: a CSS gradient, darker where more are. */
function shades({ counts, dims, steps, count }) {
  return (i) => {
    const bands = Math.min(steps, BANDS);
    const histogram = new Float32Array(bands + 1);
    for (let at = i; at < counts.length; at += dims) histogram[Math.round((counts[at] * bands) / steps)]++;
    const tones = Array.from(histogram, (n) => `rgb(139 143 156 / ${Math.round(70 * Math.sqrt(n / count))}%)`);
    const stops = tones.map((tone, k) => `${tone} ${(100 * k) / (bands + 1)}% ${(100 * (k + 1)) / (bands + 1)}%`);
    return `linear-gradient(to top, ${stops.join(", ")})`;
  };
}

/**
 * @param {Session} session
 * @param {Chosen} [chosen] shared with other parts, which then show the same neuron
 */
export function mixer(session, chosen = new Chosen()) {
  const { store, live, entry, latent } = session;
  const notches = entry.steps ?? NOTCHES;
  const rest = Math.round(latent.rest * GRID);
  const locked = new Set();
  const bars = new Map();
  const called = latent.spiking ? "Firing rates, spikes per time step" : `Latent: ${latent.names}`;
  const rows = h("div", { class: latent.spiking ? "mixer" : "mixer signed", role: "group", "aria-label": called });
  const detail = h("div", { class: "detail" });
  const element = h("div", {}, rows, detail);
  let order = [];
  let gesture = null;
  let pause = 0;

  // ---- changing rates ------------------------------------------------------------------------------------------

  const source = () => {
    try {
      return session.ratesOf(store.state.source);
    } catch {
      return store.state.rates;
    }
  };
  const snapped = (value, event) => (event.shiftKey ? Math.round(value * notches) / notches : value);
  const free = (i) => !locked.has(i);
  const held = () => heldBack.get(store.state.rates) ?? { muted: new Map(), alone: null };

  function put(changes, event, kept = held()) {
    const rates = store.state.rates.slice();
    for (const [i, value] of changes) {
      if (free(i)) rates[i] = Math.floor(Math.min(1, Math.max(0, value)) * GRID + 0.5);
    }
    if (event) live.follow(event);
    heldBack.set(rates, kept);
    store.set({ rates });
  }

  function later(label) {
    clearTimeout(pause);
    pause = setTimeout(() => finish(label), PAUSE);
  }

  function finish(label) {
    clearTimeout(pause);
    pause = 0;
    store.commit(label);
  }

  const step = (i, by, event) => {
    const size = event.shiftKey ? 1 / notches : FINE;
    put([[i, snapped(store.state.rates[i] / GRID + by * size, event)]], event);
    later(nameOf(session, i));
  };

  const acts = {
    lock: (i) => (free(i) ? locked.add(i) : locked.delete(i)),
    mute(i) {
      const { muted, alone } = held();
      const before = muted.get(i);
      const others = new Map([...muted].filter(([j]) => j !== i));
      if (before === undefined) others.set(i, store.state.rates[i]);
      put([[i, (before ?? rest) / GRID]], null, { muted: others, alone });
      finish(`${before === undefined ? "mute" : "unmute"} ${nameOf(session, i)}`);
    },
    alone(i) {
      const { muted, alone } = held();
      const { rates } = store.state;
      const before = alone ? alone.rates.with(alone.i, rates[alone.i]) : rates; // what was changed meanwhile stays
      const next = alone?.i === i ? null : { i, rates: before };
      const now = next ? before.map((rate, j) => (j === i || !free(j) ? rate : rest)) : before.slice();
      heldBack.set(now, { muted, alone: next });
      store.change({ rates: now }, next ? `only ${nameOf(session, i)}` : "all again");
    },
    reset(i) {
      put([[i, source()[i] / GRID]]);
      finish(`reset ${nameOf(session, i)}`);
    },
  };

  // ---- gestures ------------------------------------------------------------------------------------------------

  function start(event, row) {
    if (event.button) return;
    event.preventDefault();
    finishPending();
    const list = [...row.children];
    const box = row.getBoundingClientRect();
    const at = (x) => Math.min(list.length - 1, Math.max(0, Math.floor(((x - box.left) / box.width) * list.length)));
    gesture = { id: event.pointerId, row, list, box, at, x: event.clientX, y: event.clientY, last: null, mode: null };
    row.setPointerCapture(event.pointerId);
    const bar = list[at(event.clientX)];
    bar.focus({ preventScroll: true });
    gesture.bar = bar;
    move(event);
  }

  function move(event) {
    if (!gesture || event.pointerId !== gesture.id) return;
    const { box, list } = gesture;
    const [dx, dy] = [Math.abs(event.clientX - gesture.x), Math.abs(event.clientY - gesture.y)];
    if (!gesture.mode && Math.max(dx, dy) > SLACK) gesture.mode = dx > dy ? "sweep" : "one";
    const value = snapped(1 - (event.clientY - box.top) / box.height, event);
    if (gesture.mode !== "sweep") return put([[Number(gesture.bar.dataset.i), value]], event);
    const to = gesture.at(event.clientX);
    const from = gesture.last ?? { at: to, value };
    const changes = [];
    for (let k = Math.min(from.at, to); k <= Math.max(from.at, to); k++) {
      const share = from.at === to ? 1 : (k - from.at) / (to - from.at);
      changes.push([Number(list[k].dataset.i), snapped(from.value + share * (value - from.value), event)]);
    }
    gesture.last = { at: to, value };
    put(changes, event);
  }

  function end(event) {
    if (!gesture || event.pointerId !== gesture.id) return;
    const swept = gesture.mode === "sweep";
    const label = swept ? "sweep" : nameOf(session, Number(gesture.bar.dataset.i));
    if (swept) gesture.list[gesture.last.at].focus({ preventScroll: true }); // keys go on where the hand ended
    gesture = null;
    if (event.type === "pointercancel") store.cancel();
    else finish(label);
  }

  const finishPending = () => pause && finish(chosen.i === null ? "rates" : nameOf(session, chosen.i));

  function onkey(event) {
    const i = Number(event.currentTarget.dataset.i);
    const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 8, PageDown: -8 }[event.key];
    const ends = { Home: 0, End: 1 }[event.key];
    const act = { l: "lock", m: "mute", s: "alone", Backspace: "reset", Delete: "reset" }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    chosen.set(i);
    if (event.key === "Enter") type();
    else if (steps) step(i, steps, event);
    else if (ends !== undefined) {
      put([[i, ends]], event);
      later(nameOf(session, i));
    } else if (act) {
      acts[act](i);
      show();
    } else return;
    event.preventDefault();
  }

  function onwheel(event) {
    const bar = event.target.closest?.(".fader");
    if (!bar || !event.deltaY) return;
    event.preventDefault();
    step(Number(bar.dataset.i), -Math.sign(event.deltaY), event);
  }

  // ---- drawing -------------------------------------------------------------------------------------------------

  function build() {
    order = orderOf(session);
    bars.clear();
    const range = session.atlas?.range();
    const density = session.atlas && shades(session.atlas);
    const many = entry.dims > 40;
    const lines = [];
    for (let first = 0; first < order.length; first += ROW) {
      const row = h("div", { class: "faders" });
      for (const i of order.slice(first, first + ROW)) {
        const bar = h(
          "div",
          {
            class: "fader",
            role: "slider",
            tabindex: 0,
            "data-i": i,
            "aria-label": nameOf(session, i),
            "aria-valuemin": latent.value(i, 0),
            "aria-valuemax": latent.value(i, 1),
            "aria-orientation": "vertical",
            onkeydown: onkey,
            onfocus: () => chosen.set(i),
          },
          h("i", { class: "density", style: density ? `background:${density(i)}` : null }),
          h("i", { class: "range", style: range ? `--low:${range.low[i]};--high:${range.high[i]}` : "display:none" }),
          h("i", { class: "fill" }),
          h("i", { class: "mark" }),
        );
        bar.onpointerenter = () => gesture || chosen.set(i);
        bars.set(i, bar);
        row.append(bar);
      }
      row.onpointerdown = (event) => start(event, row);
      row.onpointermove = move;
      row.onpointerup = row.onpointercancel = end;
      row.ondblclick = (event) => {
        // the pointer is captured by the row, so that the event says it of no bar
        const bar = [...row.children].find((each) => event.clientX < each.getBoundingClientRect().right);
        if (bar instanceof HTMLElement) acts.reset(Number(bar.dataset.i));
      };
      row.addEventListener("wheel", onwheel, { passive: false });
      const labels = order.slice(first, first + ROW).map((i) => under(i, many));
      lines.push(
        h(
          "div",
          { class: "fader-row" },
          scale(),
          row,
          h("div", { class: "fader-names", "aria-hidden": "true" }, labels),
        ),
      );
    }
    rows.replaceChildren(...lines);
    rows.dataset.rows = String(lines.length);
    rows.style.setProperty("--bar-rows", String(lines.length));
    if (!bars.has(chosen.i)) chosen.set(order[0]);
    mark();
    show();
  }

  /** What stands under a bar: its name, upright, if it has one; else its number, where there is room for all. */
  function under(i, many) {
    const name = nameOf(session, i);
    return name === `d${i}` ? h("span", {}, many ? "" : i) : h("span", { class: "named" }, name);
  }

  const scale = () =>
    h(
      "div",
      { class: "fader-scale", "aria-hidden": "true" },
      latent.marks.map((n) => h("span", {}, n)),
    );

  function show() {
    const { state } = store;
    const marks = source();
    for (const [i, bar] of bars) {
      const value = state.rates[i] / GRID;
      bar.style.setProperty("--value", value);
      bar.style.setProperty("--mark", marks[i] / GRID);
      bar.setAttribute("aria-valuenow", latent.value(i, value).toFixed(3));
      const expected = latent.spiking ? `, ${(value * state.steps).toFixed(1)} of ${state.steps} spikes expected` : "";
      const taught = taughtValue(session, i, value);
      const means = taught && `, for ${taught}`;
      bar.setAttribute("aria-valuetext", `${latent.text(i, value)}${means}${expected}${free(i) ? "" : ", locked"}`);
      bar.classList.toggle("locked", !free(i));
    }
    showDetail();
  }

  function mark() {
    for (const [i, bar] of bars) bar.classList.toggle("chosen", i === chosen.i);
    showDetail();
  }

  const name = h("span", { class: "bar-name" });
  const value = h("button", {
    type: "button",
    class: "bare value",
    title: `Type an exact ${latent.name} (Enter on a bar)`,
    onclick: () => type(),
  });
  const words = h("span", {});
  const reading = h("span", { class: "reading" }, name, " ", value, words);
  const buttons = [
    ["lock", "Lock", "Hold this one: sweeps and random draws leave it alone (L)"],
    ["mute", "Mute", `${latent.spiking ? "Rate 0" : "The prior's mean"} until it is pressed again (M)`],
    ["alone", "Solo", `All others ${latent.spiking ? "0" : "at the prior's mean"} until it is pressed again (S)`],
    ["reset", "Reset", "Back to where it started (Backspace, or double click the bar)"],
  ].map(([act, text, help]) =>
    h(
      "button",
      {
        type: "button",
        class: "small",
        title: help,
        "data-act": act,
        onclick: () => {
          acts[act](chosen.i);
          show();
        },
      },
      act === "lock" ? icon("lock") : null,
      text,
    ),
  );
  detail.append(reading, h("span", { class: "acts" }, buttons));

  function showDetail() {
    const { i } = chosen;
    if (!bars.has(i)) return;
    const { state } = store;
    const height = state.rates[i] / GRID;
    const range = session.atlas?.range();
    const text = (at, digits) => latent.text(i, at, digits);
    const usual = range ? ` · 90 % of real images: ${text(range.low[i])} to ${text(range.high[i])}` : "";
    const expected = latent.spiking ? ` · ${(height * state.steps).toFixed(1)} of ${state.steps} spikes` : "";
    name.textContent = nameOf(session, i);
    value.textContent = text(height, 3);
    value.setAttribute("aria-label", `${nameOf(session, i)}: ${text(height, 3)}; type another value`);
    const taught = taughtValue(session, i, height);
    words.textContent = `${taught && ` = ${taught}`}${expected}${usual}`;
    const { muted, alone } = held();
    const on = { lock: !free(i), mute: muted.has(i), alone: alone?.i === i };
    for (const button of buttons) {
      if (button.dataset.act !== "reset") button.setAttribute("aria-pressed", String(Boolean(on[button.dataset.act])));
    }
  }

  // ---- values as text ------------------------------------------------------------------------------------------

  /** A field in place of the chosen bar's value, until Enter, Escape, or the focus leaves it. */
  function type() {
    const { i } = chosen;
    if (!bars.has(i) || !value.isConnected) return;
    const [low, high] = [latent.value(i, 0), latent.value(i, 1)];
    const field = h("input", {
      type: "text",
      inputmode: "decimal",
      class: "exact",
      "aria-label": `Value of ${nameOf(session, i)}, ${low} to ${high}`,
      value: value.textContent,
    });
    chosen.held = true;
    const close = (back) => {
      chosen.held = false;
      field.replaceWith(value);
      if (back) bars.get(i)?.focus({ preventScroll: true });
    };
    const take = () => {
      try {
        const wanted = parseNumber(field.value);
        if (wanted < low || wanted > high) throw new VectorError(`expected ${low} to ${high}, found ${wanted}`);
        close(true);
        if (!free(i)) throw new VectorError("it is locked");
        put([[i, (wanted - low) / (high - low)]]);
        finish(nameOf(session, i));
      } catch (error) {
        refuse(`${nameOf(session, i)}`, error);
      }
    };
    field.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Enter") take();
      else if (event.key === "Escape") close(true);
    };
    field.onblur = () => chosen.held && close(false);
    value.replaceWith(field);
    field.select();
    field.focus();
  }

  /** One line for the visitor. @param {string} what @param {Error} error */
  function refuse(what, error) {
    if (!(error instanceof VectorError)) throw error;
    session.say(`${what}: ${error.message}.`, "warning");
  }

  const asText = () => vectorText(Array.from(store.state.rates, (rate, i) => latent.value(i, rate / GRID)));

  /** Let these be the values, by number of the dimension; locked bars stay. @param {string} text @throws {VectorError} */
  function fromText(text) {
    const values = parseVector(text, entry.dims);
    values.forEach((v, i) => {
      const [low, high] = [latent.value(i, 0), latent.value(i, 1)];
      if (v < low - CLOSE || v > high + CLOSE) throw new VectorError(`d${i}: expected ${low} to ${high}, found ${v}`);
    });
    const heights = values.map((v, i) => (v - latent.value(i, 0)) / (latent.value(i, 1) - latent.value(i, 0)));
    const rates = toGrid(heights).map((rate, i) => (free(i) ? rate : store.state.rates[i]));
    store.change({ rates }, `pasted ${latent.names}`);
  }

  /** @param {ClipboardEvent} event */
  function onclipboard(event) {
    if (!rows.contains(focusedBeside(rows))) return;
    if (event.type === "copy") event.clipboardData.setData("text/plain", asText());
    else {
      try {
        fromText(event.clipboardData.getData("text/plain"));
      } catch (error) {
        refuse("Not pasted", error);
      }
    }
    event.preventDefault();
  }
  for (const kind of CLIPBOARD) document.addEventListener(kind, onclipboard);

  let shownOrder = store.state.order;
  const stops = [
    chosen.on(mark),
    store.on("state", ({ order: now, model }) => {
      if (model !== entry.name) return; // another model is on its way
      if (now !== shownOrder) {
        shownOrder = now;
        build();
      } else show();
    }),
  ];
  build();
  return Object.assign(element, {
    /** Which dimensions a random draw may change. */
    free,
    /** All values as a JSON list, by number of the dimension. */
    asText,
    fromText,
    dispose() {
      stops.forEach((stop) => stop());
      for (const kind of CLIPBOARD) document.removeEventListener(kind, onclipboard);
      finishPending();
    },
  });
}
