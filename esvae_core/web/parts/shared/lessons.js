/** Lessons: prepared states with two sentences each, those of the project and those that lie beside the model. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { decodeState, LinkError, PARAMETER } from "../../state/url_state.js";
import { WORDS } from "./help_texts.js";
import { LESSONS } from "./lessons_table.js";

/** Those whose model is here. @param {Session} session @returns {Lesson[]} */
export function lessonsHere({ models, entry }) {
  const here = new Set(models.filter((model) => !model.problem).map(({ name }) => name));
  return [...LESSONS.filter(({ link }) => here.has(decodeState(link).model)), ...(entry.lessons ?? [])];
}

/** The lesson that a state shows; null of any other. @param {Session} session @returns {Lesson|null} */
export function lessonOf(session) {
  const { lesson } = session.store.state.view;
  return (lesson && lessonsHere(session).find(({ id }) => id === lesson)) || null;
}

/**
 * Links to all of them, below a heading for each origin.
 * @param {Session} session
 * @param {string} view that is open
 * @param {() => void} close what is called when one was chosen
 * @param {string|null} [heading]
 */
export function lessonList(session, view, close, heading = WORDS.lessons) {
  const { entry } = session;
  const reached = view === "explore" || Boolean(session.backend.page); // a file of its own has no address for Explore
  const all = reached ? lessonsHere(session) : [];
  const own = new Set(entry.lessons ?? []);
  const list = (lessons) =>
    h(
      "ol",
      { class: "lessons" },
      lessons.map((lesson) => item(session, lesson, view, close)),
    );
  const shipped = all.filter((lesson) => !own.has(lesson));
  return h(
    "section",
    { class: "lessons-part" },
    heading && all.length ? h("h3", {}, heading) : null,
    all.length ? h("p", { class: "quiet" }, WORDS.lessonsAbout) : null,
    shipped.length ? list(shipped) : null,
    reached && own.size ? [h("h3", {}, WORDS.lessonsOf(entry.name)), list([...own])] : null,
  );
}

/** @param {Session} session @param {Lesson} lesson */
function item(session, lesson, view, close) {
  const open = (event) => {
    if (view !== "explore" || event.ctrlKey || event.metaKey || event.shiftKey) return; // the browser follows the link
    event.preventDefault();
    close();
    openLesson(session, lesson);
  };
  const href = session.backend.addressable ? hrefOf(lesson, view) : "#";
  return h("li", {}, h("a", { href, onclick: open }, lesson.title), h("p", {}, lesson.text));
}

/** Show a lesson's state, as one step that can be undone. @param {Session} session @param {Lesson} lesson */
function openLesson(session, lesson) {
  try {
    session.store.change(decodeState(lesson.link), lesson.title);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    session.say(msg`This lesson does not open: ${error.message}.`, "warning");
  }
}

/** All views lie side by side, and Explore is the first of them. @param {Lesson} lesson @param {string} view */
function hrefOf({ link }, view) {
  const url = new URL(view === "explore" ? location.pathname : "./", location.href);
  return `${url.href}?${PARAMETER}=${link.replaceAll("%", "%25")}`;
}
