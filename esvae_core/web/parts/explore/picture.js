/** The picture, beside what it is compared with: the source, the difference, and other draws of the same rates. */

import { h, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { fromGrid, same } from "../../math/rates.js";
import { helpMark } from "../shared/help.js";
import { WORDS } from "../shared/noise_controls.js";
import { drawPixels, drawDifference } from "../shared/draw_pixels.js";
import { keyOf, sourceImage } from "../shared/source_image.js";

const DRAWS = 16;

/** Small pictures beside the large one, with their labels; of the two draws one can take the noise. */
const COMPARED = {
  original: msg`The image itself, which the encoder saw`,
  source: msg`Picture of the start`,
  difference: msg`Picture minus that of the start`,
};
const OF_DRAWS = {
  mean: msg`Mean of ${DRAWS} draws of noise`,
  deviation: msg`How much noise changes it: standard deviation over ${DRAWS} draws`,
  typical: msg`The most typical draw`,
  leastTypical: msg`The least typical draw`,
};

/** @param {boolean} sampled whether noise draws anything */
const captionsOf = (sampled) => ({
  original: msg`original`,
  source: sampled ? msg`start, same noise` : msg`start`,
  difference: msg`difference`,
  mean: msg`mean of ${DRAWS} draws`,
  deviation: msg`change by noise`,
  typical: msg`most typical`,
  leastTypical: msg`least typical`,
});

/**
 * @param {Session} session
 * @param {Playback|null} [playback] the steps that are shown
 */
export function picture(session, playback = null) {
  const { live, store, entry, engine, latent } = session;
  const { channels } = entry;
  const captions = captionsOf(latent.sampled);
  const { element, large, words, canvases, takes, figures } = elementsOf(session, captions);
  const source = has(session, "engine") ? sourcePictures(session) : null;
  let original = ""; // source whose image is shown
  /** Draws whose noise can be taken. @type {Record<string, {seed: number}>} */
  let statistics = {};

  /** @param {Decoded} now */
  function draw(now) {
    if (now.state.model !== entry.name) return;
    if (!playback) show(now);
    showOriginal(now.state);
    const image = source ? source(now.state) : null;
    if (!image) return;
    drawPixels(canvases.source, image, channels);
    drawDifference(canvases.difference, now.image, image, channels);
  }

  /** Beside the picture, where the source is an image that is at hand. @param {State} state */
  async function showOriginal({ source }) {
    const key = keyOf(source);
    if (key === original) return;
    original = key;
    const image = await sourceImage(session, source);
    if (key !== original) return;
    figures.original.hidden = !image;
    if (image) drawPixels(canvases.original, image, channels);
  }

  /** @param {{state: State, image: Float32Array, upto?: number}} shown */
  function show({ state, image, upto = state.steps }) {
    drawPixels(large, image, channels);
    words.textContent = stepWords(latent, state, upto);
  }

  async function showStatistics() {
    const { state } = store;
    if (!engine || !latent.sampled || state.model !== entry.name) return;
    const { seed, sampler, steps } = state;
    try {
      const pool = await session.pool();
      const asked = [fromGrid(state.rates), seed, DRAWS, sampler, steps];
      const answer = await pool.latest("noise statistics", "noiseStatistics", ...asked);
      if (!answer || session.entry !== entry) return;
      statistics = answer;
      paintStatistics(canvases, answer, channels);
      element.dataset.statistics = "there";
    } catch (error) {
      session.say(msg`Other draws are not shown: ${error.message}`);
    }
  }
  for (const [key, button] of Object.entries(takes)) {
    button.onclick = () => statistics[key] && store.change({ seed: statistics[key].seed }, msg`${captions[key]} draw`);
  }

  const stops = [live.on(draw), playback?.on(show) ?? (() => {}), store.on("commit", showStatistics)];
  showStatistics();
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}

/** @param {Session} session @param {Record<string, string>} captions of the small pictures */
function elementsOf({ entry: { size }, latent }, captions) {
  const large = pixels(size, size, msg`Picture of the present ${latent.whole}`, "large");
  const labels = latent.sampled ? { ...COMPARED, ...OF_DRAWS } : COMPARED;
  /** @type {Record<string, HTMLCanvasElement>} */
  const canvases = Object.fromEntries(
    Object.entries(labels).map(([key, label]) => [key, pixels(size, size, label, "thumb")]),
  );
  const take = (key) =>
    h("button", { type: "button", class: "picked", title: msg`Take this draw's noise` }, canvases[key]);
  /** @type {Record<string, HTMLButtonElement>} */
  const takes = latent.sampled ? { typical: take("typical"), leastTypical: take("leastTypical") } : {};
  const figures = Object.fromEntries(
    Object.keys(canvases).map((key) => [
      key,
      h("figure", {}, takes[key] ?? canvases[key], h("figcaption", {}, captions[key])),
    ]),
  );
  figures.original.hidden = true; // until it is known to be at hand
  const of = (names) => Object.keys(names).map((key) => figures[key]);
  const words = h("small", {});
  const element = h(
    "section",
    { class: "picture-part" },
    h("div", { class: "head" }, h("h2", {}, msg`Picture `, words), helpMark("picture")),
    large,
    h("div", { class: "thumbs beside" }, of(COMPARED)),
    latent.sampled && h("div", { class: "thumbs" }, of(OF_DRAWS)),
  );
  return { element, large, words, canvases, takes, figures };
}

/**
 * Gives pictures of the source's own rates under a state's noise, null where these are not at hand; the last is kept.
 * @param {Having<"engine">} session
 * @returns {(state: State) => Float32Array|null}
 */
function sourcePictures(session) {
  const { engine } = session;
  /** @type {Pick<State, "rates"|"seed"|"sampler"|"steps"> & {image: Float32Array}|null} */
  let known = null;
  return ({ source, seed, sampler, steps }) => {
    let rates;
    try {
      rates = session.ratesOf(source);
    } catch {
      return null;
    }
    const fits = known?.seed === seed && known.sampler === sampler && known.steps === steps ? known : null;
    if (fits && same(fits.rates, rates)) return fits.image;
    const image = engine.decode(engine.sample(fromGrid(rates), seed, sampler, steps), steps);
    known = { rates, seed, sampler, steps, image };
    return image;
  };
}

/**
 * What the large picture is of.
 * @param {Latent} latent
 * @param {State} state
 * @param {number} upto steps that are shown
 */
function stepWords(latent, { steps, sampler }, upto) {
  if (!latent.sampled) return "";
  if (upto < steps) return msg`after ${upto} of ${steps} time steps`;
  return msg`${steps} time steps, ${latent.counts ? msg`Poisson` : WORDS[sampler]} spikes`;
}

/**
 * @param {Record<string, HTMLCanvasElement>} canvases
 * @param {{mean: Float32Array, deviation: Float32Array} & Record<"typical"|"leastTypical", {image: Float32Array}>} found
 * @param {number} channels
 */
function paintStatistics(canvases, { mean, deviation, typical, leastTypical }, channels) {
  // a deviation of 1 is half the range from black to white; shown from black (none) to white
  const shown = deviation.map((v) => 2 * Math.min(1, v) - 1);
  drawPixels(canvases.mean, mean, channels);
  drawPixels(canvases.deviation, shown, channels);
  drawPixels(canvases.typical, typical.image, channels);
  drawPixels(canvases.leastTypical, leastTypical.image, channels);
}
