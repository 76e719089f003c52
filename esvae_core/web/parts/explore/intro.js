/** The line above Explore: what the page is, with the tour and lessons at the first visit; or the lesson that is open. */

import { h, icon } from "../../dom.js";
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
      const words = h("p", {}, h("strong", {}, "ESVAE explorer. "), introduction(session));
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
  store.change({ view }, "close the lesson");
}

/** What a newcomer looks at, in two sentences. @param {Session} session */
function introduction({ latent, controls }) {
  const pull = controls.length ? "Drag a control or a bar" : "Drag a bar";
  if (latent.counts)
    return `A network draws this picture from spike counts: each neuron fires so often by chance, with its rate as the mean. ${pull}: counts and picture follow.`;
  if (latent.stepwise)
    return `A network of spiking neurons draws this picture from spike trains. A bar is how often a neuron spikes, over T; ${pull.toLowerCase()}, and its spikes are placed in time anew.`;
  return latent.spiking
    ? `A network of spiking neurons draws this picture from firing rates: how often each neuron spikes (0 never, 1 always). ${pull}: spikes and picture follow.`
    : `A network without spikes draws this picture from a vector of ${latent.names}. ${pull}: the picture follows.`;
}
