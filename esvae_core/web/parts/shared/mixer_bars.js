/** The bars of the mixer: an ARIA slider for each dimension, up to 64 in a row, with what real images have behind it. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { GRID } from "../../math/rates.js";
import { nameOf, orderOf, taughtValue } from "./dimension_names.js";
import { BarGesture, barKey } from "./bar_gestures.js";

const ROW = 64; // bars beside each other
const MANY = 40; // bars from which on numbers do not fit below them
const BANDS = 30; // shades behind a bar, at most

export class MixerBars {
  #session;
  #editor;
  #chosen;
  #handlers;
  /** @type {Map<number, HTMLElement>} */
  #bars = new Map();
  /** The pointer that is down. @type {{id: number, gesture: BarGesture}|null} */
  #hand = null;

  /**
   * @param {Session} session
   * @param {import("./rate_editor.js").RateEditor} editor
   * @param {Chosen} chosen
   * @param {{act: (act: import("./bar_gestures.js").BarAct, i: number) => void, type: () => void}} handlers what a key on a
   *   bar asks for
   */
  constructor(session, editor, chosen, handlers) {
    [this.#session, this.#editor, this.#chosen, this.#handlers] = [session, editor, chosen, handlers];
    const { latent } = session;
    this.element = h("div", {
      class: latent.rest ? "mixer signed" : "mixer",
      role: "group",
      "aria-label": latent.title,
      onpointerleave: () => this.#chosen.look(null),
    });
  }

  /** Make all bars, in the order that the state asks for. */
  build() {
    const order = orderOf(this.#session);
    this.#bars.clear();
    const make = this.#barMaker();
    const lines = [];
    for (let first = 0; first < order.length; first += ROW) {
      const dims = order.slice(first, first + ROW);
      lines.push(this.#line(dims, dims.map(make)));
    }
    this.element.replaceChildren(...lines);
    this.element.dataset.rows = String(lines.length);
    this.element.style.setProperty("--bar-rows", String(lines.length));
    if (!this.#bars.has(this.#chosen.i)) this.#chosen.set(order[0]);
    this.mark();
    this.show();
  }

  /** Show the state's rates. */
  show() {
    const { state } = this.#session.store;
    const { start } = this.#editor;
    for (const [i, bar] of this.#bars) {
      const value = state.rates[i] / GRID;
      bar.style.setProperty("--value", String(value));
      bar.style.setProperty("--mark", String(start[i] / GRID));
      bar.setAttribute("aria-valuenow", this.#session.latent.value(i, value).toFixed(3));
      bar.setAttribute("aria-valuetext", this.#spoken(i, value));
      bar.classList.toggle("locked", !this.#editor.free(i));
    }
  }

  /** Show which bar is chosen. */
  mark() {
    for (const [i, bar] of this.#bars) {
      bar.classList.toggle("chosen", i === this.#chosen.i);
      bar.tabIndex = i === this.#chosen.picked ? 0 : -1; // one stop for the tab key; arrow keys go on from there
    }
  }

  /** @param {number} i */
  focus(i) {
    this.#bars.get(i)?.focus({ preventScroll: true });
  }

  #spoken(i, value) {
    const { latent, store } = this.#session;
    const taught = taughtValue(this.#session, i, value);
    const expected = latent.expected(value, store.state.steps);
    const locked = this.#editor.free(i) ? "" : msg`, locked`;
    return `${latent.text(i, value)}${taught && msg`, for ${taught}`}${expected && msg`, ${expected} expected`}${locked}`;
  }

  /** @returns {(i: number) => HTMLElement} */
  #barMaker() {
    const { atlas, latent } = this.#session;
    const range = atlas?.range();
    const density = atlas && shades(atlas);
    return (i) => {
      const bar = h(
        "div",
        {
          class: "fader",
          role: "slider",
          tabindex: -1,
          "data-i": i,
          "aria-label": nameOf(this.#session, i),
          "aria-valuemin": latent.value(i, 0),
          "aria-valuemax": latent.value(i, 1),
          "aria-orientation": "vertical",
          onkeydown: (event) => this.#key(event, i),
          onfocus: () => this.#chosen.set(i),
          onpointerenter: () => this.#hand || this.#chosen.look(i),
        },
        h("i", { class: "density", style: density ? `background:${density(i)}` : null }),
        h("i", { class: "range", style: range ? `--low:${range.low[i]};--high:${range.high[i]}` : "display:none" }),
        h("i", { class: "fill" }),
        h("i", { class: "mark" }),
      );
      this.#bars.set(i, bar);
      return bar;
    };
  }

  /** A row of bars with its scale and names. @param {number[]} dims @param {HTMLElement[]} bars */
  #line(dims, bars) {
    const row = h("div", { class: "faders" }, bars);
    row.onpointerdown = (event) => this.#press(event, row, dims);
    row.onpointermove = (event) => this.#move(event);
    row.onpointerup = row.onpointercancel = (event) => this.#release(event);
    row.ondblclick = ({ clientX }) => {
      // the pointer is captured by the row, so that the event says it of no bar
      const at = bars.findIndex((bar) => clientX < bar.getBoundingClientRect().right);
      if (at >= 0) this.#editor.reset(dims[at]);
    };
    row.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    const marks = this.#session.latent.marks.map((n) => h("span", {}, n));
    return h(
      "div",
      { class: "fader-row" },
      h("div", { class: "fader-scale", "aria-hidden": "true" }, marks),
      row,
      h("div", { class: "fader-names", "aria-hidden": "true" }, this.#names(dims)),
    );
  }

  /** What stands under bars: their names, upright, if they have some; else their numbers, where there is room for all. */
  #names(dims) {
    const many = this.#session.entry.dims > MANY;
    return dims.map((i) => {
      const name = nameOf(this.#session, i);
      return name === `d${i}` ? h("span", {}, many ? "" : i) : h("span", { class: "named" }, name);
    });
  }

  #press(event, row, dims) {
    if (event.button) return;
    event.preventDefault();
    this.#editor.finishPending();
    const gesture = new BarGesture(row.getBoundingClientRect(), dims, this.#editor.notches, pointer(event));
    this.#hand = { id: event.pointerId, gesture };
    row.setPointerCapture(event.pointerId);
    this.focus(gesture.dim);
    this.#move(event);
  }

  #move(event) {
    const hand = this.#hand;
    if (hand && event.pointerId === hand.id) this.#editor.put(hand.gesture.moved(pointer(event)), event);
  }

  #release(event) {
    if (!this.#hand || event.pointerId !== this.#hand.id) return;
    const { swept, dim } = this.#hand.gesture;
    this.#hand = null;
    if (swept) this.focus(dim); // keys go on where the hand ended
    if (event.type === "pointercancel") this.#editor.cancel();
    else this.#editor.finish(swept ? msg`sweep` : nameOf(this.#session, dim));
  }

  #key(event, i) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    this.#chosen.set(i);
    const asked = barKey(event.key);
    if (!asked) return;
    if (asked.kind === "type") this.#handlers.type();
    else if (asked.kind === "move") this.#moveFocus(i, asked.by);
    else if (asked.kind === "step") this.#editor.step(i, asked.by, event);
    else if (asked.kind === "end") this.#editor.nudge(i, asked.value, event);
    else this.#handlers.act(asked.act, i);
    event.preventDefault();
  }

  /** To the bar beside one, in the order that is shown. */
  #moveFocus(i, by) {
    const order = [...this.#bars.keys()];
    this.focus(order[Math.min(order.length - 1, Math.max(0, order.indexOf(i) + by))]);
  }

  #wheel(event) {
    const bar = event.target.closest?.(".fader");
    if (!bar || !event.deltaY) return;
    event.preventDefault();
    this.#editor.step(Number(bar.dataset.i), -Math.sign(event.deltaY), event);
  }
}

/** @param {PointerEvent} event @returns {import("./bar_gestures.js").BarPointer} */
const pointer = ({ clientX, clientY, shiftKey }) => ({ x: clientX, y: clientY, shift: shiftKey });

/** For a dimension, how often real images have which rate: a CSS gradient, darker where more are. @param {Atlas} atlas */
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
