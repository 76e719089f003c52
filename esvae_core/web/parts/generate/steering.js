/** Samples of the prior with an attribute moved by a control, or held at a value that is measured on each picture. */

import { choice, h } from "../../dom.js";
import { msg } from "../../messages.js";
import { meterOf } from "../../math/attributes.js";
import { valueText } from "../../math/measured.js";
import { fromGrid } from "../../math/rates.js";
import { changeOf, labelOf } from "../explore/controls.js";
import { commitSlides } from "../shared/slide.js";
import { controlUse, heldAt, middleOf } from "./control_use.js";
import { viewWith } from "../../state/store.js";

/** @typedef {import("./control_use.js").Sample} Sample */
/** @typedef {import("./control_use.js").ControlUse} ControlUse */

/** @param {Control} control @param {number} value */
const valueOf = ({ unit }, value) => valueText({ kind: "number", unit, categories: [] }, value);

/** @param {Session} session */
export function steering(session) {
  const { store, controls, entry } = session;
  const steerable = controls.filter((control) => control.steerable);
  const measure = meterOf(entry.dataset ?? "", entry.channels);
  const keep = (patch) => viewWith(store.state.view, patch);
  const use = () => controlUse(store.state.view, steerable, valuesOf);
  const holds = () => (use()?.value ?? null) !== null;
  const parts = elementsOf(steerable, {
    onchoose: (name) =>
      store.change({ view: keep({ steer: name, by: null, hold: null }) }, msg`samples: ${name || msg`no control`}`),
    onway: (way) => {
      const now = use();
      const values = now && valuesOf(now.control);
      const hold = way === "hold" && values ? middleOf(values).toFixed(3) : null;
      store.change({ view: keep({ hold, by: null }) }, way);
    },
  });
  const { element, slider, output } = parts;

  /** Sorted values of the test images; null where the control's attribute cannot be measured here. */
  function valuesOf(control) {
    if (!measure || control.source !== "attribute") return null;
    const column = session.measured?.column(control.attribute);
    return column ? column.values.filter((value) => !Number.isNaN(value)).sort() : null;
  }

  slider.oninput = () => {
    const now = use();
    if (now?.value === null) store.set({ view: keep({ by: slider.value }) });
    else if (now) output.textContent = valueOf(now.control, Number(slider.value)); // measuring takes too long to follow
  };
  slider.onchange = () => {
    if (holds()) store.set({ view: keep({ hold: slider.value }) });
  };
  commitSlides(session, slider, () => msg`samples: ${use()?.control.name}`);

  /** @param {Control} control @param {Sample[]} samples @returns {Promise<number[]>} the attribute of each picture */
  async function measured(control, samples) {
    const pool = await session.pool();
    const { sampler, steps } = store.state;
    const images = await Promise.all(
      samples.map(({ rates, seed }) => pool.run("play", fromGrid(rates), seed, sampler, steps)),
    );
    return images.map(({ image }) => measure?.(image, entry.size)[control.attribute] ?? NaN);
  }

  function show() {
    const now = use();
    showUse(parts, now, Boolean(now && valuesOf(now.control)?.length));
  }
  show();
  return Object.assign(element, {
    show,
    /** What the samples depend on. */
    key() {
      const now = use();
      return JSON.stringify([now?.control.name, now?.amount ?? 0, now?.value ?? null]);
    },
    /** Rates moved by the control, where it moves all alike. @param {Uint16Array} rates */
    move(rates) {
      const now = use();
      return now?.value === null ? now.control.apply(rates, now.amount) : rates;
    },
    /** Whether each sample is held at a value. */
    holds,
    /** Rates whose pictures have the value at which the attribute is held. @param {Sample[]} samples */
    async hold(samples) {
      const now = use();
      if (!now || now.value === null) return samples.map(({ rates }) => rates);
      const { control, value } = now;
      return heldAt(samples, { control, value }, (each) => measured(control, each));
    },
  });
}

/**
 * @param {Control[]} steerable
 * @param {{onchoose: (name: string) => void, onway: (way: string) => void}} handlers
 */
function elementsOf(steerable, { onchoose, onway }) {
  const select = h(
    "select",
    { "aria-label": msg`Control of the samples`, onchange: () => onchoose(select.value) },
    h("option", { value: "" }, msg`no control`),
    steerable.map((control) => h("option", { value: control.name }, labelOf(control))),
  );
  const ways = choice(
    msg`How the control is used`,
    [
      ["by", msg`moved`, msg`Every sample is moved by the same amount`],
      ["hold", msg`held`, msg`Every sample is moved until its picture has this value, as far as the control reaches`],
    ],
    "by",
    onway,
  );
  const slider = h("input", { type: "range", "aria-label": msg`Amount of the control` });
  const output = h("output", {});
  const amount = h("label", { class: "field grow" }, slider, output);
  const element = h(
    "div",
    { class: "steering", hidden: !steerable.length },
    h("label", { class: "field" }, msg`Control`, select),
    ways,
    amount,
  );
  return { element, select, ways, amount, slider, output };
}

/**
 * @param {ReturnType<typeof elementsOf>} parts
 * @param {ControlUse|null} use
 * @param {boolean} measurable whether samples can be held at a value
 */
function showUse({ select, ways, amount, slider, output }, use, measurable) {
  select.value = use?.control.name ?? "";
  amount.hidden = ways.hidden = !use;
  ways.querySelectorAll("button")[1].disabled = !measurable;
  if (!use) return;
  const { control, value, range } = use;
  ways.choose(value === null ? "by" : "hold");
  const [low, high] = range;
  const step = value === null ? "0.05" : String((high - low) / 100);
  Object.assign(slider, { min: String(low), max: String(high), step });
  slider.value = String(value ?? use.amount);
  output.textContent = value === null ? changeOf(control, use.amount) : valueOf(control, value);
}
