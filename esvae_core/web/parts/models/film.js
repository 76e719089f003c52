/**
 * New recordings of a model of recordings, played: above each film the latent spikes that it was decoded from; below
 * them the rates of the chosen one, which can be moved.
 */

import { h, icon, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { fromBytes } from "../../math/image.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { player } from "../shared/player.js";
import { paintSpikes } from "../shared/raster.js";
import { filmRates } from "./film_rates.js";

const SHOWN = 6;
const COLOURS = 3; // the server sends polarities in red (brighter) and blue (darker)

/** The steps of the films that are shown, as a player moves them. */
class Steps {
  /** @type {Set<(now: {upto: number, state: {steps: number}}) => void>} */
  #listeners = new Set();

  /** @param {number} steps */
  constructor(steps) {
    this.now = { upto: steps, state: { steps } };
  }

  on(listener) {
    this.#listeners.add(listener);
    listener(this.now);
    return () => this.#listeners.delete(listener);
  }

  /** @param {number} upto 1 to T */
  show(upto) {
    this.now = { ...this.now, upto };
    for (const listener of this.#listeners) listener(this.now);
  }

  settle() {}
}

/**
 * @param {Session} session
 * @param {ModelListing} about a model of recordings
 */
export function films(session, about) {
  const timeline = new Steps(about.steps);
  const steps = player(session, timeline);
  const rasters = [];
  const frames = [];
  const choices = [];
  for (let k = 1; k <= SHOWN; k++) {
    rasters.push(
      h("canvas", { class: "small-raster", role: "img", "aria-label": msg`Latent spikes of recording ${k}` }),
    );
    frames.push(pixels(about.size, about.size, msg`Frame of recording ${k}`, "thumb"));
    const attributes = {
      type: "button",
      class: "bare",
      title: msg`Move its firing rates`,
      onclick: () => choose(k - 1),
    };
    choices.push(h("button", attributes, frames[k - 1]));
  }
  const note = h("p", { class: "quiet", role: "status" });
  const again = h(
    "button",
    { type: "button", title: msg`Other rates from the prior, and other noise`, onclick: () => draw(seed + 1) },
    icon("dice"),
    msg`Others`,
  );
  const heading = h("h3", {});
  const bars = h("div", {});
  const element = h(
    "div",
    { class: "films" },
    h("div", { class: "film-row" }, rasters, choices),
    h("div", { class: "row" }, steps, again),
    note,
    heading,
    bars,
  );
  let seed = 0;
  /** @type {Film[]} */
  let drawn = [];
  let rates = null;

  async function draw(wanted) {
    seed = wanted;
    note.textContent = msg`Drawing …`;
    try {
      const recordings = await session.backend.recordings(about.name, seed, SHOWN);
      if (seed !== wanted) return;
      drawn = filmsOf(recordings);
      choose(0);
      note.textContent = msg`New recordings from the prior, seed ${seed}. Red: it became brighter; blue: darker.`;
      show();
    } catch (error) {
      if (seed === wanted) note.textContent = msg`No recordings: ${error.message}.`;
    }
  }

  /** Have the rates of a recording below. @param {number} k */
  function choose(k) {
    if (!drawn.length) return;
    choices.forEach((choice, i) => choice.setAttribute("aria-pressed", String(i === k)));
    heading.textContent = msg`Firing rates of recording ${k + 1}`;
    rates?.dispose();
    rates = filmRates(session, about, { rates: drawn[k].rates, seed, steps: stepsOf(drawn[k]) }, (recording) => {
      [drawn[k]] = filmsOf(recording);
      show();
    });
    bars.replaceChildren(rates);
  }

  const stepsOf = ({ spikes }) => spikes.length / about.dims;

  function show() {
    const { upto } = timeline.now;
    const area = about.size ** 2 * COLOURS;
    drawn.forEach((film, k) => {
      const lead = stepsOf(film) - about.steps; // steps of the decoder before the first frame
      paintSpikes(rasters[k], film.spikes, about.dims, lead + upto);
      const frame = film.frames.subarray((upto - 1) * area, upto * area);
      drawPixels(frames[k], fromBytes(frame, COLOURS), COLOURS);
    });
  }

  const stop = timeline.on(show);
  draw(0);
  element.dispose = () => {
    seed = -1;
    stop();
    rates?.dispose();
    steps.dispose();
  };
  return element;
}

/**
 * @typedef {{frames: Uint8Array, spikes: Uint8Array, rates: Uint16Array}} Film frames (T, H, W, 3), spikes (L + T, d),
 *   rates (d) in units of 1/46080
 */

/** The films of an answer of the server, one for each recording. @param {NamedArrays} answer @returns {Film[]} */
function filmsOf(answer) {
  const { samples, sampleSpikes, rates } = answer;
  const count = rates.shape[0];
  const part = ({ values }, k) => values.subarray((k * values.length) / count, ((k + 1) * values.length) / count);
  return Array.from({ length: count }, (_, k) => ({
    frames: /** @type {Uint8Array} */ (part(samples, k)),
    spikes: /** @type {Uint8Array} */ (part(sampleSpikes, k)),
    rates: /** @type {Uint16Array} */ (part(rates, k)),
  }));
}
