/**
 * The tour: a small card beside one part of the page after the other. It can be ended at any step, by Escape, too; the
 * page stays usable meanwhile.
 */

import { focusedBeside, h } from "../../dom.js";
import { TOUR, WORDS } from "./help_texts.js";
import { remember } from "../../state/remembered.js";

const [GAP, MARGIN] = [12, 8]; // px between card and part, and to the edge of the window
const NAVIGATION = 60; // px of the navigation, which stays above the page

/** Name under which the browser keeps that somebody has seen it, or does not want to. */
export const SEEN = "tour";

/** @param {HTMLElement} stage with the view in it */
export function startTour(stage) {
  stage.querySelector(".tour-card")?.dispatchEvent(new Event("leave"));
  remember(SEEN);
  const steps = TOUR.filter(({ at }) => stage.querySelector(at));
  const before = focusedBeside(stage);
  const { card, say, title } = tourCard({
    back: () => show(now - 1),
    next: () => show(now + 1),
    skip: () => leave(),
  });
  let now = 0;

  function show(step) {
    if (step >= steps.length) return leave();
    now = step;
    mark(null);
    const part = stage.querySelector(steps[now].at);
    if (!(part instanceof HTMLElement)) return leave(); // the view has changed
    mark(part);
    say(steps[now], now, steps.length);
    bringIntoView(stage, part);
    put(card, part.getBoundingClientRect());
    title.focus({ preventScroll: true }); // so that a screen reader reads the step
  }

  /** @param {HTMLElement|null} part */
  function mark(part) {
    stage.querySelector(".touring")?.classList.remove("touring");
    part?.classList.add("touring");
  }

  function leave() {
    mark(null);
    card.remove();
    removeEventListener("keydown", onkey, true);
    removeEventListener("resize", again);
    focusAfter(stage, before);
  }

  /** @param {KeyboardEvent} event */
  function onkey(event) {
    if (!card.isConnected) return leave();
    if (event.key !== "Escape") return;
    event.stopPropagation();
    leave();
  }
  const again = () => (card.isConnected ? show(now) : leave());

  card.addEventListener("leave", leave);
  addEventListener("keydown", onkey, true);
  addEventListener("resize", again);
  stage.append(card);
  card.showPopover();
  show(0);
}

/**
 * To the middle of the window; if its heading would be hidden then, so far that the heading is to be seen.
 * @param {HTMLElement} stage
 * @param {HTMLElement} part
 */
function bringIntoView(stage, part) {
  part.scrollIntoView({ block: "center" });
  const heading = headingOf(part);
  const free = coveredBy(stage.querySelector(".picture-part"), part) + MARGIN;
  if (heading.getBoundingClientRect().top >= free) return;
  heading.style.scrollMarginTop = `${free}px`;
  heading.scrollIntoView({ block: "start" });
  heading.style.scrollMarginTop = "";
}

/** In the part, or beside it as that of the bars. @param {HTMLElement} part @returns {HTMLElement} the part, without one */
function headingOf(part) {
  const beside = part.previousElementSibling;
  if (part.querySelector("h2") || !(beside instanceof HTMLElement) || !beside.matches(".head")) return part;
  return beside;
}

/**
 * How much of the window's top other things cover: on a phone the picture, too, which stays in sight.
 * @param {Element|null} picture
 * @param {HTMLElement} part
 */
function coveredBy(picture, part) {
  if (!(picture instanceof HTMLElement) || picture === part) return NAVIGATION;
  const { position, top } = getComputedStyle(picture);
  return position === "sticky" ? Math.max(NAVIGATION, parseFloat(top) + picture.offsetHeight) : NAVIGATION;
}

/**
 * Back to where the focus was; the line on top is gone with its button, and the tour is under Help from then on.
 * @param {HTMLElement} stage
 * @param {Element|null} before what had the focus
 */
function focusAfter(stage, before) {
  const there = before instanceof HTMLElement && before !== document.body && before.checkVisibility();
  const target = there ? before : stage.querySelector("button.help-button");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}

/** The card, and what puts a step's words on it. @param {Record<"back"|"next"|"skip", () => void>} handlers */
function tourCard(handlers) {
  const title = h("h2", { id: "tour-title", tabindex: -1 });
  const text = h("p", { id: "tour-text" });
  const place = h("span", { class: "quiet" });
  const back = h("button", { type: "button", onclick: handlers.back }, WORDS.back);
  const next = h("button", { type: "button", class: "first", onclick: handlers.next });
  const skip = h("button", { type: "button", class: "bare", onclick: handlers.skip }, WORDS.skip);
  const card = h(
    "div",
    {
      class: "tour-card",
      role: "dialog",
      popover: "manual",
      "aria-labelledby": "tour-title",
      "aria-describedby": "tour-text",
    },
    title,
    text,
    h("div", { class: "row tour-row" }, place, skip, h("span", { class: "row tight" }, back, next)),
  );
  /** @param {(typeof TOUR)[number]} step @param {number} i its number from 0 @param {number} count of all */
  const say = (step, i, count) => {
    const last = i === count - 1;
    title.textContent = step.title;
    text.textContent = step.text;
    place.textContent = WORDS.place(i + 1, count);
    back.disabled = i === 0;
    next.textContent = last ? WORDS.done : WORDS.next;
    skip.hidden = last;
  };
  return { card, title, say };
}

/** Beside a part, where there is room: right, left, below, above, else at the lower edge. */
function put(card, part) {
  const { width, height } = card.getBoundingClientRect();
  const middle = part.top + part.height / 2 - height / 2;
  const across = part.left + part.width / 2 - width / 2;
  const [left, top] = [
    [part.right + GAP, middle],
    [part.left - GAP - width, middle],
    [across, part.bottom + GAP],
    [across, part.top - GAP - height],
  ].find(([x, y], i) =>
    i < 2 ? x >= MARGIN && x + width <= innerWidth - MARGIN : y >= MARGIN && y + height <= innerHeight - MARGIN,
  ) ?? [(innerWidth - width) / 2, innerHeight - height - 2 * MARGIN];
  card.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - width - MARGIN))}px`;
  card.style.top = `${Math.max(MARGIN, Math.min(top, innerHeight - height - MARGIN))}px`;
}
