/** The tray of saved pictures: a star that saves what is on the screen, and a sheet with all of them. */

import { h, icon, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { MOST, writeSaved } from "../../state/saved.js";
import { decodeState, encodeState } from "../../state/url_state.js";
import { compare } from "./compare.js";
import { download } from "./download.js";
import { menu } from "./menu.js";
import { drawPixels } from "./draw_pixels.js";

const WORDS = {
  save: msg`Save this picture in the tray`,
  saved: msg`It is in the tray; press to take it out`,
  tray: msg`Saved`,
  about: msg`Kept in this browser, at most ${MOST}. Drop an exported file on the page to read it back.`,
  blocked: msg`This browser has no leave or no room to keep them: they are gone when the page is closed. Export them before.`,
  none: msg`Nothing is saved yet. The star saves the picture on the screen: rates, noise, T and edited spikes.`,
};

/** The state as it is saved: all that the picture depends on. @param {State} state @returns {State} */
const bare = (state) => {
  const { flips, damage } = state.view;
  return { ...state, view: { ...(flips && { flips }), ...(damage && { damage }) } };
};

/**
 * @param {Session} session
 * @returns {HTMLElement}
 */
export function tray(session) {
  const { saved, store, live } = session;
  const star = h(
    "button",
    { type: "button", class: "star", "aria-label": WORDS.save, "aria-pressed": "false", onclick: toggle },
    icon("star"),
  );
  const place = menu(WORDS.tray, "tray", (close) => sheet(session, close));
  const element = h("div", { class: "tray" }, star, place);

  function toggle() {
    const state = bare(store.state);
    const link = encodeState(state);
    if (saved.has(link)) saved.remove(link);
    else if (live.now) saved.add([{ link, name: nameOf(session, state), picture: pictureOf(live.now, session.entry) }]);
    if (!saved.kept) session.say(WORDS.blocked, "warning");
  }

  function mark() {
    const there = saved.has(encodeState(bare(store.settled)));
    star.setAttribute("aria-pressed", String(there));
    star.title = there ? WORDS.saved : WORDS.save;
  }
  const stops = [saved.on(mark), store.on("commit", mark)];
  mark();
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}

/** @param {Session} session @param {State} state */
function nameOf({ atlas, entry }, { source }) {
  const row = source.kind === "test" ? (atlas?.rowOf(source.index) ?? -1) : -1;
  const from =
    source.kind === "test"
      ? msg`test image ${source.index}${!atlas || row < 0 ? "" : ` “${atlas.label(row)}”`}`
      : source.kind === "prior"
        ? msg`prior, seed ${source.seed}`
        : "own";
  return `${entry.name}, ${from}`.slice(0, 120);
}

/** What is on the screen, as a small PNG. @param {Decoded} now @param {ModelEntry} entry */
function pictureOf({ image }, entry) {
  const canvas = pixels(entry.size, entry.size, "");
  drawPixels(canvas, image, entry.channels);
  return canvas.toDataURL("image/png");
}

/** Show a saved picture; what else the views remember stays. @param {Session} session @param {SavedPicture} picture */
function openSaved({ store }, { link, name }) {
  const { view, ...state } = decodeState(link);
  const { flips: _, upto: __, damage: ___, ...now } = store.state.view;
  store.change({ ...state, view: { ...now, ...view } }, msg`saved: ${name}`);
}

/** @param {Session} session @param {() => void} close */
function sheet(session, close) {
  const { saved } = session;
  /** Links of those that are to be compared. @type {Set<string>} */
  const marked = new Set();
  const list = h("ul", { class: "saved-list" });
  const words = h("p", { class: "quiet" });
  const beside = h("button", { type: "button", onclick: () => compare(session, place, two()) });
  const save = () => download("saved-pictures.json", writeSaved(saved.all));
  const out = h("button", { type: "button", onclick: save }, icon("export"), msg`Export all`);
  const place = h("div", { class: "saved" }, words, list, h("div", { class: "row tight" }, beside, out));

  /** The marked ones, or the marked one and what is on the screen, with their names. */
  function two() {
    const chosen = [...marked].flatMap((link) => saved.all.filter((each) => each.link === link));
    const marks = chosen.map(({ link, name }) => ({ state: decodeState(link), name }));
    if (marks.length > 1) return marks;
    const { state } = session.store;
    return [...marks, { state, name: msg`shown now: ${nameOf(session, state)}` }];
  }

  /** @param {string} link @param {HTMLElement} button */
  function mark(link, button) {
    if (!marked.delete(link)) marked.add(link);
    const [oldest] = marked;
    if (marked.size > 2) marked.delete(oldest);
    for (const each of list.querySelectorAll("button[data-link]"))
      each.setAttribute("aria-pressed", String(marked.has(each.getAttribute("data-link") ?? "")));
    button.focus();
    update();
  }

  function update() {
    words.textContent = !saved.all.length ? WORDS.none : saved.kept ? WORDS.about : WORDS.blocked;
    out.hidden = beside.hidden = !saved.all.length;
    beside.disabled = !marked.size;
    beside.textContent = marked.size > 1 ? msg`Compare the two` : msg`Compare with what is shown`;
  }

  /** @param {SavedPicture} picture */
  const cardOf = (picture) =>
    card(session, picture, {
      open() {
        close();
        openSaved(session, picture);
      },
      mark: (button) => mark(picture.link, button),
      remove() {
        marked.delete(picture.link);
        saved.remove(picture.link);
        show();
      },
    });

  function show() {
    list.replaceChildren(...saved.all.map(cardOf));
    update();
  }
  show();
  return place;
}

/**
 * A saved picture with its buttons.
 * @param {Session} session
 * @param {SavedPicture} saved
 * @param {{open: () => void, mark: (button: HTMLElement) => void, remove: () => void}} handlers which one was pressed
 */
function card({ models }, { link, name, picture }, { open, mark, remove }) {
  const { model } = decodeState(link);
  const here = models.some((each) => each.name === model && !each.problem);
  const toggle = h(
    "button",
    {
      type: "button",
      class: "small",
      "aria-pressed": "false",
      "data-link": link,
      disabled: !here,
      "aria-label": msg`A/B: compare ${name}`,
      onclick: () => mark(toggle),
    },
    "A/B",
  );
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "picked", title: msg`Show ${name}`, disabled: !here, onclick: open },
      h("img", { class: "pixels thumb", src: picture, alt: name }),
    ),
    h("p", { class: "quiet" }, here ? name : msg`${name}: this model is not here`),
    h(
      "div",
      { class: "row tight" },
      toggle,
      h(
        "button",
        { type: "button", class: "bare small", "aria-label": msg`Remove ${name}`, onclick: remove },
        icon("close"),
      ),
    ),
  );
}
