/** The mean of a dimension in each class, as bars. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { capitalized } from "../../math/axis.js";
import { classColour } from "../../math/colour.js";
import { nameOf } from "../shared/dimension_names.js";

/**
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts
 */
export function classBars(session, facts) {
  const { atlas, latent } = session;
  const bars = h("div", { class: "class-bars" });
  const element = h("figure", {}, bars, h("figcaption", {}, msg`${latent.mean} in each class`));
  const line = (j, label, i) => {
    const mean = facts.classMeans[i]?.[j];
    const bar = h("i", {});
    bar.style.cssText = `width:${100 * (mean ?? 0)}%;background:${classColour(i)}`;
    return h(
      "p",
      { title: msg`${label}: correlation ${facts.correlation[i][j].toFixed(2)}` },
      h("span", { class: "mix-name" }, label),
      h("span", { class: "mix-bar" }, bar),
      h("span", { class: "number" }, mean === undefined ? msg`no test images` : latent.text(j, mean)),
    );
  };
  return Object.assign(element, {
    /** @param {number} j */
    show(j) {
      element.dataset.figure = msg`${capitalized(latent.means)} of ${nameOf(session, j)} by class`;
      bars.replaceChildren(...atlas.classNames.map((label, i) => line(j, label, i)));
    },
  });
}
