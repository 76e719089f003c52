/** The line above Explore: what the page is, with the tour and lessons at the first visit; or the lesson that is open. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { openLessons, stageOf } from "../shared/help.js";
import { WORDS } from "../shared/help_texts.js";
import { lessonOf, lessonsHere } from "../shared/lessons.js";
import { recall, remember } from "../../state/remembered.js";
import { SEEN, startTour } from "../shared/tour.js";

/** @param {Session} session */
export function intro(session) {
  const { store } = session;
  const element = h("div", { class: "intro" });
  const button = (words, onclick, className = "small") =>
    h("button", { type: "button", class: className, onclick }, words);

  const offer = () =>
    h(
      "span",
      { class: "offer" },
      button(`${WORDS.tour} (${WORDS.tourLength})`, () => {
        startTour(stageOf(element));
        show(true);
      }),
      lessonsHere(session).length ? button(WORDS.lessons, () => openLessons(element, session, "explore")) : null,
      button(
        WORDS.hide,
        () => {
          remember(SEEN);
          show(true);
        },
        "bare small",
      ),
    );

  /** @param {Lesson} lesson */
  const lessonLine = (lesson) => [
    h("p", {}, h("strong", {}, `${WORDS.lesson}: ${lesson.title}. `), lesson.text),
    h(
      "span",
      { class: "offer" },
      button(WORDS.moreLessons, () => openLessons(element, session, "explore")),
      h(
        "button",
        { type: "button", class: "bare", "aria-label": WORDS.closeLesson, onclick: () => closeLesson(store) },
        icon("close"),
      ),
    ),
  ];

  let shown;
  function show(anew = false) {
    if (store.state.model !== session.entry.name) return;
    const lesson = lessonOf(session);
    if (!anew && shown === lesson) return;
    shown = lesson;
    element.classList.toggle("lesson", Boolean(lesson));
    if (lesson) element.replaceChildren(...lessonLine(lesson).flat());
    else {
      const pull = session.controls.length ? msg`Drag a control or a bar` : msg`Drag a bar`;
      const words = h("p", {}, h("strong", {}, msg`ESVAE explorer. `), session.latent.introduction(pull));
      element.replaceChildren(words, ...(recall(SEEN) ? [] : [offer()]));
    }
  }
  show(true);
  element.dispose = store.on("state", () => show());
  return element;
}

/** @param {Store} store */
function closeLesson(store) {
  const { lesson: _, ...view } = store.state.view;
  store.change({ view }, msg`close the lesson`);
}
