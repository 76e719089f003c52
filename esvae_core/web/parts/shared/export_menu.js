/**
 * What can be exported: files that carry their recipe, a table, the lines of Python, the link.
 *
 *     exportMenu(session)                                      // the picture on the screen
 *     exportMenu(session, () => ({ kind: "grid", name: "samples", cells, seeds, columns: 8, captions }))
 *
 * @typedef {import("./export_files.js").Pictures | {why: string}} Offer pictures, or why there are none
 */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { uptoIn } from "../../state/url_state.js";
import { exportSheet } from "./export_sheet.js";
import { menu } from "./menu.js";

const IN_TIME = ["spikes", "how"]; // views that can show the picture before all steps are over

/**
 * @param {Session} session
 * @param {(() => Offer)|null} [offer] asked when the menu opens; without one, the picture on the screen and the page's
 *   charts
 */
export function exportMenu(session, offer = null, label = msg`Export`, view = "") {
  const page = () => {
    const root = place.getRootNode();
    return { root: root instanceof ShadowRoot ? root : document, view };
  };
  const place = menu(label, "export", () => {
    if (!offer) return exportSheet(session, onScreen(session, view), page());
    const offered = offer();
    return "why" in offered ? h("p", { class: "quiet" }, offered.why) : exportSheet(session, offered, null);
  });
  return place;
}

/** @param {Session} session @returns {import("./export_files.js").Pictures} */
function onScreen({ store, live, engine }, view) {
  const { rates, seed, steps } = store.state;
  const upto = engine && IN_TIME.includes(view) ? uptoIn(store.state) : steps;
  /** @type {[number, number, number][]} */
  const flips = Array.from(live.now?.flips ?? [], (cell) => [0, Math.floor(cell / rates.length), cell % rates.length]);
  return {
    kind: "picture",
    name: "picture",
    cells: [rates],
    seeds: [seed],
    flips,
    upto: upto < steps ? [upto] : [],
    damage: live.now?.damage ?? null,
    columns: 1,
  };
}
