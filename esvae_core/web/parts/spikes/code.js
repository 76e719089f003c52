/** The lines of Python that do what a view shows, folded away until someone asks. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";

/** @param {() => string} lines worked out when they are asked for, and after `refresh` */
export function pythonCode(lines) {
  const text = h("pre", { class: "code", tabindex: 0 });
  const word = h("span", {}, msg`Copy`);
  const copy = h("button", { type: "button", class: "small", onclick: take }, word);
  const element = h(
    "details",
    { class: "code-part", ontoggle: refresh },
    h("summary", {}, msg`In Python`),
    h("div", { class: "row" }, copy),
    text,
  );

  async function take() {
    try {
      await navigator.clipboard.writeText(text.textContent);
      word.textContent = msg`Copied`;
    } catch {
      word.textContent = msg`Not copied: select the lines instead`;
    }
    setTimeout(() => (word.textContent = msg`Copy`), 2000);
  }

  function refresh() {
    if (element.open) text.textContent = lines();
  }
  return Object.assign(element, { refresh });
}
