/** Dimensions: what each latent neuron is used for, and what it does to the picture. */

import { choice, h, icon } from "../dom.js";
import { tableCsv } from "../formats/table_csv.js";
import { attributeMatrix } from "../parts/dimensions/attributes.js";
import { controlDetail } from "../parts/dimensions/control_detail.js";
import { controlRows, controlTable } from "../parts/dimensions/control_table.js";
import { detail } from "../parts/dimensions/detail.js";
import { heat } from "../parts/dimensions/heat.js";
import { strips } from "../parts/dimensions/strips.js";
import { neuronRows, table } from "../parts/dimensions/table.js";
import { download } from "../parts/shared/download.js";
import { nameOf } from "../parts/shared/mixer.js";

export const styles = ["map.css", "dimensions.css"];

/** @param {Session} session */
export function mount(root, session) {
  const { entry, store, latent } = session;
  if (!session.atlas) {
    root.append(
      h(
        "div",
        { class: "message", role: "status" },
        h(
          "p",
          {},
          "This model has no atlas of test images, so nothing is known of how its dimensions are used. Build it with",
        ),
        h("p", {}, h("code", {}, `esvae atlas ${entry.path ?? "CHECKPOINT"}`)),
        h("p", {}, "and open the model again."),
      ),
    );
    return () => {};
  }
  let parts = [];
  let gone = false;
  let stop = () => {};
  root.append(h("p", { class: "skeleton", role: "status" }, "Reading what its dimensions do …"));
  /** Keep something in the link, as a step that can be undone. */
  const keep = (key, value, label) => store.change({ view: { ...store.state.view, [key]: value } }, label);
  const choose = (j) => keep("dim", String(j), `look at ${nameOf(session, j)}`);
  const chooseControl = ({ name }) => keep("control", name, `look at ${name}`);
  /** Which table the link asks for. */
  const wanted = () => (store.state.view.table === "controls" && session.controls.length ? "controls" : "neurons");
  session.backend.dimensions(entry.hash, entry.atlasVersion).then(
    (found) => {
      if (gone) return;
      const both = choice(
        "Table of",
        [
          ["neurons", latent.spiking ? "Neurons" : "Numbers"],
          ["controls", "Controls", "Directions that move many of them at once, with the evidence for each"],
        ],
        wanted(),
        (value) => keep("table", value, `table of ${value}`),
      );
      const save = h(
        "button",
        { type: "button", title: "Save the table, CSV", onclick: () => saveTable(found) },
        icon("export"),
        "CSV",
      );
      const left = h("div", {});
      const right = h("div", { class: "dimension-right" });
      root.replaceChildren(h("div", { class: "dimensions-view" }, left, right));
      let shown = "";
      const show = () => {
        if (shown === wanted() || store.state.model !== entry.name) return;
        shown = wanted();
        both.choose(shown);
        parts.forEach((part) => part.dispose());
        const [rows, ...beside] = (parts =
          shown === "controls"
            ? [controlTable(session, chooseControl), controlDetail(session)]
            : [table(session, found, choose), detail(session, found), strips(session)]);
        const maps = [session.measured && attributeMatrix(session, choose), heat(session, found, choose)].filter(
          Boolean,
        );
        parts = [...parts, ...maps];
        const small = shown === "controls" ? controlSummary(session.controls) : summary(found);
        const title = h("h2", {}, "Dimensions ", h("small", {}, small));
        const tools = h("div", { class: "row tight" }, session.controls.length ? both : null, save);
        left.replaceChildren(h("div", { class: "head" }, title, tools), rows);
        right.replaceChildren(...beside, ...maps);
      };
      stop = store.on("state", show);
      show();
    },
    (error) =>
      root.replaceChildren(
        h(
          "p",
          { class: "message warning", role: "alert" },
          `The dimensions are not shown: ${error.message}. A reload may help.`,
        ),
      ),
  );

  /** @param {DimensionFacts} facts */
  function saveTable(facts) {
    const rows = wanted() === "controls" ? controlRows(session.controls) : neuronRows(session, facts);
    download(`${entry.name}-${wanted()}.csv`, tableCsv(rows));
  }

  return () => {
    gone = true;
    stop();
    parts.forEach((part) => part.dispose());
  };
}

/** All of them in a line. @param {DimensionFacts} facts */
function summary({ states, clear }) {
  const count = (word) => states.filter((state) => state === word).length;
  const parts = ["active", "dead", "saturated"].map((word) => [count(word), word]).filter(([n], i) => n || i === 0);
  const seen = clear?.filter(Boolean).length;
  const above = !clear
    ? ""
    : seen === clear.length
      ? `; all ${seen} have a visible effect`
      : `; ${seen} of ${clear.length} have a visible effect`;
  return parts.map(([n, word]) => `${n} ${word}`).join(", ") + above;
}

/** @param {Control[]} controls */
const controlSummary = (controls) =>
  `${controls.length} controls; pictures follow ${controls.filter(({ steerable }) => steerable).length}`;
