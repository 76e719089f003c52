/** The lines at the top that say what went wrong, what is approximate, and what is waited for. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";

/** @param {Session} session */
export function message(session) {
  const [said, awaited] = [h("div"), h("div")];
  const line = h("div", { class: "message-place", "aria-live": "polite" }, said, awaited);
  const close = () =>
    h(
      "button",
      { type: "button", class: "bare", "aria-label": msg`Close`, onclick: () => session.say(null) },
      icon("close"),
    );
  /** @type {Message|null} */
  let last = null;
  const show = () => {
    const { message: now, waiting } = session;
    // what has not changed is not put there again: it would be read out again
    if (now !== last) {
      const role = now?.kind === "warning" ? "alert" : "status";
      said.replaceChildren(...(now ? [h("p", { class: `message ${now.kind}`, role }, now.text, close())] : []));
    }
    last = now;
    awaited.replaceChildren(...(waiting ? [h("p", { class: "message info", role: "status" }, waiting)] : []));
  };
  session.onMessage = show;
  show();
  line.dispose = () => {
    if (session.onMessage === show) session.onMessage = null;
  };
  return line;
}
