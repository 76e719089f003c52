/** The sheet of a menu of exports: how pictures are laid out, and a button for each file. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { textOf } from "../../formats/recipe.js";
import { counted } from "../../math/axis.js";
import { chartExports } from "./chart_export.js";
import { inWords } from "./damage_words.js";
import { download } from "./download.js";
import { FRAME, PictureFiles } from "./export_files.js";
import { writesMp4 } from "./video_encoder.js";

/** @typedef {import("./export_files.js").Pictures} Pictures */

/**
 * Does something, and says how it went: what `work` gives, or why it failed.
 * @typedef {(work: () => Promise<string>) => () => Promise<void>} Attempt
 */

const SCALES = [1, 2, 4, 8, 10, 16, 32];
const GAPS = [0, 1, 2, 4, 8];

/**
 * @param {Session} session
 * @param {Pictures} pictures
 * @param {{root: Document|ShadowRoot, view: string}|null} page whose charts are offered, too
 */
export function exportSheet(session, pictures, page) {
  const { store, engine } = session;
  const layout = layoutFields(pictures);
  const files = new PictureFiles(session, pictures, layout.read);
  const said = h("p", { class: "quiet", role: "status" });
  const code = h("pre", { class: "code", hidden: true, tabindex: 0 });
  /** @type {Attempt} */
  const attempt = (work) => async () => {
    said.textContent = msg`One moment …`;
    try {
      said.textContent = (await work()) ?? "";
    } catch (error) {
      said.textContent = msg`That did not work: ${error.message}.`;
    }
  };
  const showCode = (text) => {
    code.textContent = text;
    code.hidden = false;
  };
  const film =
    engine && pictures.cells.length > 1 ? filmButton(session, pictures, files, layout.read(), attempt) : null;
  return h(
    "div",
    { class: "export-sheet" },
    layout.element,
    h("div", { class: "row tight" }, fileButtons(session, pictures, files, film, attempt)),
    h(
      "div",
      { class: "row tight" },
      textButtons(session, files, showCode, attempt),
      page && session.backend.pages?.includes(page.view) ? pageButton(session, page.view, attempt) : null,
    ),
    notes(pictures, store.state.steps),
    carries(Boolean(page)),
    page && chartExports(session, page.root, attempt),
    said,
    code,
  );
}

/** @param {Pictures} pictures */
function layoutFields({ cells, captions }) {
  const single = cells.length === 1;
  const scale = select(msg`Scale`, SCALES, single ? 10 : 4, (n) => `${n} ×`);
  const gap = select(msg`Gap`, GAPS, 2, (n) => `${n} px`);
  const named = h("input", { type: "checkbox", checked: true });
  return {
    element: h(
      "div",
      { class: "row" },
      field(msg`Scale`, scale),
      single ? null : field(msg`Gap`, gap),
      captions ? field(msg`Captions`, named) : null,
    ),
    /** @returns {import("./export_files.js").ChosenLayout} */
    read: () => ({ scale: Number(scale.value), gap: Number(gap.value), captions: named.checked }),
  };
}

const field = (label, control) => h("label", { class: "field" }, label, control);

function select(label, values, chosen, text) {
  const options = values.map((value) => h("option", { value }, text(value)));
  const element = h("select", { "aria-label": label }, options);
  element.value = chosen;
  return element;
}

/**
 * @param {Session} session
 * @param {Pictures} pictures
 * @param {PictureFiles} files
 * @param {HTMLElement|null} film the button of a film, where there can be one
 * @param {Attempt} attempt
 */
function fileButtons(session, { cells, name }, files, film, attempt) {
  const { engine, latent } = session;
  const withSpikes = msg`Pictures, ${latent.whole}, spikes and recipe for NumPy`;
  const file = (suffix, help) => fileButton(session, name, files, suffix, help, attempt);
  return [
    engine
      ? [file("png", msg`A picture; its recipe is inside`), file("svg", msg`A picture that stays sharp at any size`)]
      : null,
    film
      ? [file("gif", msg`A film, one picture after the other`), file("webp", msg`A film without loss of colours`), film]
      : null,
    engine
      ? file("npz", session.spikingEngine ? withSpikes : msg`Pictures, ${latent.whole} and recipe for NumPy`)
      : null,
    file(
      "csv",
      msg`A table of the ${latent.whole}, a line for each ${cells.length === 1 ? msg`dimension` : msg`picture`}`,
    ),
  ];
}

