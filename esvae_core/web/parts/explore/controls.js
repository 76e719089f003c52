/**
 * Sliders of the model's controls: each moves many bars at once, so that one attribute of the picture changes.
 *
 * Amounts count from the rates at which no control was moved. Where rates come from elsewhere (a bar, another image), all
 * amounts are 0 again; undo and redo bring them back.
 */

import { h } from "../../dom.js";
import { formatNumber } from "../../math/axis.js";
import { unitText, valueText } from "../../math/measured.js";
import { gauge } from "./gauge.js";
import { helpMark } from "../shared/help.js";

const SHOWN = 5; // before "more"
const STEP = 0.05;
/** @type {Pick<MeasuredAttribute, "kind"|"categories">} */
const NUMBER = { kind: "number", categories: [] };

/** @typedef {{base: Uint16Array, amounts: Map<string, number>}} Moved rates without controls, and what was asked */

/** @type {WeakMap<Uint16Array, Moved>} what led to rates that controls have made */
const moved = new WeakMap();

/**
 * @param {Session} session
 * @param {{free(i: number): boolean}} bars which of them may move
 * @param {(along: (() => import("./response_strip.js").Along)|null) => void} [look] shows what a control does; null: none
 */
export function controlPanel(session, bars, look = () => {}) {
  const { store, controls } = session;
  let more = false;
  const list = h("div", { class: "controls-list" });
  const toggle = h("button", { type: "button", class: "small", onclick: () => show(!more) });
  const legend = h(
    "p",
    { class: "legend", "aria-hidden": "true", hidden: true },
    h("span", { class: "key now" }),
    "asked",
    h("span", { class: "key was" }),
    "measured on the picture",
  );
  const element = h(
    "section",
    { class: "controls-part", "aria-label": "Controls" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Controls ", h("small", {}, "each moves many bars at once")),
      helpMark("controls"),
      legend,
    ),
    list,
    controls.length > SHOWN ? toggle : null,
  );
  /** @type {Map<string, {slider: HTMLInputElement, output: HTMLElement, got: HTMLElement, mark: HTMLElement}>} */
  const rows = new Map();
  /** What was measured on the picture, by attribute. @type {Map<string, import("./gauge.js").Reading>} */
  let readings = new Map();

  /** @returns {Moved} */
  const now = () => moved.get(store.state.rates) ?? { base: store.state.rates, amounts: new Map() };

  /** @param {Control} control @param {number} amount @param {Event} [event] */
  function move(control, amount, event) {
    const { base, amounts } = now();
    const asked = new Map(amounts).set(control.name, amount);
    const rates = movedBy(base, asked);
    moved.set(rates, { base, amounts: asked });
    if (event) session.live.follow(event);
    store.set({ rates });
  }

  /** @param {Uint16Array} base @param {Map<string, number>} amounts @returns {Uint16Array} */
  function movedBy(base, amounts) {
    /** @type {Uint16Array} */
    let rates = base.slice();
    for (const each of controls) rates = each.apply(rates, amounts.get(each.name) ?? 0);
    rates.forEach((_, i) => bars.free(i) || (rates[i] = store.state.rates[i])); // a locked bar stays where it is
    return rates;
  }

  /** Five places of its range, the others as they are. @param {Control} control */
  function along(control) {
    const { base, amounts } = now();
    const [low, high] = control.reach;
    const cells = Array.from({ length: 5 }, (_, k) => {
      const amount = low + ((high - low) * k) / 4;
      return { rates: movedBy(base, new Map(amounts).set(control.name, amount)), caption: changeOf(control, amount) };
    });
    const others = [...amounts].filter(([name]) => name !== control.name);
    const key = `control ${control.name} ${others} ${base}`;
    return { title: `What ${labelOf(control)} does`, key, of: control, cells };
  }

  /** @param {Control} control */
  function row(control) {
    const [low, high] = control.reach;
    const end = Math.max(-low, high);
    const slider = h("input", {
      type: "range",
      min: low < 0 ? -end : 0, // so that 0 is in the middle
      max: end,
      step: STEP,
      disabled: !control.steerable,
      "aria-label": `Control: ${labelOf(control)}`, // a bar may have the same name
      title: evidenceOf(control),
    });
    const output = h("output", {});
    const got = h("span", { class: "control-got" });
    const mark = h("i", { class: "control-mark", hidden: true });
    slider.oninput = (event) => {
      const wanted = Math.min(high, Math.max(low, Number(slider.value)));
      move(control, Math.abs(wanted) < STEP ? 0 : wanted, event);
    };
    slider.onchange = () => store.commit(control.name);
    const back = () => {
      move(control, 0);
      store.commit(`reset ${control.name}`);
    };
    slider.ondblclick = back;
    slider.onkeydown = (event) => {
      if (event.key === "Backspace") back(); // a handler that returns false would keep every other key from the slider
    };
    rows.set(control.name, { slider, output, got, mark });
    const label = h(
      "label",
      { class: control.steerable ? "control" : "control unsteerable", title: evidenceOf(control) },
      h("span", { class: "control-name" }, labelOf(control)),
      h("span", { class: "control-track" }, slider, mark),
      output,
      got,
    );
    if (control.steerable) {
      label.onpointerenter = slider.onfocus = () => look(() => along(control));
      label.onpointerleave = slider.onblur = () => look(null);
    }
    return label;
  }

  function show(all) {
    more = all;
    rows.clear();
    list.replaceChildren(...controls.slice(0, more ? controls.length : SHOWN).map(row));
    toggle.textContent = more ? "Fewer" : `${controls.length - SHOWN} more`;
    toggle.setAttribute("aria-expanded", String(more));
    update();
  }

  function update() {
    const { amounts } = now();
    for (const control of controls) {
      const found = rows.get(control.name);
      if (!found) continue;
      const amount = amounts.get(control.name) ?? 0;
      const { min, max } = found.slider;
      const place = (value) => `${(100 * (value - Number(min))) / (Number(max) - Number(min))}%`;
      found.slider.value = String(amount);
      const [low, high] = control.reach;
      const bounds = { "--low": low, "--high": high, "--from": Math.min(0, amount), "--to": Math.max(0, amount) };
      for (const [name, value] of Object.entries(bounds)) found.slider.style.setProperty(name, place(value));
      const words = control.steerable ? changeOf(control, amount) : "not steerable";
      found.output.textContent = words;
      const measured = showReading(control, found, place);
      found.slider.setAttribute("aria-valuetext", measured ? `${words}, measured ${measured}` : words);
    }
  }

  /** What the picture has of an attribute: in words, and as a mark on the track. @param {Control} control */
  function showReading(control, { got, mark }, place) {
    const reading = control.source === "attribute" ? readings.get(control.attribute) : undefined;
    mark.hidden = !reading || Number.isNaN(reading.change);
    if (!reading) return "";
    const { value, change } = reading;
    const moved = now().amounts.size && !Number.isNaN(change) ? ` (${changeOf(control, change / control.size)})` : "";
    got.textContent = Number.isNaN(value)
      ? "not measurable"
      : `${valueText({ ...NUMBER, unit: control.unit }, value)}${moved}`;
    got.title =
      "Measured on the picture; in brackets the change by the controls. The mark on the track is where that lies.";
    const share = Math.min(1, Math.max(0, Number.parseFloat(place(change / control.size)) / 100));
    mark.style.left = `calc(9px + ${share} * (100% - 18px))`; // the track's ends are half a thumb inside its box
    return got.textContent;
  }

  const stop = store.on("state", update);
  const meter = gauge(
    session,
    () => now().base,
    (found) => {
      readings = found;
      legend.hidden = false;
      update();
    },
  );
  show(false);
  element.dispose = () => {
    stop();
    meter?.dispose();
  };
  return element;
}

