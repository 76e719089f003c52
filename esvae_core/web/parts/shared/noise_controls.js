/** The noise that turns rates into spikes: its seed, its kind, how many steps, and a metronome that changes it. */

import { focusedBeside, prefersReducedMotion, choice, h, icon } from "../../dom.js";
import { MAX_SEED, MAX_STEPS } from "../../state/url_state.js";

/** @type {[Sampler, string, string][]} */
const SAMPLERS = [
  [
    "bernoulli",
    "Bernoulli",
    "As published: every step is a coin with the rate as its chance, so the number of spikes varies.",
  ],
  ["systematic", "Systematic", "Spikes evenly spaced from one random offset: T x rate of them, rounded up or down."],
];

/** Few digits: a seed that one can say aloud. */
export const newSeed = () => Math.floor(Math.random() * 10_000);

/** @param {Session} session */
export function noiseControls(session) {
  const { store, entry, latent } = session;
  const seed = h("input", {
    type: "number",
    min: 0,
    max: MAX_SEED,
    step: 1,
    "aria-label": "Noise seed",
    title: "The noise is frozen: one seed, one noise, so that what changes in the picture comes from the rates.",
  });
  seed.onchange = () => {
    const value = Math.min(MAX_SEED, Math.max(0, Math.round(Number(seed.value) || 0)));
    seed.value = String(value);
    store.change({ seed: value }, `noise ${value}`);
  };
  const fresh = h(
    "button",
    {
      type: "button",
      onclick: () => {
        const value = newSeed();
        store.change({ seed: value }, `noise ${value}`);
      },
    },
    icon("dice"),
    "New noise",
  );
  const beat = h(
    "button",
    {
      type: "button",
      "aria-pressed": "false",
      title: "New noise several times a second",
      onclick: () => metronome(!timer),
    },
    icon("play"),
    "Metronome",
  );
  const sampler = choice("Sampler", SAMPLERS, store.state.sampler, (value) =>
    store.change({ sampler: value === "systematic" ? value : "bernoulli" }, value),
  );
  const steps = h("input", {
    type: "range",
    min: 1,
    max: MAX_STEPS,
    step: 1,
    "aria-label": "Time steps T",
    title: latent.counts
      ? "Over how many steps the counts are spread; counts and picture stay the same."
      : `The model was trained with T = ${entry.steps}; other values are an experiment.`,
  });
  const number = h("output", {});
  steps.oninput = (event) => {
    session.live.follow(event);
    store.set({ steps: Number(steps.value) });
  };
  steps.onchange = () => store.commit(`T = ${steps.value}`);
  const element = h(
    "section",
    { class: "noise-part" },
    h("div", { class: "row" }, h("label", { class: "field" }, "Seed", seed), fresh, beat),
    h(
      "div",
      { class: "row" },
      latent.counts ? h("span", {}, "Poisson counts") : sampler,
      h("label", { class: "field grow" }, "T", steps, number),
    ),
  );
  let timer = 0;

  function metronome(on) {
    clearInterval(timer);
    timer = on ? setInterval(() => store.set({ seed: newSeed() }), prefersReducedMotion() ? 1000 : 250) : 0;
    beat.setAttribute("aria-pressed", String(on));
    beat.replaceChild(icon(on ? "pause" : "play"), beat.firstChild);
    if (!on) store.commit("metronome");
  }

  function show(state) {
    if (focusedBeside(element) !== seed) seed.value = String(state.seed);
    sampler.choose(state.sampler);
    steps.value = String(state.steps);
    number.textContent =
      latent.counts || state.steps === entry.steps ? `${state.steps}` : `${state.steps} (trained: ${entry.steps})`;
  }
  const stop = store.on("state", show);
  show(store.state);
  element.dispose = () => {
    stop();
    if (timer) metronome(false);
  };
  return element;
}
