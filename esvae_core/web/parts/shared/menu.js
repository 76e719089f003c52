/** A button that opens a sheet. */

import { h, icon } from "../../dom.js";

/**
 * A button with a sheet below it that `content` fills anew each time it opens; closes on Escape or a click elsewhere.
 */
export function menu(label, picture, content) {
  const sheet = h("div", { class: "sheet", hidden: true });
  const button = h(
    "button",
    {
      type: "button",
      "aria-haspopup": "true",
      "aria-expanded": "false",
      title: label,
      onclick: () => open(sheet.hidden),
    },
    icon(picture),
    h("span", {}, label),
  );
  const place = h("div", { class: "menu" }, button, sheet);
  const away = (event) => {
    if (event.type === "keydown" ? event.key === "Escape" : !event.composedPath().includes(place)) open(false);
  };
  function open(yes) {
    sheet.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    for (const kind of ["pointerdown", "keydown"]) (yes ? addEventListener : removeEventListener)(kind, away);
    if (yes) sheet.replaceChildren(content(() => open(false)));
  }
  return place;
}
