/** The noise that turns rates into spikes: its seed, its kind, how many steps, and a clock that draws it anew. */

import { focusedBeside, prefersReducedMotion, choice, h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { capitalized } from "../../math/axis.js";
import { MAX_SEED, MAX_STEPS } from "../../state/url_state.js";
import { commitSlides, keysOf } from "./slide.js";

/** @type {[Sampler, string, string][]} */
const SAMPLERS = [
  [
    "bernoulli",
    msg`Random (as in the paper)`,
    msg`Bernoulli spikes: at every step each neuron spikes with its rate as the probability, so the number of spikes varies.`,
  ],
  [
    "systematic",
    msg`Even`,
    msg`Systematic sampling: spikes evenly spaced from one random offset; T x rate of them, rounded up or down.`,
  ],
];

/** How a sampler is called on the screen. @type {Record<Sampler, string>} */
export const WORDS = { bernoulli: msg`random`, systematic: msg`even` };

/** Few digits: a seed that one can say aloud. */
export const newSeed = () => Math.floor(Math.random() * 10_000);

/** How rates become spikes: at random or evenly spaced. @param {Session} session */
export function samplerChoice({ store, latent }) {
  /** @type {typeof SAMPLERS} */
  const samplers = SAMPLERS.map(([value, label, help]) => [
    value,
    latent.stepwise ? capitalized(WORDS[value]) : label,
    help,
  ]);
  const element = choice(msg`Sampler`, samplers, store.state.sampler, (value) =>
    store.change({ sampler: value === "systematic" ? value : "bernoulli" }, msg`${WORDS[value]} spikes`),
  );
  element.dispose = store.on("state", ({ sampler }) => element.choose(sampler));
  return element;
}

/**
 * @param {Session} session
 * @param {{sampler?: boolean}} [shown] whether the sampler is chosen here, or elsewhere in the view
 */
export function noiseControls(session, { sampler: withSampler = true } = {}) {
  const { store, latent } = session;
  /** @type {(seed: number, keys?: unknown) => void} */
  const take = (seed, keys) => store.change({ seed }, msg`noise ${seed}`, keys);
  const seed = seedField(take);
  const title = msg`New noise`; // where the column is narrow, all that is seen of it is its icon
  const fresh = h(
    "button",
    { type: "button", class: "fresh-noise", title, onclick: () => take(newSeed()) },
    icon("dice"),
    h("span", {}, title),
  );
  const clock = redrawClock(store);
  const sampler = withSampler && !latent.counts ? samplerChoice(session) : null;
  const steps = stepsField(session);
  const element = h(
    "section",
    { class: "noise-part" },
    h("div", { class: "row" }, h("label", { class: "field" }, msg`Noise`, seed), fresh, clock.button),
    h("div", { class: "row" }, sampler, steps.element),
  );

  /** @param {State} state */
  function show(state) {
    if (focusedBeside(element) !== seed) seed.value = String(state.seed);
    steps.show(state.steps);
  }
  const stop = store.on("state", show);
  show(store.state);
  element.dispose = () => {
    stop();
    sampler?.dispose?.();
    clock.stop();
  };
  return element;
}

/** @param {(seed: number, keys: unknown) => void} take */
function seedField(take) {
  const seed = h("input", {
    type: "number",
    min: 0,
    max: MAX_SEED,
    step: 1,
    "aria-label": msg`Noise seed`,
    title: msg`The noise is frozen: one seed, one noise, so that what changes in the picture comes from the rates.`,
  });
  const keys = keysOf(seed);
  seed.onchange = () => {
    const value = Math.min(MAX_SEED, Math.max(0, Math.round(Number(seed.value) || 0)));
    seed.value = String(value);
    take(value, keys());
  };
  return seed;
}

/** A button that draws the noise anew several times a second, until it is pressed again. @param {Store} store */
function redrawClock(store) {
  let timer = 0;
  const button = h(
    "button",
    {
      type: "button",
      "aria-pressed": "false",
      title: msg`Redraw the noise several times a second: what changes is what the noise costs`,
      onclick: () => redraw(!timer),
    },
    icon("play"),
    msg`Keep redrawing`,
  );

  function redraw(on) {
    clearInterval(timer);
    timer = on ? setInterval(() => store.set({ seed: newSeed() }), prefersReducedMotion() ? 1000 : 250) : 0;
    button.setAttribute("aria-pressed", String(on));
    button.firstChild?.replaceWith(icon(on ? "pause" : "play"));
    if (!on) store.commit(msg`noise redrawn`);
  }
  return { button, stop: () => timer && redraw(false) };
}

/** @param {Session} session */
function stepsField(session) {
  const { store, live, entry, latent } = session;
  const steps = h("input", {
    type: "range",
    min: 1,
    max: MAX_STEPS,
    step: 1,
    "aria-label": msg`Time steps T`,
    title: latent.counts
      ? msg`Over how many steps the counts are spread; counts and picture stay the same.`
      : msg`The model was trained with T = ${entry.steps}; other values are an experiment.`,
  });
  const number = h("output", {});
  const words = h("span", { class: "steps-name" }, msg`Time steps T`);
  // below the name, at every T: beside the number it would take the track's length, and change it under the hand
  if (!latent.counts) words.append(h("small", { class: "quiet" }, msg`trained: ${entry.steps}`));
  steps.oninput = (event) => {
    live.follow(event);
    store.set({ steps: Number(steps.value) });
  };
  commitSlides(session, steps, () => msg`T = ${steps.value}`);
  return {
    element: h("label", { class: "field grow steps-field" }, words, steps, number),
    /** @param {number} count */
    show(count) {
      steps.value = number.textContent = String(count);
      const other = !latent.counts && count !== entry.steps;
      steps.setAttribute("aria-valuetext", other ? msg`${count} (trained: ${entry.steps})` : `${count}`);
    },
  };
}
