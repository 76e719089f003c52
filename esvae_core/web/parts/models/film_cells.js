/** Films of recordings beside each other: above each its original, if it has one, and the spikes it was decoded from. */

import { h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { fromBytes } from "../../math/image.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { paintSpikes } from "../shared/raster.js";

const COLOURS = 3; // the server sends polarities in red (brighter) and blue (darker)

export class FilmCells {
  /**
   * @param {RecordingListing} about
   * @param {number} count
   * @param {(k: number) => void} onchoose
   */
  constructor(about, count, onchoose) {
    this.about = about;
    const all = Array.from({ length: count }, (_, k) => k);
    this.rasters = all.map((k) =>
      h("canvas", { class: "small-raster", role: "img", "aria-label": msg`Latent spikes of recording ${k + 1}` }),
    );
    this.frames = all.map((k) => pixels(about.size, about.size, msg`Frame of recording ${k + 1}`, "thumb"));
    const words = msg`Move its firing rates`;
    this.choices = all.map((k) =>
      h("button", { type: "button", class: "bare", title: words, onclick: () => onchoose(k) }, this.frames[k]),
    );
    this.originals = all.map((k) => pixels(about.size, about.size, msg`Original of recording ${k + 1}`, "thumb"));
    this.element = h("div", { class: "film-row" }, this.originals, this.rasters, this.choices);
  }

  /** Mark the film whose rates are shown. @param {number} chosen */
  choose(chosen) {
    this.choices.forEach((choice, k) => choice.setAttribute("aria-pressed", String(k === chosen)));
  }

  /** @param {Film[]} films @param {number} upto the frame to show, 1 to T */
  draw(films, upto) {
    const { size, dims, steps } = this.about;
    const area = size ** 2 * COLOURS;
    films.forEach((film, k) => {
      const lead = stepsOf(film, dims) - steps; // steps of the decoder before the first frame
      paintSpikes(this.rasters[k], film.spikes, dims, lead + upto);
      const frameOf = (frames) => fromBytes(frames.subarray((upto - 1) * area, upto * area), COLOURS);
      drawPixels(this.frames[k], frameOf(film.frames), COLOURS);
      this.originals[k].hidden = !film.original;
      if (film.original) drawPixels(this.originals[k], frameOf(film.original), COLOURS);
    });
  }
}

/**
 * @typedef {{frames: Uint8Array, spikes: Uint8Array, rates: Uint16Array, original: Uint8Array|null}} Film frames and
 *   original (T, H, W, 3), spikes (L + T, d), rates (d) in units of 1/46080
 */

/** The films of an answer of the server, one for each recording. @param {NamedArrays} answer @returns {Film[]} */
export function filmsOf(answer) {
  const { samples, sampleSpikes, rates, originals } = answer;
  const count = rates.shape[0];
  const part = ({ values }, k) => values.subarray((k * values.length) / count, ((k + 1) * values.length) / count);
  return Array.from({ length: count }, (_, k) => ({
    frames: /** @type {Uint8Array} */ (part(samples, k)),
    spikes: /** @type {Uint8Array} */ (part(sampleSpikes, k)),
    rates: /** @type {Uint16Array} */ (part(rates, k)),
    original: originals ? /** @type {Uint8Array} */ (part(originals, k)) : null,
  }));
}

/** Steps of the decoder, those before the first frame among them. @param {Film} film @param {number} dims */
export function stepsOf({ spikes }, dims) {
  return spikes.length / dims;
}
