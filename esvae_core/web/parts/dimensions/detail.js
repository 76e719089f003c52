/** One dimension: its name, its rate to be changed, how often real images have which rate, and its classes. */

import { h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { capitalized } from "../../math/axis.js";
import { GRID, withRate } from "../../math/rates.js";
import { activatingImages } from "../shared/activating_images.js";
import { nameOf } from "../shared/dimension_names.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { helpMark } from "../shared/help.js";
import { commitSlides } from "../shared/slide.js";
import { chosenOf } from "./chosen_dimension.js";
import { classBars } from "./class_bars.js";
import { nameField } from "./name_field.js";
import { rateHistogram } from "./rate_histogram.js";
import { STATES } from "./table.js";

const IMAGES = 8; // real ones at either end

/**
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts
 */
export function detail(session, facts) {
  const { store, entry, live, latent } = session;
  const title = h("h2", {});
  const words = h("p", { class: "quiet" });
  const name = nameField(session, facts);
  const picture = pixels(entry.size, entry.size, msg`Picture of the present ${latent.whole}`, "large");
  const histogram = rateHistogram(session, facts);
  const slider = rateSlider(session);
  const classes = classBars(session, facts);
  const images = activatingImages(session, IMAGES);
  const element = h(
    "section",
    { class: "detail-part" },
    h("div", { class: "head" }, title, helpMark("dimension"), name.element),
    words,
    name.offers,
    h("div", { class: "detail-body" }, picture, h("div", {}, histogram, slider.element), classes),
    h("h3", {}, msg`Real images with most and least of it`),
    images,
  );
  let chosen = -1;

  /** @param {State} state */
  function follow(state) {
    if (state.model !== entry.name) return;
    const j = chosenOf(session);
    const called = nameOf(session, j);
    title.textContent = called === `d${j}` ? called : msg`${called} (d${j})`;
    name.show(j, state);
    slider.show(j, state);
    if (j !== chosen) {
      chosen = j;
      name.offer(j);
      words.textContent = used(facts, j);
      classes.show(j);
      images.show(j);
    }
    histogram.show(j);
  }

  follow(store.state);
  const stops = [
    images.dispose,
    histogram.dispose,
    store.on("state", follow),
    live.on((now) => now.state.model === entry.name && drawPixels(picture, now.image, entry.channels)),
  ];
  element.dispose = () => stops.forEach((stop) => stop?.());
  return element;
}

/** The rate of the chosen dimension, to be changed. @param {Having<"atlas">} session */
function rateSlider(session) {
  const { store, atlas, live, latent } = session;
  const noun = capitalized(latent.name);
  const rate = h("input", { type: "range", min: 0, max: 1, step: 1 / (4 * atlas.steps), "aria-label": noun });
  const reading = h("output", {});
  let chosen = -1;
  rate.oninput = (event) => {
    live.follow(event);
    store.set({ rates: withRate(store.state.rates, chosen, Number(rate.value)) });
  };
  commitSlides(session, rate, () => nameOf(session, chosen));
  return {
    element: h("label", { class: "field rate-field" }, noun, rate, reading),
    /** @param {number} j @param {State} state */
    show(j, { rates }) {
      chosen = j;
      rate.value = String(rates[j] / GRID);
      reading.textContent = latent.text(j, rates[j] / GRID, 3);
    },
  };
}

/** How a dimension is used, in words. @param {DimensionFacts} facts @param {number} j */
export function used({ states, bits, histogram, clear, moved, redrawn, classShare }, j) {
  const most = Math.log2(histogram[j].length);
  const times = clear && redrawn[j] > 0 ? msg` (${(moved[j] / redrawn[j]).toFixed(1)} times it)` : "";
  const rises = clear?.[j] ? msg`rises above the noise${times}` : msg`does not rise above the noise`;
  const does = clear ? msg`; what it does ${rises}` : "";
  return msg`${STATES[states[j]]}; ${bits[j].toFixed(2)} of ${most.toFixed(2)} bits used${does}; the class explains ${Math.round(100 * classShare[j])} % of its variance.`;
}
