/** Help: a "?" beside each panel's name, and the sheet behind the "?" of the frame with the tour, lessons and keys. */

import { h, icon } from "../../dom.js";
import { KEYS, PANELS, WORDS } from "./help_texts.js";
import { languageChoice } from "./language_choice.js";
import { lessonList } from "./lessons.js";
import { startTour } from "./tour.js";

const MARGIN = 8; // px to the edge of the window
const WRITES = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/**
 * A "?" that opens a short text on a panel.
 * @param {string} key of PANELS
 */
export function helpMark(key) {
  const { title, text } = PANELS[key];
  const note = h(
    "div",
    { class: "help-note", popover: "auto", role: "note", "aria-label": title },
    h("strong", {}, title),
    text.map((words) => h("p", {}, words)),
  );
  const button = h(
    "button",
    {
      type: "button",
      class: "bare help-mark",
      "aria-label": WORDS.about(title),
      "aria-expanded": "false",
    },
    "?",
  );
  button.popoverTargetElement = note;
  note.addEventListener("toggle", (event) => {
    const open = event instanceof ToggleEvent && event.newState === "open";
    button.setAttribute("aria-expanded", String(open));
    if (open) placeBelow(note, button);
  });
  return h("span", { class: "help-place" }, button, note);
}

/** Below an element, within the window. @param {HTMLElement} note @param {HTMLElement} beside */
function placeBelow(note, beside) {
  const [at, box] = [beside.getBoundingClientRect(), note.getBoundingClientRect()];
  const below = at.bottom + 6;
  const top = below + box.height + MARGIN > innerHeight ? at.top - box.height - 6 : below;
  note.style.left = `${Math.max(MARGIN, Math.min(at.left - 12, innerWidth - box.width - MARGIN))}px`;
  note.style.top = `${Math.max(MARGIN, top)}px`;
}

/**
 * The button of the frame; "?" opens the same.
 * @param {Session} session
 * @param {string} view
 */
export function helpButton(session, view) {
  const button = h(
    "button",
    {
      type: "button",
      class: "help-button",
      title: `${WORDS.help} (?)`,
      "aria-haspopup": "dialog",
      onclick: () => openHelp(button, session, view),
    },
    icon("help"),
    h("span", {}, WORDS.help),
  );
  /** @param {KeyboardEvent} event */
  const onkey = (event) => {
    const [target] = event.composedPath();
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target instanceof Element && target.matches(WRITES)) return;
    event.preventDefault();
    openHelp(button, session, view);
  };
  addEventListener("keydown", onkey);
  button.dispose = () => removeEventListener("keydown", onkey);
  return button;
}

/**
 * Tour, lessons and keys.
 * @param {HTMLElement} beside an element of the stage
 * @param {Session} session
 * @param {string} view
 */
function openHelp(beside, session, view) {
  const close = () => sheet.close();
  const tour =
    view === "explore"
      ? h(
          "button",
          {
            type: "button",
            class: "first",
            onclick: () => {
              close();
              startTour(stageOf(beside));
            },
          },
          icon("play"),
          `${WORDS.tour} (${WORDS.tourLength})`,
        )
      : h("p", { class: "quiet" }, WORDS.tourElsewhere);
  const sheet = openSheet(
    stageOf(beside),
    WORDS.help,
    tour,
    lessonList(session, view, close),
    h("h3", {}, WORDS.keys),
    h("div", { class: "keys" }, KEYS.map(keyTable)),
    languageChoice(),
  );
}

/** Lessons alone. @param {HTMLElement} beside @param {Session} session @param {string} view */
export function openLessons(beside, session, view) {
  const sheet = openSheet(
    stageOf(beside),
    WORDS.lessons,
    lessonList(session, view, () => sheet.close(), null),
  );
}

/** @param {[string, [string, string][]]} table */
const keyTable = ([heading, keys]) =>
  h(
    "section",
    {},
    h("h4", {}, heading),
    h(
      "dl",
      {},
      keys.map(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)]),
    ),
  );

/** @param {HTMLElement} element @returns {HTMLElement} */
export const stageOf = (element) => /** @type {HTMLElement} */ (element.closest(".stage")); // every view is in one

/**
 * A dialog over the view; Escape, its button or a click beside it close it.
 * @param {HTMLElement} stage
 * @param {string} title
 * @param {...Child} content
 */
export function openSheet(stage, title, ...content) {
  stage.querySelector("dialog.help-sheet")?.remove();
  const shut = h(
    "button",
    { type: "button", class: "bare", "aria-label": WORDS.close, onclick: () => sheet.close() },
    icon("close"),
  );
  const sheet = h(
    "dialog",
    { class: "help-sheet", "aria-label": title },
    h("div", { class: "head" }, h("h2", {}, title), shut),
    h("div", { class: "help-body" }, ...content),
  );
  sheet.onclick = (event) => {
    if (event.target === sheet) sheet.close();
  };
  sheet.onclose = () => sheet.remove();
  stage.append(sheet);
  sheet.showModal();
  return sheet;
}
