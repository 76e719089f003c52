/** One row for each control of the model, with the evidence for it, measured on images that it was not fitted to. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { formatNumber } from "../../math/axis.js";
import { changeOf, labelOf } from "../explore/controls.js";
import { measuredBar, sortableTable } from "./sortable_table.js";

const READ = { attribute: "R²", category: "AUC", component: "r" }; // how well an attribute is read, by kind of control
const READINGS = {
  attribute: msg`R²: share of the attribute's variance that is read from the latent`,
  category: msg`AUC: chance that an image of the category is ranked before one of the others; 0.5 is guessing`,
  component: msg`r: correlation of the component with the attribute that it is like`,
};
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;

/**
 * @param {Session} session
 * @param {(control: Control) => void} choose
 */
export function controlTable({ store, entry, controls }, choose) {
  const element = sortableTable({
    label: msg`All controls`,
    columns: columnsOf(controls),
    rows: controls,
    keyOf: ({ name }) => name,
    data: "control",
    sorted: "",
    choose,
  });
  const follow = (state) => state.model === entry.name && element.mark(state.view.control ?? "");
  follow(store.state);
  element.dispose = store.on("state", follow);
  return element;
}

/** @param {Control[]} controls @returns {import("./sortable_table.js").Column<Control>[]} */
function columnsOf(controls) {
  return [
    {
      key: "name",
      title: msg`Control`,
      help: msg`A direction in which one attribute of the picture changes; sorted as in Explore`,
      value: (c) => controls.indexOf(c),
      cell: nameCell,
      says: (c) => (c.steerable ? msg`Look at ${labelOf(c)}` : msg`Pictures do not follow it: ${c.why}.`),
      up: true,
    },
    {
      key: "read",
      title: msg`Read`,
      help: msg`How well the attribute is read from the latent linearly: R² of a number, AUC of a category; of a component, its correlation with the attribute that it is like`,
      value: (c) => Math.abs(evidenceOf(c)?.reading ?? NaN),
      cell: readCell,
      says: (c) => (evidenceOf(c) ? READINGS[c.source] : ""),
    },
    ...[1, 2].map((asked) => ({
      key: `got${asked}`,
      title: msg`±${asked} gives`,
      help: msg`Mean change of pictures when −${asked} and +${asked} standard deviations are asked for; of a category, the share that is then read as it; of a component, change per pixel. Sorted by the weaker side`,
      value: (c) => weaker(c, asked),
      cell: (c) => givenCell(c, asked),
      says: (c) => givenWords(c, asked),
    })),
    {
      key: "side",
      title: msg`Side effect`,
      help: msg`The other attribute that changes most when 1 is asked for, in its own standard deviations`,
      value: (c) => Math.abs(worst(c)?.side_effect ?? NaN),
      cell: sideCell,
      says: (c) => (sideCell(c) ? msg`“${worst(c)?.side}” changes, too, by that many of its standard deviations` : ""),
      up: true,
    },
    {
      key: "kept",
      title: msg`Class kept`,
      help: msg`Share of pictures that are read as the same class as before, when 1 is asked for; the worse side`,
      value: kept,
      cell: (c) => (Number.isNaN(kept(c)) ? "" : `${Math.round(100 * kept(c))} %`),
      says: (c) =>
        Number.isNaN(kept(c)) ? "" : msg`Of 100 pictures, ${Math.round(100 * kept(c))} are read as the class before`,
    },
    {
      key: "reach",
      title: msg`Reach`,
      help: msg`Up to which amount pictures change by at least half of what is asked, on validation images`,
      value: (c) => (c.steerable ? c.reach[1] - c.reach[0] : NaN),
      cell: (c) => (c.steerable ? `${formatNumber(c.reach[0]).replace("-", "−")} … ${formatNumber(c.reach[1])}` : ""),
      says: (c) => (c.steerable ? msg`Least and greatest amount that its slider in Explore has` : ""),
    },
  ];
}

