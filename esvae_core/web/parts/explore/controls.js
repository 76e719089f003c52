/** Sliders of the model's controls: each moves many bars at once, so that one attribute of the picture changes. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { formatNumber } from "../../math/axis.js";
import { unitText, valueText } from "../../math/measured.js";
import {
  alongControl,
  askedAmount,
  movedOf,
  moveControl,
  sliderEnds,
  sliderPercent,
} from "../../state/control_amounts.js";
import { gauge } from "./gauge.js";
import { helpMark } from "../shared/help.js";
import { commitSlides } from "../shared/slide.js";

const SHOWN = 5; // before "more"
const STEP = 0.05;
const PLACES = 5; // pictures of what a control does
/** @type {Pick<MeasuredAttribute, "kind"|"categories">} */
const NUMBER = { kind: "number", categories: [] };

/** @typedef {import("./gauge.js").Reading} Reading */

/**
 * @param {Session} session
 * @param {{free(i: number): boolean}} bars which of them may move
 * @param {(along: (() => import("./response_strip.js").Along)|null) => void} [look] shows what a control does; null: none
 */
export function controlPanel(session, bars, look = () => {}) {
  const { store, controls } = session;
  const free = (i) => bars.free(i);
  const { element, list, toggle, legend } = elementsOf(controls.length > SHOWN, () => show(!more));
  let more = false;
  /** Of those that are shown, by name. @type {Map<string, ControlRow>} */
  const rows = new Map();
  /** What was measured on the picture, by attribute. @type {Map<string, Reading>} */
  let readings = new Map();

  /** @param {Control} control @returns {ControlRow} */
  function row(control) {
    /** @param {number} amount @param {Event} [event] */
    const move = (amount, event) => {
      const rates = moveControl(store.state.rates, controls, control.name, amount, free);
      if (event) session.live.follow(event);
      store.set({ rates });
    };
    const made = controlRow(control, {
      onmove: move,
      onreset() {
        move(0);
        store.commit(msg`reset ${control.name}`);
      },
      onlook: (on) => look(on ? () => alongOf(session, control, free) : null),
    });
    commitSlides(session, made.slider, () => control.name);
    return made;
  }

  /** @param {boolean} all */
  function show(all) {
    more = all;
    rows.clear();
    for (const control of controls.slice(0, more ? controls.length : SHOWN)) rows.set(control.name, row(control));
    list.replaceChildren(...[...rows.values()].map(({ label }) => label));
    toggle.textContent = more ? msg`Fewer` : msg`${controls.length - SHOWN} more`;
    toggle.setAttribute("aria-expanded", String(more));
    update();
  }

  function update() {
    const { amounts } = movedOf(store.state.rates);
    for (const control of controls) {
      const found = rows.get(control.name);
      if (!found) continue;
      const words = showAmount(found, control, amounts.get(control.name) ?? 0);
      const reading = control.source === "attribute" ? readings.get(control.attribute) : undefined;
      const measured = showReading(found, control, reading, amounts.size > 0);
      found.slider.setAttribute("aria-valuetext", measured ? msg`${words}, measured ${measured}` : words);
    }
  }

  const stop = store.on("state", update);
  const meter = gauge(
    session,
    () => movedOf(store.state.rates).base,
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

/**
 * What a control does, the others as they are.
 * @param {Session} session
 * @param {Control} control
 * @param {(i: number) => boolean} free which of the rates may move
 * @returns {import("./response_strip.js").Along}
 */
function alongOf({ store, controls }, control, free) {
  const { rates } = store.state;
  const { base, amounts } = movedOf(rates);
  const cells = alongControl(rates, controls, control, PLACES, free).map((place) => ({
    rates: place.rates,
    caption: changeOf(control, place.amount),
  }));
  const others = [...amounts].filter(([name]) => name !== control.name);
  const key = `control ${control.name} ${others} ${base}`;
  return { title: msg`What ${labelOf(control)} does`, key, of: control, cells };
}

/** @param {boolean} many whether there are more than are shown at first @param {() => void} ontoggle */
function elementsOf(many, ontoggle) {
  const list = h("div", { class: "controls-list" });
  const toggle = h("button", { type: "button", class: "small", onclick: ontoggle });
  const legend = h(
    "p",
    { class: "legend", "aria-hidden": "true", hidden: true },
    h("span", { class: "key now" }),
    msg`asked`,
    h("span", { class: "key was" }),
    msg`measured on the picture`,
  );
  const element = h(
    "section",
    { class: "controls-part", "aria-label": msg`Controls` },
    h(
      "div",
      { class: "head" },
      h("h2", {}, msg`Controls `, h("small", {}, msg`each moves many bars at once`)),
      helpMark("controls"),
      legend,
    ),
    list,
    many ? toggle : null,
  );
  return { element, list, toggle, legend };
}

/**
 * A control's slider, what it asks for, and what was measured: in words, and as a mark on the track.
 * @typedef {ReturnType<typeof controlRow>} ControlRow
 */

/**
 * @param {Control} control
 * @param {{onmove: (amount: number, event: Event) => void, onreset: () => void, onlook: (on: boolean) => void}} handlers
 */
function controlRow(control, { onmove, onreset, onlook }) {
  const slider = h("input", {
    type: "range",
    ...sliderEnds(control.reach),
    step: STEP,
    disabled: !control.steerable,
    "aria-label": msg`Control: ${labelOf(control)}`, // a bar may have the same name
    title: evidenceOf(control),
  });
  const output = h("output", {});
  const got = h("span", { class: "control-got" });
  const mark = h("i", { class: "control-mark", hidden: true });
  slider.oninput = (event) => onmove(askedAmount(Number(slider.value), control.reach, STEP), event);
  slider.ondblclick = onreset;
  slider.onkeydown = (event) => {
    if (event.key === "Backspace") onreset(); // a handler that returns false would keep every other key from the slider
  };
  const label = h(
    "label",
    { class: control.steerable ? "control" : "control unsteerable", title: evidenceOf(control) },
    h("span", { class: "control-name" }, labelOf(control)),
    h("span", { class: "control-track" }, slider, mark),
    output,
    got,
  );
  if (control.steerable) {
    label.onpointerenter = slider.onfocus = () => onlook(true);
    label.onpointerleave = slider.onblur = () => onlook(false);
  }
  return { label, slider, output, got, mark };
}

/** @param {ControlRow} row @param {Control} control @param {number} amount @returns {string} in words */
function showAmount({ slider, output }, control, amount) {
  const [low, high] = control.reach;
  slider.value = String(amount);
  const bounds = { "--low": low, "--high": high, "--from": Math.min(0, amount), "--to": Math.max(0, amount) };
  for (const [name, value] of Object.entries(bounds))
    slider.style.setProperty(name, `${sliderPercent(value, control.reach)}%`);
  output.textContent = control.steerable ? changeOf(control, amount) : msg`not steerable`;
  return output.textContent;
}

/**
 * What the picture has of an attribute.
 * @param {ControlRow} row
 * @param {Control} control
 * @param {Reading|undefined} reading
 * @param {boolean} moved whether any control was
 * @returns {string} in words; "" where nothing is measured
 */
function showReading({ got, mark }, control, reading, moved) {
  mark.hidden = !reading || Number.isNaN(reading.change);
  if (!reading) return "";
  const { value, change } = reading;
  const by = moved && !Number.isNaN(change) ? ` (${changeOf(control, change / control.size)})` : "";
  const words = Number.isNaN(value)
    ? msg`not measurable`
    : `${valueText({ ...NUMBER, unit: control.unit }, value)}${by}`;
  got.textContent = words;
  got.title = msg`Measured on the picture; in brackets the change by the controls. The mark on the track is where that lies.`;
  const share = Math.min(1, Math.max(0, sliderPercent(change / control.size, control.reach) / 100));
  mark.style.left = `calc(9px + ${share} * (100% - 18px))`; // the track's ends are half a thumb inside its box
  return words;
}

/** @param {Control} control */
export function labelOf({ name, source, attribute }) {
  if (source === "category") return msg`more like ${attribute} ${name.split(":").at(-1)}`;
  return source === "component" && attribute ? msg`${name} (like ${attribute})` : name;
}

/** What an amount asks for, in the attribute's own unit. @param {Control} control */
export function changeOf({ source, size, unit }, amount) {
  if (source === "category" || source === "hand") return `${Math.round(100 * amount)} %`;
  const sign = amount > 0 ? "+" : amount < 0 ? "\u2212" : "";
  if (source !== "attribute") return msg`${sign}${formatNumber(Math.abs(amount))} sd`;
  return `${sign}${formatNumber(Math.abs(amount * size))}${unit === "deg" ? "" : " "}${unitText(unit)}`.trimEnd();
}

/** How well pictures follow it, as measured. @param {Control} control */
function evidenceOf(control) {
  if (!control.steerable) return control.why;
  const evidence = control.evidence.find(({ split }) => split === "validation");
  const response = evidence?.responses.find(({ asked }) => asked === 1);
  if (!evidence || !response) return msg`Double click: back to 0.`;
  const given =
    control.source === "attribute"
      ? msg`Asked for +1 standard deviation, ${evidence.images} validation images changed by ${response.got.toFixed(2)} on average`
      : control.source === "category"
        ? msg`Asked for the whole way, ${Math.round(100 * response.got)} % of ${evidence.images} validation images are read as it`
        : msg`Asked for +1 standard deviation, pictures change by ${response.got.toFixed(2)} a pixel`;
  const side = response.side ? msg`, and their ${response.side} by ${response.side_effect.toFixed(2)} of its own` : "";
  return msg`${given}${side}. Double click: back to 0.`;
}
