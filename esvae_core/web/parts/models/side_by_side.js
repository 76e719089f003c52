/** Two models on the same test images and on the same prior seeds, under the same noise. */

import { h, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { helpMark } from "../shared/help.js";
import { comparedRows, firstBeside } from "./compared_rows.js";

/** Resolved when the browser has had its turn, so that no gesture waits for more than one picture. */
const pause = () => new Promise((done) => setTimeout(done));

/** Whether a file of the list is no checkpoint that can be read. */
export const unreadable = (model) => model.problem && !model.kind;

/** @param {Session} session */
export function sideBySide(session) {
  const { store, entry } = session;
  const others = session.models.filter((m) => !m.problem && m.name !== entry.name);
  const body = h("div", { class: "side" });
  const note = h("p", { class: "quiet", role: "status" });
  const again = () => compare(select.value);
  const select = h(
    "select",
    { "aria-label": msg`The other model`, onchange: again },
    h("option", { value: "" }, msg`choose a model`),
    others.map((m) => h("option", { value: m.name }, m.name)),
  );
  const element = h(
    "section",
    {},
    h(
      "div",
      { class: "head" },
      h("h2", {}, msg`Side by side `, h("small", {}, msg`${entry.name} and`)),
      select,
      helpMark("side"),
    ),
    body,
    note,
  );
  let turn = 0;

  /** @param {string} name of the other model */
  async function compare(name) {
    const mine = ++turn;
    body.replaceChildren();
    note.textContent = "";
    if (!name || !has(session, "engine")) return;
    note.textContent = msg`Opening the other model …`;
    try {
      const originals = await session.originals();
      const { rows, words } = comparedRows(session, await withPrior(session, name), originals);
      if (mine !== turn) return;
      const drawings = [];
      body.replaceChildren(...rows.flatMap((row) => elementsOf(row, drawings)));
      for (const draw of drawings) {
        await pause();
        if (mine !== turn) return;
        draw();
      }
      note.textContent = words;
    } catch (error) {
      if (mine === turn) note.textContent = msg`${name} cannot be shown beside it: ${error.message}.`;
    }
  }

  const stop = store.on("commit", again);
  const first = firstBeside(others, entry);
  if (first) {
    select.value = first.name;
    again();
  }
  if (!others.length) note.textContent = msg`There is no other model here.`;
  element.dispose = () => {
    turn++;
    stop();
  };
  return element;
}

/**
 * Another model, when draws of both priors can be made.
 * @param {Session} session
 * @param {string} name
 * @returns {Promise<OpenedModel>}
 */
async function withPrior(session, name) {
  const other = await session.peek(name);
  await Promise.all([session, other].map((model) => session.need("prior", model)));
  return other;
}

/**
 * Elements of a row of pictures; how each of them is drawn, once it has a place, is added to `drawings`.
 * @param {import("./compared_rows.js").ComparedRow} row
 * @param {(() => void)[]} drawings
 */
function elementsOf({ title, about, images, labels }, drawings) {
  const pictures = labels.map((label, k) => {
    const canvas = pixels(about.size, about.size, `${title}: ${label}`, "thumb");
    drawings.push(() => drawPixels(canvas, images[k](), about.channels));
    return canvas;
  });
  return [h("p", { class: "quiet" }, title), h("div", { class: "side-row" }, pictures)];
}
