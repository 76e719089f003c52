/** Fields for what the grid of Generate shows: its size, seeds, temperature, class and order. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { newSeed } from "../shared/noise_controls.js";
import { commitSlides, keysOf } from "../shared/slide.js";
import { HOTTEST } from "./pins.js";
import { LIMITS, settingWithin } from "./sample_settings.js";
import { viewWith } from "../../state/store.js";

/** @typedef {import("./sample_settings.js").SampleSettings} SampleSettings */
/** @typedef {(patch: Record<string, string|null>, label: string, keys?: unknown) => void} Remember */

/**
 * @param {Session} session
 * @param {Remember} remember keeps settings in the link
 * @param {(heat: number) => void} warm called while the temperature is dragged
 */
export function sampleControls(session, remember, warm) {
  const { atlas, latent } = session;
  const rows = numberField(msg`Rows`, "rows", remember);
  const columns = numberField(msg`Columns`, "columns", remember);
  const from = numberField(msg`First seed`, "from", remember);
  const fresh = h(
    "button",
    { type: "button", onclick: () => remember({ from: String(newSeed()) }, msg`new samples`) },
    icon("dice"),
    msg`New samples`,
  );
  const temperature = temperatureField(session, warm);
  const classes = h(
    "select",
    {
      "aria-label": msg`Class`,
      onchange: () => remember({ like: classes.value }, classes.value ? msg`like ${classes.value}` : msg`all classes`),
    },
    h("option", { value: "" }, msg`all classes`),
    atlas?.classNames.map((name) => h("option", { value: name }, msg`like “${name}”`)),
  );
  const sort = h("input", {
    type: "checkbox",
    onchange: () => remember({ sort: sort.checked ? "1" : null }, msg`sort`),
  });
  return {
    /** Above and below the choice of a control. */
    draws: [rows.label, columns.label, from.label, fresh, latent.stepwise ? null : temperature.label],
    data: atlas ? [classes, h("label", { class: "field" }, sort, msg`closest to real images first`)] : null,
    /** @param {SampleSettings} settings @param {string|undefined} like as the link has it */
    show(settings, like) {
      rows.show(settings);
      columns.show(settings);
      from.show(settings);
      temperature.show(settings);
      classes.value = like ?? "";
      sort.checked = settings.sort;
    },
  };
}

/** @param {string} label @param {import("./sample_settings.js").NumberName} name @param {Remember} remember */
function numberField(label, name, remember) {
  const [min, max] = LIMITS[name];
  const input = h("input", { type: "number", min, max, step: 1, "aria-label": label });
  const keys = keysOf(input);
  input.onchange = () => remember({ [name]: String(settingWithin(name, Number(input.value) || 0)) }, label, keys());
  return {
    label: h("label", { class: "field" }, label, input),
    /** @param {SampleSettings} settings */
    show: (settings) => void (input.value = String(settings[name])),
  };
}

/** @param {Session} session @param {(heat: number) => void} warm */
function temperatureField(session, warm) {
  const { store } = session;
  const input = h("input", {
    type: "range",
    min: 0,
    max: HOTTEST,
    step: 0.05,
    "aria-label": msg`Temperature of the prior`,
    title: msg`Below 1 the samples lie nearer to the prior's middle, above 1 farther out; pinned ones stay as they are`,
  });
  const degrees = h("output", {});
  input.oninput = () => {
    degrees.textContent = Number(input.value).toFixed(2);
    warm(Number(input.value));
  };
  input.onchange = () =>
    store.set({ view: viewWith(store.state.view, { heat: input.value === "1" ? null : input.value }) });
  commitSlides(session, input, () => msg`temperature`);
  return {
    label: h("label", { class: "field grow" }, msg`Temperature`, input, degrees),
    /** @param {SampleSettings} settings */
    show({ heat }) {
      input.value = String(heat);
      degrees.textContent = heat.toFixed(2);
    },
  };
}
