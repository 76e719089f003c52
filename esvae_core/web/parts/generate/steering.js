/** Samples of the prior with an attribute moved by a control, or held at a value that is measured on each picture. */

import { choice, h } from "../../dom.js";
import { meterOf } from "../../math/attributes.js";
import { valueText } from "../../math/measured.js";
import { fromGrid } from "../../math/rates.js";
import { changeOf, labelOf } from "../explore/controls.js";
import { commitSlides } from "../shared/slide.js";

const ROUNDS = 3; // of measuring and moving again
const EDGE = 0.02; // share of the test images beyond either end of the slider

/** @param {Control} control @param {number} value */
const valueOf = ({ unit }, value) => valueText({ kind: "number", unit, categories: [] }, value);

/** @typedef {{rates: Uint16Array, seed: number}} Sample rates on the grid, and the seed of its noise */

/**
 * @param {Session} session
 * @param {(patch: Record<string, string|null>) => Record<string, string>} viewWith what the link keeps, changed
 */
export function steering(session, viewWith) {
  const { store, controls, entry } = session;
  const steerable = controls.filter((control) => control.steerable);
  const measure = meterOf(entry.dataset ?? "", entry.channels);
  const remember = (patch, label) => store.change({ view: viewWith(patch) }, label);
  const select = h(
    "select",
    {
      "aria-label": "Control of the samples",
      onchange: () =>
        remember({ steer: select.value, by: null, hold: null }, `samples: ${select.value || "no control"}`),
    },
    h("option", { value: "" }, "no control"),
    steerable.map((control) => h("option", { value: control.name }, labelOf(control))),
  );
  const ways = choice(
    "How the control is used",
    [
      ["by", "moved", "Every sample is moved by the same amount"],
      ["hold", "held", "Every sample is moved until its picture has this value, as far as the control reaches"],
    ],
    "by",
    (way) => remember(way === "hold" ? { hold: middle().toFixed(3), by: null } : { hold: null, by: null }, way),
  );
  const slider = h("input", { type: "range", "aria-label": "Amount of the control" });
  const output = h("output", {});
  const amount = h("label", { class: "field grow" }, slider, output);
  const element = h(
    "div",
    { class: "steering", hidden: !steerable.length },
    h("label", { class: "field" }, "Control", select),
    ways,
    amount,
  );

  const chosen = () => steerable.find(({ name }) => name === store.state.view.steer) ?? null;
  /** Sorted values of the test images; null where the control's attribute cannot be measured here. */
  function valuesOf(control) {
    if (!measure || control?.source !== "attribute") return null;
    const column = session.measured?.column(control.attribute);
    return column ? column.values.filter((value) => !Number.isNaN(value)).sort() : null;
  }
  const at = (values, share) => values[Math.round(share * (values.length - 1))];
  const middle = () => at(valuesOf(chosen()), 0.5);
  const within = ([low, high], value) => Math.min(high, Math.max(low, Number.isFinite(value) ? value : 0));

  /** The value at which it is held; null where it is not. */
  function held() {
    const { hold } = store.state.view;
    const values = hold === undefined ? null : valuesOf(chosen());
    return values?.length ? within([at(values, EDGE), at(values, 1 - EDGE)], Number(hold)) : null;
  }
  const moved = () => (chosen() ? within(chosen().reach, Number(store.state.view.by ?? 0)) : 0);

  slider.oninput = () => {
    if (held() === null) store.set({ view: viewWith({ by: slider.value }) });
    else output.textContent = valueOf(chosen(), Number(slider.value)); // measuring takes too long to follow the hand
  };
  slider.onchange = () => {
    if (held() !== null) store.set({ view: viewWith({ hold: slider.value }) });
  };
  commitSlides(session, slider, () => `samples: ${chosen()?.name}`);

  function show() {
    const control = chosen();
    const values = valuesOf(control);
    select.value = control?.name ?? "";
    amount.hidden = ways.hidden = !control;
    ways.querySelectorAll("button")[1].disabled = !values?.length;
    if (!control) return;
    const value = held();
    ways.choose(value === null ? "by" : "hold");
    const [low, high] = value === null ? control.reach : [at(values, EDGE), at(values, 1 - EDGE)];
    Object.assign(slider, {
      min: String(low),
      max: String(high),
      step: value === null ? "0.05" : String((high - low) / 100),
    });
    slider.value = String(value ?? moved());
    output.textContent = value === null ? changeOf(control, moved()) : valueOf(control, value);
  }

  /** @param {Sample[]} samples @returns {Promise<number[]>} the attribute of each picture */
  async function measured(samples, control) {
    const pool = await session.pool();
    const { sampler, steps } = store.state;
    const images = await Promise.all(
      samples.map(({ rates, seed }) => pool.run("play", fromGrid(rates), seed, sampler, steps)),
    );
    return images.map(({ image }) => measure(image, entry.size)[control.attribute]);
  }

  show();
  return Object.assign(element, {
    show,
    /** What the samples depend on. */
    key: () => JSON.stringify([chosen()?.name, moved(), held()]),
    /** Rates moved by the control, where it moves all alike. @param {Uint16Array} rates */
    move: (rates) => (chosen() && held() === null ? chosen().apply(rates, moved()) : rates),
    /** Whether each sample is held at a value. */
    holds: () => held() !== null,
    /**
     * Rates whose pictures have the value at which the attribute is held, as nearly as the control gets them there.
     * @param {Sample[]} samples
     * @returns {Promise<Uint16Array[]>}
     */
    async hold(samples) {
      const [control, value] = [chosen(), held()];
      const amounts = samples.map(() => 0);
      let now = samples;
      for (let round = 0; round < ROUNDS; round++) {
        const found = await measured(now, control);
        found.forEach((each, k) => {
          if (!Number.isNaN(each)) amounts[k] = within(control.reach, amounts[k] + (value - each) / control.size);
        });
        now = samples.map(({ rates, seed }, k) => ({ rates: control.apply(rates, amounts[k]), seed }));
      }
      return now.map(({ rates }) => rates);
    },
  });
}
