/**
 * A step of How it works: a number and a name, what is there for the present example, one or two sentences, the
 * equation.
 */

import { h } from "../../dom.js";
import { helpMark } from "../shared/help.js";

/**
 * @param {number} number
 * @param {string} title
 * @param {string} help key of the help's text
 */
export function card(number, title, help) {
  const name = h("span", {}, title);
  const heading = h("h2", {}, h("span", { class: "ordinal", "aria-hidden": "true" }, number), name);
  const place = h("div", { class: "card-visual" });
  const words = h("p", { class: "card-words" });
  const formula = h("div", {});
  const head = h("div", { class: "head" }, heading, helpMark(help));
  const element = h("li", { class: "card", "aria-label": title }, head, place, words, formula);
  return Object.assign(element, {
    /** Give it another title. @param {string} text */
    rename(text) {
      name.textContent = text;
      element.setAttribute("aria-label", text);
    },
    /** @param {string} text */
    say: (text) => void (words.textContent = text),
    /** @param {...Node} visual */
    show: (...visual) => place.replaceChildren(...visual),
    /** @param {Node|null} equation */
    state: (equation) => formula.replaceChildren(...(equation ? [equation] : [])),
  });
}
