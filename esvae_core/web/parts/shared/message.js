/** The line at the top that says what went wrong, or what is approximate. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";

/** @param {Session} session */
export function message(session) {
  const line = h("div", { class: "message-place", "aria-live": "polite" });
  const show = (said) => {
    line.replaceChildren();
    if (!said) return;
    line.append(
      h(
        "p",
        { class: `message ${said.kind}`, role: said.kind === "warning" ? "alert" : "status" },
        said.text,
        h(
          "button",
          { type: "button", class: "bare", "aria-label": msg`Close`, onclick: () => session.say(null) },
          icon("close"),
        ),
      ),
    );
  };
  session.onMessage = show;
  show(session.message);
  line.dispose = () => {
    if (session.onMessage === show) session.onMessage = null;
  };
  return line;
}
