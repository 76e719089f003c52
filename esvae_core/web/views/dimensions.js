/** Dimensions: what each latent neuron is used for, and what it does to the picture. */

import { choice, h, icon } from "../dom.js";
import { has } from "../having.js";
import { msg } from "../messages.js";
import { tableCsv } from "../formats/table_csv.js";
import { capitalized } from "../math/axis.js";
import { attributeMatrix } from "../parts/dimensions/attributes.js";
import { controlDetail } from "../parts/dimensions/control_detail.js";
import { controlRows, controlTable } from "../parts/dimensions/control_table.js";
import { neuronRows } from "../parts/dimensions/dimension_files.js";
import { detail } from "../parts/dimensions/detail.js";
import { heat } from "../parts/dimensions/heat.js";
import { strips } from "../parts/dimensions/strips.js";
import { STATES, table } from "../parts/dimensions/table.js";
import { download } from "../parts/shared/download.js";
import { helpMark } from "../parts/shared/help.js";
import { nameOf } from "../parts/shared/dimension_names.js";

export const styles = ["map.css", "dimensions.css"];

/** @param {Session} session */
export function mount(root, session) {
  const { entry } = session;
  if (!has(session, "atlas")) return nothing(root, entry);
  root.append(h("p", { class: "skeleton", role: "status" }, msg`Reading what its dimensions do …`));
  let shown = { dispose() {} };
  let gone = false;
  session.backend.dimensions?.(entry.hash, entry.atlasVersion).then(
    (facts) => {
      if (!gone) shown = tables(root, session, facts);
    },
    (error) => {
      const why = msg`The dimensions are not shown: ${error.message}. A reload may help.`;
      root.replaceChildren(h("p", { class: "message warning", role: "alert" }, why));
    },
  );
  return () => {
    gone = true;
    shown.dispose();
  };
}

/** What a model without an atlas says instead. @param {ModelEntry} entry */
function nothing(root, entry) {
  const why = msg`This model has no atlas of test images, so nothing is known of how its dimensions are used. Build it with`;
  root.append(
    h(
      "div",
      { class: "message", role: "status" },
      h("p", {}, why),
      h("p", {}, h("code", {}, `esvae atlas ${entry.path ?? "CHECKPOINT"}`)),
      h("p", {}, msg`and open the model again.`),
    ),
  );
  return () => {};
}

/**
 * A table of neurons or of controls, whichever the link asks for, and beside it what is known of the chosen row.
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts
 */
function tables(root, session, facts) {
  const { entry, store } = session;
  /** Keep something in the link, as a step that can be undone. */
  const keep = (key, value, label) => store.change({ view: { ...store.state.view, [key]: value } }, label);
  const choose = (j) => keep("dim", String(j), msg`look at ${nameOf(session, j)}`);
  const chooseControl = ({ name }) => keep("control", name, msg`look at ${name}`);
  const wanted = () => (store.state.view.table === "controls" && session.controls.length ? "controls" : "neurons");
  const which = tableChoice(session, wanted(), (value) => keep("table", value, msg`table of ${value}`));
  const save = () => download(`${entry.name}-${wanted()}.csv`, tableCsv(rowsOf(session, facts, wanted())));
  const saveButton = h(
    "button",
    { type: "button", title: msg`Save the table, CSV`, onclick: save },
    icon("export"),
    "CSV",
  );
  const left = h("div", {});
  const right = h("div", { class: "dimension-right" });
  /** @type {HTMLElement[]} */
  let parts = [];
  let shown = "";

  function show() {
    if (shown === wanted() || store.state.model !== entry.name) return;
    shown = wanted();
    which.choose(shown);
    parts.forEach((part) => part.dispose?.());
    const [rows, ...beside] =
      shown === "controls"
        ? [controlTable(session, chooseControl), controlDetail(session)]
        : [table(session, facts, choose), detail(session, facts), strips(session)];
    if (has(session, "measured")) beside.push(attributeMatrix(session, choose));
    beside.push(heat(session, facts, choose));
    parts = [rows, ...beside];
    const small = shown === "controls" ? controlSummary(session.controls) : summary(facts);
    const title = h("h2", {}, msg`Dimensions `, h("small", {}, small));
    const tools = h("div", { class: "row tight" }, session.controls.length ? which : null, saveButton);
    const help = helpMark(shown === "controls" ? "controlTable" : "dimensions");
    left.replaceChildren(h("div", { class: "head" }, title, help, tools), rows);
    right.replaceChildren(...beside);
  }

  root.replaceChildren(h("div", { class: "dimensions-view" }, left, right));
  const stop = store.on("state", show);
  show();
  return {
    dispose() {
      stop();
      parts.forEach((part) => part.dispose?.());
    },
  };
}

/** @param {Session} session @param {string} wanted @param {(value: string) => void} onchange */
const tableChoice = ({ latent }, wanted, onchange) =>
  choice(
    msg`Table of`,
    [
      ["neurons", msg`${capitalized(latent.carrier)}s`],
      ["controls", msg`Controls`, msg`Directions that move many of them at once, with the evidence for each`],
    ],
    wanted,
    onchange,
  );

/** The table as rows of a file. @param {Having<"atlas">} session @param {DimensionFacts} facts @param {string} which */
const rowsOf = (session, facts, which) =>
  which === "controls" ? controlRows(session.controls) : neuronRows(session, facts);

/** All of them in a line. @param {DimensionFacts} facts */
function summary({ states, clear }) {
  const count = (wanted) => states.filter((state) => state === wanted).length;
  const parts = Object.entries(STATES)
    .map(([state, word]) => [count(state), word])
    .filter(([n], i) => n || i === 0);
  const seen = clear?.filter(Boolean).length;
  const above = !clear
    ? ""
    : seen === clear.length
      ? msg`; all ${seen} have a visible effect`
      : msg`; ${seen} of ${clear.length} have a visible effect`;
  return parts.map(([n, word]) => `${n} ${word}`).join(", ") + above;
}

/** @param {Control[]} controls */
const controlSummary = (controls) =>
  msg`${controls.length} controls; pictures follow ${controls.filter(({ steerable }) => steerable).length}`;
