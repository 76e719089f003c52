/** Correlation of every attribute with every dimension, as colours: what could be read off single neurons. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { signedColour, signedGradient } from "../../math/colour.js";
import { correlationText } from "../../math/measured.js";
import { helpMark } from "../shared/help.js";
import { matrix } from "./matrix.js";

const TITLE = msg`Correlation with attributes`;

/**
 * @param {Having<"atlas"|"measured">} session
 * @param {(j: number) => void} choose
 */
export function attributeMatrix(session, choose) {
  const { measured, entry, latent } = session;
  const { attributes, correlation } = measured;
  const ramp = h("i", { class: "ramp", "aria-hidden": "true" });
  ramp.style.background = signedGradient();
  const cells = matrix(session, {
    label: msg`Correlation of ${attributes.length} attributes with ${entry.dims} dimensions`,
    rows: attributes.map(({ name }) => name),
    colourOf: (k, j) => signedColour(correlation[k][j]),
    wordsOf: (k, j) => `${attributes[k].name}: ${correlationText(attributes[k], correlation[k][j])}`,
    choose,
  });
  const element = h(
    "section",
    { class: "heat-part attribute-part", "data-figure": TITLE },
    h(
      "div",
      { class: "head" },
      h("h2", {}, TITLE),
      helpMark("correlations"),
      h("p", { class: "legend" }, h("span", {}, "−1"), ramp, h("span", {}, "+1")),
    ),
    cells,
    h(
      "p",
      { class: "quiet" },
      msg`Measured on ${measured.trainImages.toLocaleString("en")} training images: Pearson's correlation of ${latent.single} and a number; of an angle or of several classes the multiple correlation, which has no sign. Press a column to look at it.`,
    ),
  );
  element.dispose = () => cells.dispose?.();
  return element;
}