/** @param {Control} control */
export function labelOf({ name, source, attribute }) {
  if (source === "category") return `more like ${attribute} ${name.split(":").at(-1)}`;
  return source === "component" && attribute ? `${name} (like ${attribute})` : name;
}

/** What an amount asks for, in the attribute's own unit. @param {Control} control */
export function changeOf({ source, size, unit }, amount) {
  if (source === "category" || source === "hand") return `${Math.round(100 * amount)} %`;
  const sign = amount > 0 ? "+" : amount < 0 ? "\u2212" : "";
  if (source !== "attribute") return `${sign}${formatNumber(Math.abs(amount))} sd`;
  return `${sign}${formatNumber(Math.abs(amount * size))}${unit === "deg" ? "" : " "}${unitText(unit)}`.trimEnd();
}

/** How well pictures follow it, as measured. @param {Control} control */
function evidenceOf(control) {
  if (!control.steerable) return control.why;
  const evidence = control.evidence.find(({ split }) => split === "validation");
  const response = evidence?.responses.find(({ asked }) => asked === 1);
  if (!response) return "Double click: back to 0.";
  const given =
    control.source === "attribute"
      ? `asked +1 standard deviation, ${evidence.images} validation images changed by ${response.got.toFixed(2)}`
      : control.source === "category"
        ? `asked for the whole way, ${Math.round(100 * response.got)} % of ${evidence.images} validation images are read as it`
        : `asked +1 standard deviation, pictures change by ${response.got.toFixed(2)} a pixel`;
  const side = response.side ? `; ${response.side} changes by ${response.side_effect.toFixed(2)} of its own` : "";
  return `${given}${side}. Double click: back to 0.`;
}
