/** Mean rate of every dimension in every class, as colours. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { capitalized } from "../../math/axis.js";
import { rampColour, rampGradient } from "../../math/colour.js";
import { helpMark } from "../shared/help.js";
import { matrix } from "./matrix.js";

/**
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts
 */
export function heat(session, facts, choose) {
  const { atlas, entry, latent } = session;
  const [means, [low, high]] = [capitalized(latent.means), latent.ends];
  const title = msg`${means} by class`;
  const ramp = h("i", { class: "ramp", "aria-hidden": "true" });
  ramp.style.background = rampGradient();
  const cells = matrix(session, {
    label: msg`${means} of ${entry.dims} dimensions in ${atlas.classNames.length} classes`,
    rows: atlas.classNames,
    colourOf: (label, j) => {
      const known = facts.classMeans[label];
      return known ? rampColour(known[j]) : null;
    },
    wordsOf: (label, j) => {
      const mean = facts.classMeans[label]?.[j];
      const says = mean === undefined ? msg`no test images` : `${latent.mean} ${latent.text(j, mean, 3)}`;
      return msg`class ${atlas.classNames[label]}: ${says}, correlation ${facts.correlation[label][j].toFixed(2)}`;
    },
    choose,
  });
  const element = h(
    "section",
    { class: "heat-part", "data-figure": title },
    h(
      "div",
      { class: "head" },
      h("h2", {}, title),
      helpMark("classMeans"),
      h("p", { class: "legend" }, h("span", {}, low), ramp, h("span", {}, high)),
    ),
    cells,
    h(
      "p",
      { class: "quiet reading" },
      msg`Each column is a dimension, each row a class. Press a column to look at it.`,
    ),
  );
  element.dispose = () => cells.dispose?.();
  return element;
}
