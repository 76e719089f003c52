/** A place to choose or drop a file. */

import { h } from "../../dom.js";

/**
 * @param {object} field
 * @param {(file: File) => Promise<unknown>} field.take
 * @param {string} field.accept kinds of files, as an input's `accept`
 * @param {string} field.name what is chosen, for screen readers
 * @param {string} field.choose words of the button
 * @param {string} field.drop words after it
 */
export function fileField({ take, accept, name, choose, drop }) {
  const input = h("input", {
    type: "file",
    accept,
    class: "unseen",
    "aria-label": name,
    onchange: async () => {
      const [file] = input.files ?? [];
      if (file) await take(file);
      input.value = ""; // the same file can be chosen again
    },
  });
  const field = h("label", { class: "drop" }, input, h("span", { class: "button" }, choose), drop);
  field.ondragover = (event) => event.preventDefault();
  field.ondrop = (event) => {
    event.preventDefault();
    event.stopPropagation();
    const [file] = event.dataTransfer?.files ?? [];
    if (file) take(file);
  };
  return field;
}
