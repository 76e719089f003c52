/** Where the rates come from: a test image, the visitor's pen, a picture of one's own, or the prior. */

import { choice, h } from "../../dom.js";
import { msg } from "../../messages.js";
import { drawing } from "./drawing.js";
import { helpMark } from "../shared/help.js";
import { gallery } from "./gallery.js";
import { upload } from "../shared/upload.js";
import { prior } from "./prior.js";

/** Name, label, and what builds the part. @type {[string, string, (session: Session) => HTMLElement][]} */
const TABS = [
  ["test", msg`Test images`, gallery],
  ["draw", msg`Draw`, drawing],
  ["own", msg`Own picture`, upload],
  ["prior", msg`Prior`, prior],
];

/** @param {Session} session */
export function source(session) {
  const { store, atlas } = session;
  const body = h("div", { class: "tab" });
  const words = h("small", {});
  /** @type {HTMLElement|null} */
  let part = null;
  const open = (name) => {
    part?.dispose?.();
    part = (TABS.find(([each]) => each === name) ?? TABS[0])[2](session);
    body.replaceChildren(part);
    tabs.choose(name);
  };
  /** @type {[string, string][]} */
  const names = TABS.map(([name, label]) => [name, label]);
  const tabs = choice(msg`Start from`, names, "", (name) => open(name));
  const element = h(
    "section",
    { class: "source-part" },
    h("div", { class: "head" }, h("h2", {}, msg`Start `, words), helpMark("source")),
    tabs,
    body,
  );
  /** @param {State} state */
  const show = ({ source: from, model }) => {
    if (model !== session.entry.name) return;
    const row = from.kind === "test" ? (atlas?.rowOf(from.index) ?? -1) : -1;
    if (from.kind === "test")
      words.textContent = msg`test image ${from.index}${atlas && row >= 0 ? `, “${atlas.label(row)}”` : ""}`;
    else words.textContent = from.kind === "prior" ? msg`prior, seed ${from.seed}` : msg`a picture of your own`;
  };
  const stop = store.on("state", show);
  show(store.state);
  const { view, source: first } = store.state;
  open(TABS.some(([name]) => name === view.tab) ? view.tab : first.kind); // a link may name any
  element.dispose = () => {
    stop();
    part?.dispose?.();
  };
  return element;
}
