/** The line above the grid: the sample that was pressed last, and what can be done with it. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { viewLink } from "../shared/view_link.js";
import { wordsOf } from "./sample_grid.js";

/**
 * @param {Session} session
 * @param {{onpin: (place: number, seed: number|null, temperature?: number) => void,
 *   onreplace: (place: number) => void}} options
 */
export function chosenSample(session, { onpin, onreplace }) {
  /** @type {{place: number, cell: import("./sample_grid.js").SampleCell|null}} */
  let now = { place: -1, cell: null };
  const words = h("p", { role: "status" });
  const pin = h(
    "button",
    {
      type: "button",
      title: msg`Keep it when the others change`,
      onclick: () => now.cell && onpin(now.place, now.cell.pinned ? null : now.cell.seed, now.cell.temperature),
    },
    icon("pin"),
    msg`Pin`,
  );
  const other = h(
    "button",
    {
      type: "button",
      title: msg`Another sample in its place, which is pinned there`,
      onclick: () => onreplace(now.place),
    },
    icon("dice"),
    msg`Replace`,
  );
  const acts = h("div", { class: "row tight" }, pin, other, viewLink(session, "", msg`Open in Explore`));
  const element = h("div", { class: "chosen-sample" }, words, acts);
  return Object.assign(element, {
    /** @param {number} place @param {import("./sample_grid.js").SampleCell|null} cell */
    show(place, cell) {
      now = { place, cell };
      acts.style.visibility = cell ? "" : "hidden"; // keeps its room, so that the grid does not move
      pin.setAttribute("aria-pressed", String(Boolean(cell?.pinned)));
      words.textContent = cell ? `${wordsOf(session, place, cell)}.` : msg`Press a sample to choose it.`;
    },
  });
}
