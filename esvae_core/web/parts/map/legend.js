/** What the colours mean; for classes, also which are shown. */

import { focusedBeside, h } from "../../dom.js";
import { msg } from "../../messages.js";
import { circularGradient, classColour, OWN_COLOURS, rampGradient } from "../../math/colour.js";
import { nameOf, orderOf } from "../shared/dimension_names.js";

/**
 * The choice of what colours the points.
 * @param {MapModel} model
 */
export function colourBy(model) {
  const { session, atlas } = model;
  const option = (value, text) => h("option", { value }, text);
  const known = session.measured?.attributes ?? [];
  const attributes = known.filter(({ name }) => name !== "class" && session.measured?.column(name));
  const select = h(
    "select",
    {
      "aria-label": msg`Colour by`,
      onchange: () => model.keep("by", select.value, msg`colour by ${select.selectedOptions[0].textContent}`),
    },
    option("class", msg`class`),
    atlas.arrays.errors ? option("error", msg`reconstruction error`) : null,
    option("trust", msg`trust in the place`),
    attributes.length
      ? h(
          "optgroup",
          { label: msg`attribute` },
          attributes.map(({ name }) => option(`a.${name}`, name)),
        )
      : null,
    h(
      "optgroup",
      { label: msg`${session.latent.name} of` },
      orderOf(session).map((j) => option(`d${j}`, nameOf(session, j))),
    ),
  );
  const show = () => {
    select.value = model.kept("by");
    if (select.selectedIndex < 0) select.value = "class";
  };
  show();
  const field = h("label", { class: "field" }, msg`Colour`, select);
  field.dispose = model.on((what) => what === "kept" && show());
  return field;
}

/** @param {MapModel} model */
export function legend(model) {
  const element = h("div", { class: "map-legend", role: "group", "aria-label": msg`Legend` });
  const parts = () => {
    if (!model.scale) return classes(model);
    return model.scale.words ? categories(model.scale) : ramp(model.scale);
  };
  const show = () => {
    const focused = [...element.children].findIndex((each) => each === focusedBeside(element));
    element.replaceChildren(...parts().filter((part) => part !== null));
    const again = element.children[focused];
    if (again instanceof HTMLElement) again.focus();
  };
  show();
  element.dispose = model.on((what) => ["kept", "filter", "layout"].includes(what) && show());
  return element;
}

/** A button for each class, which shows or hides it. @param {MapModel} model */
function classes(model) {
  const { classNames, labels } = model.atlas;
  const counts = new Array(classNames.length).fill(0);
  for (const label of labels) counts[label]++;
  const chips = classNames.map((name, label) => {
    const on = !model.hidden.has(label);
    const title = msg`${counts[label]} test images; double click shows only these`;
    const chip = h(
      "button",
      { type: "button", class: "chip", "aria-pressed": String(on), title },
      dot(classColour(label)),
      name,
    );
    chip.onclick = (event) => model.toggle(label, event.shiftKey);
    chip.ondblclick = () => model.toggle(label, true);
    return chip;
  });
  const showAll = () => model.showAll();
  const all = h(
    "button",
    { type: "button", class: "small", hidden: !model.hidden.size, onclick: showAll },
    msg`show all`,
  );
  const again =
    classNames.length > OWN_COLOURS
      ? h("span", { class: "quiet" }, msg`Colours begin again after ${OWN_COLOURS} classes.`)
      : null;
  return [...chips, all, again];
}

/** From the least number to the greatest. @param {MapScale} scale */
function ramp({ low, high, name, digits, values, unit = "", period }) {
  const [below, above] = [values.some((v) => v < low) ? "≤ " : "", values.some((v) => v > high) ? "≥ " : ""];
  const text = (value) => `${value.toFixed(digits)}${unit === "°" ? "" : " "}${unit}`.trimEnd().replace("-", "−");
  const bar = h("i", { class: "ramp", role: "img", "aria-label": msg`${name}, from ${text(low)} to ${text(high)}` });
  bar.style.background = period ? circularGradient() : rampGradient();
  return [
    h("span", {}, name),
    h("span", { class: "number" }, `${below}${text(low)}`),
    bar,
    h("span", { class: "number" }, `${above}${text(high)}`),
    without(values),
  ];
}

/** The words of a category. @param {MapScale} scale */
function categories({ name, values, words = [] }) {
  const dots = words.map((word, i) => h("span", { class: "row tight" }, dot(classColour(i)), word));
  return [h("span", {}, name), ...dots, without(values)];
}

/** How many points have no number. @param {Float32Array} values */
function without(values) {
  const count = values.filter((v) => Number.isNaN(v)).length;
  return count ? h("span", { class: "quiet" }, msg`gray: undefined of ${count}`) : null;
}

/** @param {string} colour */
function dot(colour) {
  const element = h("i", { class: "dot" });
  element.style.background = colour;
  return element;
}
