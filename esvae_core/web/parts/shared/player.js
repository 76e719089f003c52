/** How many of the steps are shown: a slider, and a button that plays them. */

import { prefersReducedMotion, h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { spikeSound } from "./spike_sound.js";

const [BEAT, REDUCED_BEAT] = [250, 800]; // ms a step

/**
 * @param {Session} session
 * @param {Timeline} timeline
 */
export function player(session, timeline) {
  const slider = h("input", { type: "range", min: 1, step: 1, "aria-label": msg`Steps shown` });
  const play = h(
    "button",
    {
      type: "button",
      "aria-pressed": "false",
      title: msg`The time steps one after the other, in slow motion: spikes arrive, the picture forms`,
      onclick: () => run(!timer),
    },
    icon("play"),
    msg`Play`,
  );
  const words = h("output", {});
  const sound = spikeSound(session);
  const element = h("div", { class: "row player" }, play, sound, h("label", { class: "field grow" }, slider, words));
  let timer = 0;
  const beat = () => (prefersReducedMotion() ? REDUCED_BEAT : BEAT);

  function run(on) {
    clearInterval(timer);
    timer = 0;
    if (on && timeline.now) {
      if (timeline.now.upto === timeline.now.state.steps) timeline.show(1);
      sound.step(timeline.now.upto, beat());
      timer = setInterval(() => {
        if (!timeline.now) return;
        const { upto, state } = timeline.now;
        timeline.show(upto + 1);
        sound.step(upto + 1, beat());
        if (upto + 1 >= state.steps) run(false);
      }, beat());
    } else timeline.settle(msg`steps shown`);
    play.setAttribute("aria-pressed", String(on));
    play.firstChild?.replaceWith(icon(on ? "pause" : "play"));
  }

  slider.oninput = (event) => {
    if (timer) run(false);
    session.live.follow(event);
    timeline.show(Number(slider.value));
  };
  slider.onchange = () => timeline.settle(msg`step ${slider.value}`);

  const stop = timeline.on(({ upto, state }) => {
    slider.max = String(state.steps);
    slider.value = String(upto);
    slider.setAttribute("aria-valuetext", msg`${upto} of ${state.steps} steps`);
    words.textContent = `${upto}/${state.steps}`;
  });
  element.dispose = () => {
    if (timer) run(false);
    sound.dispose();
    stop();
  };
  return element;
}
