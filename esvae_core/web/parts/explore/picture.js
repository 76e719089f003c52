/** The picture, beside what it is compared with: the source, the difference, and other draws of the same rates. */

import { h, pixels } from "../../dom.js";
import { fromGrid, same } from "../../math/rates.js";
import { helpMark } from "../shared/help.js";
import { WORDS } from "../shared/noise_controls.js";
import { paint, paintDifference } from "../shared/paint.js";

const DRAWS = 16;

/**
 * @param {Session} session
 * @param {Playback|null} [playback] the steps that are shown
 */
export function picture(session, playback = null) {
  const { live, store, entry, engine, latent } = session;
  const { size, channels } = entry;
  const small = (label) => pixels(size, size, label, "thumb");
  const large = pixels(size, size, `Picture of the present ${latent.whole}`, "large");
  const compared = { source: small("Picture of the start"), difference: small("Picture minus that of the start") };
  const fromDraws = {
    mean: small(`Mean of ${DRAWS} draws of noise`),
    deviation: small(`How much noise changes it: standard deviation over ${DRAWS} draws`),
    typical: small("The most typical draw"),
    leastTypical: small("The least typical draw"),
  };
  const parts = latent.sampled ? { ...compared, ...fromDraws } : compared;
  const captions = {
    source: latent.sampled ? "start, same noise" : "start",
    difference: "difference",
    mean: `mean of ${DRAWS} draws`,
    deviation: "change by noise",
    typical: "most typical",
    leastTypical: "least typical",
  };
  const words = h("small", {});
  const take = (key) => h("button", { type: "button", class: "picked", title: "Take this draw's noise" }, parts[key]);
  const draws = latent.sampled ? { typical: take("typical"), leastTypical: take("leastTypical") } : {};
  const figure = (key) => h("figure", {}, draws[key] ?? parts[key], h("figcaption", {}, captions[key]));
  const element = h(
    "section",
    { class: "picture-part" },
    h("div", { class: "head" }, h("h2", {}, "Picture ", words), helpMark("picture")),
    large,
    h("div", { class: "thumbs" }, Object.keys(parts).map(figure)),
  );
  let known = null; // the source's picture, and what it was made from
  let statistics = { wanted: null, seeds: null };

  function sourceImage(state) {
    let rates;
    try {
      rates = session.ratesOf(state.source);
    } catch {
      return null;
    }
    const fits = known && known.seed === state.seed && known.sampler === state.sampler && known.steps === state.steps;
    if (fits && same(known.rates, rates)) return known.image;
    const image = engine.decode(engine.sample(fromGrid(rates), state.seed, state.sampler, state.steps), state.steps);
    known = { rates, seed: state.seed, sampler: state.sampler, steps: state.steps, image };
    return image;
  }

  function draw(now) {
    if (now.state.model !== entry.name) return;
    if (!playback) show(now);
    if (!engine) return;
    const image = sourceImage(now.state);
    if (image) {
      paint(parts.source, image, channels);
      paintDifference(parts.difference, now.image, image, channels);
    }
  }

  /** @param {{state: State, image: Float32Array, upto?: number}} shown */
  function show({ state, image, upto = state.steps }) {
    paint(large, image, channels);
    const kind = latent.counts ? "Poisson" : WORDS[state.sampler];
    const all = `${state.steps} time steps, ${kind} spikes`;
    words.textContent = latent.sampled ? (upto < state.steps ? `after ${upto} of ${state.steps} time steps` : all) : "";
  }

  async function showStatistics() {
    const { state } = store;
    if (!engine || !latent.sampled || state.model !== entry.name) return;
    try {
      const pool = await session.pool();
      const answer = await pool.latest(
        "noise statistics",
        "noiseStatistics",
        fromGrid(state.rates),
        state.seed,
        DRAWS,
        state.sampler,
        state.steps,
      );
      if (!answer || session.entry !== entry) return;
      statistics = answer;
      paint(parts.mean, answer.mean, channels);
      // a deviation of 1 is half the range from black to white; shown from black (none) to white
      paint(
        parts.deviation,
        answer.deviation.map((v) => 2 * Math.min(1, v) - 1),
        channels,
      );
      paint(parts.typical, answer.typical.image, channels);
      paint(parts.leastTypical, answer.leastTypical.image, channels);
      element.dataset.statistics = "there";
    } catch (error) {
      session.say(`Other draws are not shown: ${error.message}`);
    }
  }
  for (const [key, button] of Object.entries(draws)) {
    button.onclick = () => statistics[key] && store.change({ seed: statistics[key].seed }, `${captions[key]} draw`);
  }

  const stops = [live.on(draw), playback?.on(show) ?? (() => {}), store.on("commit", showStatistics)];
  showStatistics();
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}
