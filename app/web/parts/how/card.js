/** A step of How it works: a number and a name, what is there for the present example, one or two sentences, the equation. */

import { h } from "../../dom.js";

/** @returns {HTMLElement & {say: (text: string) => void, show: (...visual: Node[]) => void, state: (equation: Node|null) => void}} */
export function card(number, title) {
  const heading = h("h2", {}, h("span", { class: "ordinal", "aria-hidden": "true" }, number), h("span", {}, title));
  const place = h("div", { class: "card-visual" });
  const words = h("p", { class: "card-words" });
  const formula = h("div", {});
  const element = h("li", { class: "card", "aria-label": title }, heading, place, words, formula);
  element.name = (text) => {
    heading.lastChild.textContent = text;
    element.setAttribute("aria-label", text);
  };
  element.say = (text) => (words.textContent = text);
  element.show = (...visual) => place.replaceChildren(...visual);
  element.state = (equation) => formula.replaceChildren(...(equation ? [equation] : []));
  return element;
}

/** Named pictures of layers beside each other: [{canvas, caption}], in one element. */
export function layerMaps(layers) {
  const maps = layers.map((layer) => ({
    layer,
    canvas: h("canvas", { class: "maps still", role: "img" }),
    caption: h("figcaption", {}),
  }));
  const element = h(
    "div",
    { class: "layer-maps" },
    maps.map(({ canvas, caption }) => h("figure", {}, canvas, caption)),
  );
  return { element, maps };
}
