/** The way of a control from the present rates, as places on the map. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { placed } from "../../math/map_geometry.js";
import { fromGrid } from "../../math/rates.js";
import { changeOf, labelOf } from "../explore/controls.js";

const STOPS = 12; // places along it, the present one beside

/**
 * The choice of the control whose way is drawn.
 * @param {MapModel} model
 */
export function pathOf(model) {
  const { session } = model;
  const select = h("select", {
    "aria-label": msg`Path of a control`,
    title: msg`Draws where a control leads from the present rates`,
    onchange: () => model.keep("path", select.value, select.value ? msg`path of ${select.value}` : msg`no path`),
  });
  const field = h("label", { class: "field" }, msg`Path`, select);
  const show = () => {
    const controls = session.controls.filter(({ steerable }) => steerable);
    field.hidden = !controls.length;
    const options = controls.map((control) => h("option", { value: control.name }, labelOf(control)));
    select.replaceChildren(h("option", { value: "" }, msg`none`), ...options);
    select.value = model.kept("path");
    if (select.selectedIndex < 0) select.value = "";
  };
  show();
  const stops = [model.on((what) => what === "kept" && show()), session.store.on("commit", show)];
  field.dispose = () => stops.forEach((stop) => stop());
  return field;
}

/**
 * Places along the chosen control, from the least amount that is in reach to the greatest; null if none is chosen.
 * @param {MapModel} model
 * @param {Uint16Array} rates
 * @returns {ControlPath|null}
 */
export function controlPath({ session, atlas, places, axes, kept }, rates) {
  const control = session.controls.find(({ name, steerable }) => steerable && name === kept("path"));
  if (!control) return null;
  const [low, high] = control.reach;
  const at = (amount) => placed(fromGrid(control.apply(rates, amount)), atlas.counts, atlas.steps, places, axes).place;
  const amounts = Array.from({ length: STOPS + 1 }, (_, i) => low + (i / STOPS) * (high - low));
  const whole = amounts.map((amount) => at(amount));
  const marks = Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i);
  return {
    places: whole,
    marks: marks.filter(Boolean).map((amount) => at(amount)),
    ends: [changeOf(control, low), changeOf(control, high)],
  };
}
