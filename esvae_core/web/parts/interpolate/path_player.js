/** The walk along a path: a slider and a button, and the place that they and undo lead to. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { commitSlides } from "../shared/slide.js";
import { PathPosition } from "./path_position.js";
import { playButton } from "./play_button.js";

/**
 * @param {Session} session
 * @param {() => import("./path_frames.js").PathFrames} path as it is now
 * @param {(k: number) => void} onframe called at which frame the walk is; -1: beside the path
 */
export function pathPlayer(session, path, onframe) {
  const { store, live } = session;
  const place = new PathPosition(path);
  const slider = h("input", { type: "range", min: 0, step: 0.001, "aria-label": msg`Place on the path` });
  slider.value = "0";
  const where = h("output", { class: "quiet" });
  const play = playButton({
    first: () => path().frameAt(Number(slider.value)),
    count: () => path().count,
    onframe: (k) => go(path().placeOf(k)),
    onstop: () => store.commit(msg`walk`),
  });

  /** Say at which frame the walk is; a picture from elsewhere leaves the slider behind. @param {number} k -1: none */
  function say(k) {
    const words = k < 0 ? msg`not a frame of the path` : msg`frame ${k + 1} of ${path().count}`;
    where.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    slider.classList.toggle("left-behind", k < 0);
  }

  /** @param {number} k -1: beside the path */
  function tell(k) {
    say(k);
    onframe(k);
  }

  /** Make a place on the path the rates. @param {number} to */
  function go(to) {
    slider.value = String(to);
    store.set({ rates: place.go(to) });
    tell(path().frameAt(to));
  }
  slider.oninput = (event) => {
    play.run(false);
    live.follow(event);
    go(Number(slider.value));
  };
  commitSlides(session, slider, () => msg`walk`);

  return {
    place,
    element: h("div", { class: "row" }, play, h("label", { class: "field grow" }, slider), where),
    /** Make a frame the rates. @param {number} k */
    pick(k) {
      go(path().placeOf(k));
      store.commit(msg`walk`);
    },
    /** The hand takes the rates elsewhere. */
    leave() {
      play.run(false);
      place.leave();
      tell(-1);
    },
    /**
     * Before the path is edited.
     * @returns {() => void} what brings the rates to the same place of the new path, if they were on the old one
     */
    hold() {
      const at = place.holds(store.state.rates) ? place.now : null;
      return () => at !== null && go(Math.min(at, path().end));
    },
    /** The path has changed. */
    fit() {
      slider.max = String(path().end);
      place.shorten();
      if (place.now !== null) say(place.frame());
    },
    /**
     * Undo and redo may lead to a frame, or away from the path.
     * @param {Uint16Array} rates
     * @param {Uint16Array[]} frames rates of each frame
     */
    find(rates, frames) {
      if (place.holds(rates)) return;
      const k = place.find(rates, frames);
      if (k >= 0) slider.value = String(place.now);
      tell(k);
    },
    stop: () => play.run(false),
  };
}
