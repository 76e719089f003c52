/**
 * Models: all checkpoints with their measured figures, two of them side by side, and the card of each: below, of the
 * one at work.
 */

import { h } from "../dom.js";
import { msg } from "../messages.js";
import { counted } from "../math/axis.js";
import { helpMark } from "../parts/shared/help.js";
import { dataName, kindName } from "../parts/shared/plain_names.js";
import { formOf, modelCard, previewModelCard } from "../parts/models/model_card.js";
import { diagram } from "../parts/models/diagram.js";
import { sideBySide, unreadable } from "../parts/models/side_by_side.js";
import { budget, budgetWords, minutes } from "../parts/models/training.js";

export const styles = ["models.css"];

const TOUCH = matchMedia("(hover: none)"); // fingers alone

const metric = (model, name, sampler) =>
  model.figures?.find(
    (figure) => figure.name === name && (!sampler || figure.protocol.includes(`${sampler} sampling`)),
  );
const unsampled = (model) => (model.kind === "esvae" ? undefined : metric(model, "mse"));

/**
 * A column of the table: what is sorted by, what is shown, what it is, and what a figure in it means ("" of an own one).
 * @typedef {{title: string, value: (m: ModelListing) => any, shown: (m: ModelListing) => Child, help: string,
 *   says: (m: ModelListing) => string}} ModelColumn
 */

/** @type {ModelColumn[]} */
const COLUMNS = [
  {
    title: msg`Model`,
    value: (m) => m.name,
    shown: (m) => m.name,
    help: msg`Name of the checkpoint; press one to open it`,
    says: (m) => msg`Open ${m.name}`,
  },
  {
    title: msg`Data`,
    value: (m) => (m.dataset ? dataName(m.dataset) : ""),
    shown: (m) => (m.dataset ? dataName(m.dataset) : "–"),
    help: msg`Images that it was trained on`,
    says: (m) =>
      m.dataset
        ? msg`Trained on ${m.dataset}, as files and commands name it`
        : msg`Its file does not say what it was trained on`,
  },
  {
    title: msg`Kind`,
    value: (m) => (m.kind ? kindName(m.kind) : ""),
    shown: (m) => (m.kind ? kindName(m.kind) : "–"),
    help: msg`Kind of network`,
    says: (m) => (m.kind ? msg`${m.kind}, as files and commands name it` : ""),
  },
  {
    title: "d",
    value: (m) => m.dims,
    shown: (m) => m.dims ?? "–",
    help: msg`Latent neurons, or numbers`,
    says: (m) => msg`Its latent has ${m.dims} ${m.steps ? msg`neurons` : msg`numbers`}`,
  },
  {
    title: "T",
    value: (m) => m.steps,
    shown: (m) => m.steps ?? "–",
    help: msg`Time steps`,
    says: (m) =>
      m.steps ? msg`Trained with ${counted(m.steps, msg`time step`, msg`time steps`)}` : msg`No time steps`,
  },
  {
    title: msg`Pixels`,
    value: (m) => m.size,
    shown: (m) => (m.size ? `${m.size}² ${formOf(m.channels)}` : "–"),
    help: msg`Size of its images`,
    says: (m) => msg`${m.size} × ${m.size} pixels, ${formOf(m.channels)}`,
  },
  metricColumn(
    msg`Error, random spikes`,
    (m) => metric(m, "mse", "bernoulli"),
    msg`Mean squared error (MSE) of reconstructed test images, of pixels from −1 to 1, under Bernoulli sampling`,
  ),
  metricColumn(
    msg`Error, even spikes`,
    (m) => metric(m, "mse", "systematic"),
    msg`Mean squared error (MSE) of reconstructed test images, of pixels from −1 to 1, under systematic sampling`,
  ),
  metricColumn(
    msg`Error, other latents`,
    unsampled,
    msg`Mean squared error (MSE) of reconstructed test images, of pixels from −1 to 1, of models whose latent is not firing rates`,
  ),
  metricColumn(
    msg`Sample distance, as published`,
    (m) => metric(m, "fad_published"),
    msg`Fréchet autoencoder distance (FAD) of samples from test images, by the published protocol; less is better`,
  ),
  metricColumn(
    msg`Sample distance, evaluation mode`,
    (m) => metric(m, "fad"),
    msg`Fréchet autoencoder distance (FAD) of 10,000 samples from test images, with the networks in evaluation mode; less is better`,
  ),
  {
    title: msg`Training`,
    value: (m) => minutes(m.budget),
    shown: (m) => (m.budget ? budget(m.budget) : "–"),
    help: msg`Epochs, and how long they took on which machine`,
    says: (m) => (m.budget ? budgetWords(m.budget) : msg`Its file does not say how long it was trained`),
  },
];

/**
 * @param {string} title
 * @param {(m: ModelListing) => Metric|undefined} find
 * @param {string} help
 * @returns {ModelColumn}
 */
function metricColumn(title, find, help) {
  return {
    title,
    value: (m) => find(m)?.value,
    shown(m) {
      const found = find(m);
      return found ? found.value.toFixed(found.name === "mse" ? 4 : 2) : "–";
    },
    help,
    says: (m) => find(m)?.protocol ?? msg`Not measured`,
  };
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
              TOUCH.matches
                ? msg`press a name to open a model; its card below has the protocol of each figure`
                : msg`hover a figure for its protocol; press a name to open it, or its card where the page cannot decode it`,
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

const cells = (model) =>
  COLUMNS.slice(1).map(({ shown, says }) => h("td", { title: says(model) || null }, shown(model)));

/** @param {Session} session */
function table(session) {
  const body = h("tbody");
  let [by, down] = [0, false];
  const heads = COLUMNS.map(({ title, help }, i) =>
    h(
      "th",
      { scope: "col", title: help },
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
        title: COLUMNS[0].says(model),
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
    const { value } = COLUMNS[by];
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