/**
 * @param {Session} session
 * @param {PictureFiles} files
 * @param {"png"|"svg"|"gif"|"webp"|"mp4"|"npz"|"csv"} suffix
 * @param {Attempt} attempt
 */
function fileButton({ entry }, name, files, suffix, help, attempt) {
  const save = attempt(async () => {
    const file = `${entry.name.replaceAll("/", "-")}-${name}.${suffix}`;
    const content = await files[suffix]();
    download(file, content);
    return msg`${file}, ${Math.ceil(content.length / 1024)} kB.`;
  });
  const text = suffix === "npz" || suffix === "csv" ? `.${suffix}` : suffix.toUpperCase();
  return h("button", { type: "button", title: help, onclick: save }, text);
}

/**
 * A button that is there as soon as the browser says that it writes such a film.
 * @param {Session} session
 * @param {Pictures} pictures
 * @param {PictureFiles} files
 * @param {import("./export_files.js").ChosenLayout} layout
 * @param {Attempt} attempt
 */
function filmButton(session, { name, frame_ms: frame }, files, { scale }, attempt) {
  const help = msg`A film for slides and players, with a little loss; where the browser can write it`;
  const button = fileButton(session, name, files, "mp4", help, attempt);
  const side = session.entry.size * scale;
  button.hidden = true;
  writesMp4({ width: side, height: side }, frame ?? FRAME).then((can) => (button.hidden = !can));
  return button;
}

/**
 * What goes to the clipboard.
 * @param {Session} session
 * @param {PictureFiles} files
 * @param {(text: string) => void} showCode
 * @param {Attempt} attempt
 */
function textButtons(session, files, showCode, attempt) {
  const button = (text, title, work) => h("button", { type: "button", title, onclick: attempt(work) }, text);
  const copy = (text, what) => async () => {
    await copied(text());
    return msg`${what} copied.`;
  };
  const python = async () => {
    const lines = files.python();
    showCode(lines);
    await copied(lines);
    return msg`The lines are copied.`;
  };
  return [
    button(msg`as Python`, msg`The lines that make this again with esvae_core`, python),
    button(
      msg`Recipe`,
      msg`What makes this again, as JSON`,
      copy(() => textOf(files.recipe()), msg`The recipe is`),
    ),
    session.backend.addressable
      ? button(
          msg`Link`,
          msg`A link to what is on the screen`,
          copy(() => session.link, msg`The link is`),
        )
      : null,
  ];
}

/** The view in one file. @param {Session} session @param {string} view @param {Attempt} attempt */
function pageButton({ backend, entry, store }, view, attempt) {
  const title = msg`One file that opens this view from disk, with the model in it and without a server`;
  const save = attempt(async () => {
    const { page } = /** @type {Required<Backend>} */ (backend); // which has pages
    const content = await page(entry.hash, view, store.settled);
    const name = `${entry.name.replaceAll("/", "-")}-${view}.html`;
    download(name, content);
    return msg`${name}, ${(content.length / 2 ** 20).toFixed(1)} MB.`;
  });
  return h("button", { type: "button", title, onclick: save }, "HTML");
}

/** What was done to the spikes. @param {Pictures} pictures @param {number} steps */
function notes({ upto, flips, damage }, steps) {
  const lines = [
    upto?.length === 1 && msg`After ${upto[0]} of ${counted(steps, msg`step`, msg`steps`)}.`,
    flips?.length && msg`With ${counted(flips.length, msg`spike`, msg`spikes`)} edited by hand.`,
    damage && msg`With damage: ${inWords(damage)}.`,
  ];
  return lines.map((line) => (line ? h("p", { class: "quiet" }, line) : null));
}

/** Which files open here again. @param {boolean} page whether charts and HTML are offered */
const carries = (page) =>
  h(
    "p",
    { class: "quiet" },
    msg`Pictures, films and .npz carry their recipe: `,
    h("code", {}, "esvae replay FILE"),
    msg` makes them again. ${page ? msg`Charts and HTML carry the link. Dropped` : msg`Dropped`} on this page, each opens. A table (.csv) carries neither.`,
  );

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    throw new Error(msg`this browser lets nothing be copied here`);
  }
}
