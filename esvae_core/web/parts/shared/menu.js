/** A button that opens a sheet. */

import { focusedBeside, h, icon } from "../../dom.js";

/**
 * A button with a sheet below it that `content` fills anew each time it opens; closes on Escape or a click elsewhere.
 */
export function menu(label, picture, content) {
  const button = h("button", { type: "button", title: label }, icon(picture), h("span", {}, label));
  return sheetBelow(button, content);
}

/**
 * The same with a button of the caller's own.
 * @param {HTMLButtonElement} button
 * @param {(close: () => void) => HTMLElement} content
 */
export function sheetBelow(button, content) {
  const sheet = h("div", { class: "sheet", hidden: true });
  button.setAttribute("aria-haspopup", "true");
  button.setAttribute("aria-expanded", "false");
  button.onclick = () => open(sheet.hidden);
  const place = h("div", { class: "menu" }, button, sheet);
  const away = (event) => {
    // what lies over the page, such as a comparison that the sheet opened, has keys and pointer of its own
    if (event.composedPath().some((each) => each instanceof HTMLDialogElement)) return;
    if (event.type === "pointerdown") return void (event.composedPath().includes(place) || open(false));
    if (event.key === "Escape") open(false);
  };
  function open(yes) {
    if (!yes && sheet.contains(focusedBeside(sheet))) button.focus(); // else the focus would go with what had it
    sheet.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    for (const kind of ["pointerdown", "keydown"]) (yes ? addEventListener : removeEventListener)(kind, away);
    if (yes) sheet.replaceChildren(content(() => open(false)));
  }
  return place;
}
