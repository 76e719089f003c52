/** The line at the top that says what went wrong, or what is approximate. */

import { h, icon } from "../../dom.js";

export function message(desk) {
  const line = h("div", { class: "message-place", "aria-live": "polite" });
  const show = (said) => {
    line.replaceChildren();
    if (!said) return;
    line.append(
      h("p", { class: `message ${said.kind}`, role: said.kind === "warning" ? "alert" : "status" }, said.text,
        h("button", { type: "button", class: "bare", "aria-label": "Close", onclick: () => desk.say(null) }, icon("close"))), // prettier-ignore
    );
  };
  desk.onMessage = show;
  show(desk.message);
  line.dispose = () => {
    if (desk.onMessage === show) desk.onMessage = null;
  };
  return line;
}
