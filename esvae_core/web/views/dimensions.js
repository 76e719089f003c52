/** Dimensions: what each latent neuron is used for, and what it does to the picture. */

import { h } from "../dom.js";
import { detail } from "../parts/dimensions/detail.js";
import { heat } from "../parts/dimensions/heat.js";
import { strips } from "../parts/dimensions/strips.js";
import { table } from "../parts/dimensions/table.js";
import { nameOf } from "../parts/shared/mixer.js";

export const styles = ["map.css", "dimensions.css"];

/** @param {Session} session */
export function mount(root, session) {
  const { entry, store } = session;
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
  root.append(h("p", { class: "skeleton", role: "status" }, "Reading what its dimensions do …"));
  const choose = (j) =>
    store.change({ view: { ...store.state.view, dim: String(j) } }, `look at ${nameOf(session, j)}`);
  session.backend.dimensions(entry.hash, entry.atlasVersion).then(
    (found) => {
      if (gone) return;
      parts = [table(session, found, choose), detail(session, found), strips(session), heat(session, found, choose)];
      const [rows, one, pictures, colours] = parts;
      root.replaceChildren(
        h(
          "div",
          { class: "dimensions-view" },
          h("div", {}, h("div", { class: "head" }, h("h2", {}, "Dimensions ", h("small", {}, summary(found)))), rows),
          h("div", { class: "dimension-right" }, one, pictures, colours),
        ),
      );
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
  return () => {
    gone = true;
    parts.forEach((part) => part.dispose());
  };
}

/** All of them in a line. @param {DimensionFacts} facts */
function summary({ states, clear }) {
  const count = (word) => states.filter((state) => state === word).length;
  const parts = ["active", "dead", "saturated"].map((word) => [count(word), word]).filter(([n], i) => n || i === 0);
  const above = clear ? `; what ${clear.filter(Boolean).length} of ${clear.length} do rises above the noise` : "";
  return parts.map(([n, word]) => `${n} ${word}`).join(", ") + above;
}
