/**
 * Recordings of a model of such, played, new ones or those of the test split: above each film the latent spikes that it
 * was decoded from; below them the rates of the chosen one, which can be moved.
 */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { player } from "../shared/player.js";
import { FilmCells, filmsOf, stepsOf } from "./film_cells.js";
import { filmRates } from "./film_rates.js";
import { FilmTimeline } from "./film_timeline.js";

/** @import {Film} from "./film_cells.js" */

const SHOWN = 6;

/**
 * @param {Session} session
 * @param {RecordingListing} about
 */
export function films(session, about) {
  const timeline = new FilmTimeline(about.steps);
  const steps = player(session, timeline);
  const cells = new FilmCells(about, SHOWN, choose);
  const note = h("p", { class: "quiet", role: "status" });
  const again = h(
    "button",
    { type: "button", title: msg`Other recordings, and other noise`, onclick: () => draw(seed + 1) },
    icon("dice"),
    msg`Others`,
  );
  const source = h(
    "select",
    { "aria-label": msg`Which recordings`, onchange: () => draw(0) },
    h("option", { value: "prior" }, msg`new, from the prior`),
    h("option", { value: "test" }, msg`test recordings, encoded`),
  );
  const heading = h("h3", { hidden: true });
  const bars = h("div", {});
  const element = h(
    "div",
    { class: "films" },
    cells.element,
    h("div", { class: "row" }, steps, source, again),
    note,
    heading,
    bars,
  );
  let seed = 0;
  /** @type {Film[]} */
  let drawn = [];
  /** @type {ReturnType<typeof filmRates>|null} */
  let rates = null;

  async function draw(wanted) {
    seed = wanted;
    const chosen = source.value;
    const late = () => seed !== wanted || source.value !== chosen;
    const { backend } = session;
    note.textContent = msg`Drawing …`;
    try {
      const ask = chosen === "test" ? backend.reconstructions : backend.recordings;
      const recordings = await ask?.(about.name, seed, SHOWN);
      if (!recordings || late()) return;
      drawn = filmsOf(recordings);
      choose(0);
      note.textContent =
        chosen === "test"
          ? msg`Test recordings: the original, the latent spikes, and what the model makes of it. Red: it became brighter; blue: darker.`
          : msg`New recordings from the prior, seed ${seed}. Red: it became brighter; blue: darker.`;
      show();
    } catch (error) {
      if (!late()) note.textContent = msg`No recordings: ${error.message}.`;
    }
  }

  /** Have the rates of a recording below. @param {number} k */
  function choose(k) {
    if (!drawn.length) return;
    cells.choose(k);
    heading.hidden = false;
    heading.textContent = msg`Firing rates of recording ${k + 1}`;
    const lead = stepsOf(drawn[k], about.dims) - about.steps;
    heading.title = lead ? msg`Over ${lead + about.steps} steps, ${lead} of them before the first frame` : "";
    rates?.dispose();
    const its = { rates: drawn[k].rates, seed, steps: stepsOf(drawn[k], about.dims) };
    rates = filmRates(session, about, its, (recording) => {
      drawn[k] = { ...filmsOf(recording)[0], original: drawn[k].original };
      show();
    });
    bars.replaceChildren(rates);
  }

  const show = () => cells.draw(drawn, timeline.now.upto);
  const stop = timeline.on(show);
  draw(0);
  element.dispose = () => {
    seed = -1;
    stop();
    rates?.dispose();
    steps.dispose?.();
  };
  return element;
}
