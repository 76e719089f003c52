/** Play and pause: walks from frame to frame, there and back. */

import { h, icon, prefersReducedMotion } from "../../dom.js";
import { msg } from "../../messages.js";
import { nextFrame } from "./path_frames.js";

const [BEAT, REDUCED_BEAT] = [120, 600]; // ms a frame

/**
 * @param {{first: () => number, count: () => number, onframe: (k: number) => void, onstop: () => void}} path the frame
 *   to begin with, how many there are, and what is told
 */
export function playButton({ first, count, onframe, onstop }) {
  const button = h("button", { type: "button", onclick: () => run(!timer) });
  let timer = 0;

  /** @param {boolean} on */
  function run(on) {
    if (on === Boolean(timer)) return;
    clearInterval(timer);
    timer = 0;
    if (on) {
      let at = { k: first(), step: 1 };
      const next = () => {
        at = nextFrame(at, count());
        onframe(at.k);
      };
      timer = setInterval(next, prefersReducedMotion() ? REDUCED_BEAT : BEAT);
    } else onstop();
    show();
  }

  function show() {
    button.setAttribute("aria-pressed", String(Boolean(timer)));
    button.replaceChildren(icon(timer ? "pause" : "play"), timer ? msg`Pause` : msg`Play`);
  }
  show();
  return Object.assign(button, { run });
}
