/**
 * Models: all checkpoints with their measured figures, two of them side by side, and the card of each: below, of the
 * one at work.
 */

import { h } from "../dom.js";
import { msg } from "../messages.js";
import { helpMark } from "../parts/shared/help.js";
import { formOf, modelCard, previewModelCard } from "../parts/models/model_card.js";
import { diagram } from "../parts/models/diagram.js";
import { sideBySide, unreadable } from "../parts/models/side_by_side.js";
import { budget, minutes } from "../parts/models/training.js";

export const styles = ["models.css"];

const metric = (model, name, sampler) =>
  model.figures?.find(
    (figure) => figure.name === name && (!sampler || figure.protocol.includes(`${sampler} sampling`)),
  );
const unsampled = (model) => (model.kind === "esvae" ? undefined : metric(model, "mse"));

/** Columns of the table: title, what is sorted by, what is shown, and what it is. */
/** @type {[string, (m: ModelListing) => any, (m: ModelListing) => Child, string][]} */
const COLUMNS = [
  [msg`Model`, (m) => m.name, (m) => m.name, msg`Name of the checkpoint; press one to open it`],
  [msg`Data`, (m) => m.dataset ?? "", (m) => m.dataset || "–", msg`Images that it was trained on`],
  [msg`Kind`, (m) => m.kind ?? "", (m) => m.kind ?? "–", msg`Kind of network`],
  ["d", (m) => m.dims, (m) => m.dims ?? "–", msg`Latent neurons`],
  ["T", (m) => m.steps, (m) => m.steps ?? "–", msg`Time steps`],
  [msg`Pixels`, (m) => m.size, (m) => (m.size ? `${m.size}² ${formOf(m.channels)}` : "–"), msg`Size of its images`],
  [
    msg`MSE, random spikes`,
    (m) => metric(m, "mse", "bernoulli")?.value,
    (m) => shownMetric(m, "mse", "bernoulli"),
    msg`Squared error on [-1, 1], test split, under Bernoulli sampling`,
  ],
  [
    msg`MSE, even spikes`,
    (m) => metric(m, "mse", "systematic")?.value,
    (m) => shownMetric(m, "mse", "systematic"),
    msg`Squared error on [-1, 1], test split, under systematic sampling`,
  ],
  [
    msg`MSE, no rates`,
    (m) => unsampled(m)?.value,
    (m) => (unsampled(m) ? shownMetric(m, "mse") : "–"),
    msg`Squared error on [-1, 1], test split, of models whose latent is no firing rates`,
  ],
  [
    msg`FAD, published`,
    (m) => metric(m, "fad_published")?.value,
    (m) => shownMetric(m, "fad_published"),
    msg`Fréchet autoencoder distance of samples to the test split, by the published protocol`,
  ],
  [
    "FAD",
    (m) => metric(m, "fad")?.value,
    (m) => shownMetric(m, "fad"),
    msg`Fréchet autoencoder distance by the sound protocol: evaluation mode, 10,000 samples`,
  ],
  [
    msg`Training`,
    (m) => minutes(m.budget),
    (m) => (m.budget ? budget(m.budget) : "–"),
    msg`Epochs, and how long they took on which machine`,
  ],
];

function shownMetric(model, name, sampler) {
  const found = metric(model, name, sampler);
  return found ? h("span", { title: found.protocol }, found.value.toFixed(name === "mse" ? 4 : 2)) : "–";
}

/** @param {Session} session */
export function mount(root, session) {
  // charts of the one at work are below the view (`app/charts.py`)
  const parts = [table(session), sideBySide(session), modelCard(session.entry, diagram(session))];
  const [rows, ...others] = parts;
  root.append(
    h(
      "div",
      { class: "models" },
      h(
        "section",
        {},
        h(
          "div",
          { class: "head" },
          h(
            "h2",
            {},
            msg`Models `,
            h(
              "small",
              {},
              msg`hover a figure for its protocol; press a name to open it, or its card where the page cannot decode it`,
            ),
          ),
          helpMark("models"),
        ),
        rows,
      ),
      others,
    ),
  );
  return () => parts.forEach((part) => part.dispose?.());
}

const cells = (model) => COLUMNS.slice(1).map(([, , show]) => h("td", {}, show(model)));

/** @param {Session} session */
function table(session) {
  const body = h("tbody");
  let [by, down] = [0, false];
  const heads = COLUMNS.map(([title, , , help], i) =>
    h(
      "th",
      { scope: "col", title: help || null },
      h("button", { type: "button", class: "bare", onclick: () => sort(i) }, title),
    ),
  );
  const row = (model) => {
    if (unreadable(model)) {
      return [
        h(
          "tr",
          { class: "broken" },
          h("th", { scope: "row" }, model.name),
          h("td", { colspan: COLUMNS.length - 1 }, model.problem),
        ),
      ];
    }
    if (model.problem) return unfolding(model, session);
    const open = h(
      "button",
      {
        type: "button",
        class: "bare",
        "aria-current": model.name === session.entry.name ? "true" : null,
        onclick: () => session.choose(model.name),
      },
      model.name,
    );
    return [h("tr", {}, h("th", { scope: "row" }, open), cells(model))];
  };
  // made once, so that an open card survives sorting
  const rows = new Map(session.models.map((model) => [model, row(model)]));
  function sort(i) {
    down = i === by ? !down : false;
    by = i;
    const value = COLUMNS[by][1];
    const missing = (m) => unreadable(m) || value(m) === undefined || value(m) === null || value(m) === "";
    const order = (a, b) => {
      if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b)); // last, whichever way
      return (down ? -1 : 1) * (typeof value(a) === "string" ? value(a).localeCompare(value(b)) : value(a) - value(b));
    };
    heads.forEach((head, k) => head.setAttribute("aria-sort", k === by ? (down ? "descending" : "ascending") : "none"));
    body.replaceChildren(...[...session.models].sort(order).flatMap((model) => rows.get(model) ?? []));
  }
  down = true;
  sort(0);
  const element = h(
    "div",
    { class: "table-place", tabindex: 0, role: "group", "aria-label": msg`Models, scrollable` },
    h("table", {}, h("thead", {}, h("tr", {}, heads)), body),
  );
  element.dispose = () => [...rows.values()].flat().forEach((each) => each.dispose?.());
  return element;
}

/**
 * The row of a model that cannot be opened, and the one below it, where pressing its name unfolds its card.
 * @param {ModelListing} model
 * @param {Session} session
 */
function unfolding(model, session) {
  const id = `card-${session.models.indexOf(model)}`; // a name may have spaces, an id may not
  const place = h("td", { colspan: COLUMNS.length });
  const below = h("tr", { class: "unfolded", id, hidden: true }, place);
  /** @type {HTMLElement|null} */
  let card = null;
  const button = h(
    "button",
    { type: "button", class: "bare", "aria-expanded": "false", "aria-controls": id, onclick: () => open(below.hidden) },
    model.name,
  );
  function open(yes) {
    if (!card) place.append((card = previewModelCard(model, session)));
    below.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
  }
  below.dispose = () => card?.dispose?.();
  return [h("tr", {}, h("th", { scope: "row", title: model.problem }, button), cells(model)), below];
}
