/** Presentation: the picture, bars and spikes alone, over the whole window. The link keeps whether it is on. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { stageOf } from "../shared/help.js";

const KEY = "p";
const WRITES = "input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/**
 * The button that starts it, and in `leave` the one that ends it.
 * @param {Session} session
 */
export function presentation({ store }) {
  const { enter, leave } = buttonsOf(turn);
  const on = () => store.state.view.present === "1";

  /** @param {boolean} wanted */
  function turn(wanted) {
    if (wanted === on()) return;
    store.showAs("present", wanted ? "1" : null);
    if (!wanted) enter.focus({ preventScroll: true });
  }

  /** Above all that surrounds the view, as the browser's top layer is. */
  function show() {
    const stage = stageOf(leave);
    if (!stage || stage.classList.contains("presenting") === on()) return;
    stage.classList.toggle("presenting", on());
    stage.popover = on() ? "manual" : null; // without the attribute it is in its place again
    if (on()) stage.showPopover();
  }

  /** @param {KeyboardEvent} event */
  const onkey = (event) => {
    const [target] = event.composedPath();
    if (target instanceof Element && target.matches(WRITES)) return;
    turn(wantedByKey(event, on()));
  };
  addEventListener("keydown", onkey);
  const stop = store.on("state", show);
  requestAnimationFrame(show); // when the view is in its place
  return Object.assign(enter, {
    leave,
    dispose() {
      stop();
      removeEventListener("keydown", onkey);
      const stage = stageOf(leave);
      stage?.classList.remove("presenting");
      if (stage) stage.popover = null;
    },
  });
}

/** The button that starts it, and the one that ends it. @param {(wanted: boolean) => void} turn */
function buttonsOf(turn) {
  const enter = h(
    "button",
    {
      type: "button",
      class: "small present",
      "aria-label": msg`Present`,
      title: msg`Picture, bars and spikes alone (P)`,
      onclick: () => turn(true),
    },
    icon("present"),
    h("span", {}, msg`Present`),
  );
  const leave = h(
    "button",
    {
      type: "button",
      class: "bare leave-presentation",
      "aria-label": msg`Leave the presentation`,
      title: msg`Leave the presentation (Escape)`,
      onclick: () => turn(false),
    },
    icon("close"),
  );
  return { enter, leave };
}

/**
 * Whether the presentation is on after a key.
 * @param {Pick<KeyboardEvent, "key"|"ctrlKey"|"metaKey"|"altKey">} event
 * @param {boolean} on whether it is now
 */
export function wantedByKey({ key, ctrlKey, metaKey, altKey }, on) {
  if (ctrlKey || metaKey || altKey) return on;
  if (key === "Escape") return false;
  return key.toLowerCase() === KEY ? !on : on;
}