/** What was measured on test images; where a control has been tried on validation images alone, on these. */
export const evidenceOf = (control) => control.evidence.at(-1);

/** @param {Control} control */
function nameCell(control) {
  const size = control.source === "attribute" ? msg`+1 is ${changeOf(control, 1)}` : "";
  const below = control.steerable ? size : msg`not steerable: ${control.why}`;
  return h(
    "span",
    { class: control.steerable ? "control-cell" : "control-cell unsteerable" },
    labelOf(control),
    below && h("small", {}, below),
  );
}

/** @param {Control} control */
function readCell(control) {
  const reading = evidenceOf(control)?.reading;
  if (reading === undefined) return "";
  return measuredBar(Math.abs(reading), `${READ[control.source]} ${reading.toFixed(2).replace("-", "−")}`);
}

/** @param {Control} control */
function sideCell(control) {
  const found = worst(control);
  return found?.side ? `${found.side} ${signed(found.side_effect)}` : "";
}

/** @param {Control} control @param {number} asked */
const answers = (control, asked) =>
  (evidenceOf(control)?.responses ?? []).filter((each) => Math.abs(each.asked) === asked);

/** @param {Control} control @param {number} asked */
function weaker(control, asked) {
  const shares = answers(control, asked).map((each) => Math.abs(each.got / each.asked));
  return shares.length ? Math.min(...shares) : NaN;
}

/** @param {Control} control @param {number} asked */
function givenCell(control, asked) {
  const found = answers(control, asked);
  if (control.source === "category") return found.map(({ got }) => `${Math.round(100 * got)} %`).join(" / ");
  const text = control.source === "component" ? (value) => value.toFixed(3) : signed;
  return h("span", { class: "number" }, found.map(({ got }) => text(got)).join(" / "));
}

/** @param {Control} control @param {number} asked */
function givenWords(control, asked) {
  if (!answers(control, asked).length) return "";
  if (control.source === "category") return msg`Share of the pictures of others that come to be read as it`;
  if (control.source === "component") return msg`Change per pixel when −${asked} / +${asked} is asked for`;
  return msg`Mean change of pictures, in standard deviations, when −${asked} / +${asked} is asked for`;
}

/** @param {Control} control */
const worst = (control) =>
  answers(control, 1).reduce(
    (most, each) => (!most || Math.abs(each.side_effect) > Math.abs(most.side_effect) ? each : most),
    null,
  );

/** @param {Control} control */
function kept(control) {
  const shares = answers(control, 1)
    .map((each) => each.class_kept)
    .filter((share) => share !== null);
  return shares.length ? Math.min(...shares) : NaN;
}

/** The table as rows of a file: a line for each control and split. @param {Control[]} controls */
export function controlRows(controls) {
  const asked = [-2, -1, 1, 2];
  const heads = ["control", "source", "attribute", "unit", "one_is", "steerable", "why", "reach_low", "reach_high"];
  const figures = ["split", "images", "read", ...asked.map((amount) => `got_at_${amount}`)];
  const rows = controls.flatMap((c) => {
    const words = [c.name, c.source, c.attribute, c.unit, c.size, String(c.steerable), c.why, ...c.reach];
    if (!c.evidence.length) return [[...words, ...figures.map(() => ""), "", "", ""]];
    return c.evidence.map((evidence) => {
      const of = { ...c, evidence: [evidence] };
      const got = asked.map((amount) => evidence.responses.find((each) => each.asked === amount)?.got ?? "");
      const most = worst(of);
      const share = kept(of);
      return [
        ...words,
        ...[evidence.split, evidence.images, evidence.reading, ...got],
        ...[most?.side ?? "", most?.side ? most.side_effect : "", Number.isNaN(share) ? "" : share],
      ];
    });
  });
  return [[...heads, ...figures, "side_effect_of", "side_effect", "class_kept"], ...rows];
}
