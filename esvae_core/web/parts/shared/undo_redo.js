/** Undo and redo of a history: two buttons and their keys. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";

/**
 * @param {Store} store
 * @param {(word: string) => string} [named] what the buttons are called where there are others on the page
 * @returns {{buttons: HTMLButtonElement[], dispose: () => void}}
 */
export function undoRedo(store, named = (word) => word) {
  const undo = button(msg`Undo (Ctrl+Z)`, "undo", named(msg`Undo`), () => store.undo());
  const redo = button(msg`Redo (Ctrl+Y)`, "redo", named(msg`Redo`), () => store.redo());
  const update = () => {
    const { steps, at } = store.history;
    undo.disabled = at === 0;
    redo.disabled = at === steps.length - 1;
  };
  const dispose = store.on("commit", update);
  update();
  return { buttons: [undo, redo], dispose };
}

/**
 * What a key asks for: "undo", "redo", or null, also while something is being typed.
 * @param {KeyboardEvent} event
 * @returns {"undo"|"redo"|null}
 */
export function askedByKey(event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || isText(event.composedPath()[0])) return null;
  const key = event.key.toLowerCase();
  if (key === "y") return "redo";
  if (key !== "z") return null;
  return event.shiftKey ? "redo" : "undo";
}

const button = (title, sign, text, onclick) =>
  h("button", { type: "button", title, onclick }, icon(sign), h("span", {}, text));

const isText = (target) =>
  target?.isContentEditable ||
  target?.tagName === "TEXTAREA" ||
  (target?.tagName === "INPUT" && ["text", "number", "search"].includes(target.type));
