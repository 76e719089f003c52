/** How many of the steps are shown: a slider, and a button that plays them. */

import { prefersReducedMotion, h, icon } from "../../dom.js";

const [BEAT, REDUCED_BEAT] = [180, 800]; // ms a step

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function player(session, trace) {
  const { store } = session;
  const slider = h("input", { type: "range", min: 1, step: 1, "aria-label": "Steps shown" });
  const play = h(
    "button",
    { type: "button", "aria-pressed": "false", onclick: () => run(!timer) },
    icon("play"),
    "Play",
  );
  const words = h("output", {});
  const element = h("div", { class: "row player" }, play, h("label", { class: "field grow" }, slider, words));
  let timer = 0;

  const show = (upto, label) => trace.remember({ upto: upto >= store.state.steps ? "" : String(upto) }, label);

  function run(on) {
    clearInterval(timer);
    timer = 0;
    if (on) {
      if (trace.now.upto === trace.now.state.steps) show(1);
      timer = setInterval(
        () => {
          const { upto, state } = trace.now;
          show(upto + 1);
          if (upto + 1 >= state.steps) run(false);
        },
        prefersReducedMotion() ? REDUCED_BEAT : BEAT,
      );
    } else store.commit("steps shown");
    play.setAttribute("aria-pressed", String(on));
    play.replaceChild(icon(on ? "pause" : "play"), play.firstChild);
  }

  slider.oninput = (event) => {
    if (timer) run(false);
    session.live.follow(event);
    show(Number(slider.value));
  };
  slider.onchange = () => store.commit(`step ${slider.value}`);

  const stop = trace.on(({ upto, state }) => {
    slider.max = String(state.steps);
    slider.value = String(upto);
    slider.setAttribute("aria-valuetext", `${upto} of ${state.steps} steps`);
    words.textContent = `${upto}/${state.steps}`;
  });
  element.dispose = () => {
    if (timer) run(false);
    stop();
  };
  return element;
}
