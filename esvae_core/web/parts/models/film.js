/** New recordings of a model of recordings, played: above each film the latent spikes that it was decoded from. */

import { h, icon, pixels } from "../../dom.js";
import { fromBytes } from "../../math/image.js";
import { paint } from "../shared/paint.js";
import { player } from "../shared/player.js";
import { paintSpikes } from "../shared/raster.js";

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
  for (let k = 1; k <= SHOWN; k++) {
    rasters.push(h("canvas", { class: "small-raster", role: "img", "aria-label": `Latent spikes of recording ${k}` }));
    frames.push(pixels(about.size, about.size, `Frame of recording ${k}`, "thumb"));
  }
  const note = h("p", { class: "quiet", role: "status" });
  const again = h(
    "button",
    { type: "button", title: "Other rates from the prior, and other noise", onclick: () => draw(seed + 1) },
    icon("dice"),
    "Others",
  );
  const element = h(
    "div",
    { class: "films" },
    h("div", { class: "film-row" }, rasters, frames),
    h("div", { class: "row" }, steps, again),
    note,
  );
  let seed = 0;
  let drawn = null;

  async function draw(wanted) {
    seed = wanted;
    note.textContent = "Drawing …";
    try {
      const { samples, sampleSpikes } = await session.backend.recordings(about.name, seed, SHOWN);
      if (seed !== wanted) return;
      drawn = { samples: samples.values, spikes: sampleSpikes.values };
      note.textContent = `New recordings from the prior, seed ${seed}. Red: it became brighter; blue: darker.`;
      show();
    } catch (error) {
      if (seed === wanted) note.textContent = `No recordings: ${error.message}.`;
    }
  }

  function show() {
    if (!drawn) return;
    const { upto } = timeline.now;
    const [area, cells] = [about.size ** 2 * COLOURS, drawn.spikes.length / SHOWN];
    const lead = cells / about.dims - about.steps; // steps of the decoder before the first frame
    for (let k = 0; k < SHOWN; k++) {
      paintSpikes(rasters[k], drawn.spikes.subarray(k * cells, (k + 1) * cells), about.dims, lead + upto);
      const from = (k * about.steps + upto - 1) * area;
      paint(frames[k], fromBytes(drawn.samples.subarray(from, from + area), COLOURS), COLOURS);
    }
  }

  const stop = timeline.on(show);
  draw(0);
  element.dispose = () => {
    seed = -1;
    stop();
    steps.dispose();
  };
  return element;
}
