/** One row for each control of the model, with the evidence for it, measured on images that it was not fitted to. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { formatNumber } from "../../math/axis.js";
import { changeOf, labelOf } from "../explore/controls.js";
import { measuredBar, sortableTable } from "./sortable_table.js";

const READ = { attribute: "R²", category: "AUC", component: "r" }; // how well an attribute is read, by kind of control
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
    { key: "name", title: msg`Control`, value: (c) => controls.indexOf(c), cell: nameCell, up: true },
    {
      key: "read",
      title: msg`Read`,
      help: msg`How well the attribute is read from the latent linearly: R² of a number, AUC of a category; of a component, its correlation with the attribute that it is like`,
      value: (c) => Math.abs(evidenceOf(c)?.reading ?? NaN),
      cell: readCell,
    },
    ...[1, 2].map((asked) => ({
      key: `got${asked}`,
      title: msg`±${asked} gives`,
      help: msg`Mean change of pictures when −${asked} and +${asked} standard deviations are asked for; of a category, the share that is then read as it; of a component, change per pixel. Sorted by the weaker side`,
      value: (c) => weaker(c, asked),
      cell: (c) => givenCell(c, asked),
    })),
    {
      key: "side",
      title: msg`Side effect`,
      help: msg`The other attribute that changes most when 1 is asked for, in its own standard deviations`,
      value: (c) => Math.abs(worst(c)?.side_effect ?? NaN),
      cell: sideCell,
      up: true,
    },
    {
      key: "kept",
      title: msg`Class kept`,
      help: msg`Share of pictures that are read as the same class as before, when 1 is asked for; the worse side`,
      value: kept,
      cell: (c) => (Number.isNaN(kept(c)) ? "" : `${Math.round(100 * kept(c))} %`),
    },
    {
      key: "reach",
      title: msg`Reach`,
      help: msg`Up to which amount pictures change by at least half of what is asked, on validation images`,
      value: (c) => (c.steerable ? c.reach[1] - c.reach[0] : NaN),
      cell: (c) => (c.steerable ? `${formatNumber(c.reach[0]).replace("-", "−")} … ${formatNumber(c.reach[1])}` : ""),
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
