/** The same spike counts at other times: what the decoder makes of early, late, regular and shuffled spikes. */

import { h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { differingCells } from "../../state/flips.js";
import { MAX_SEED } from "../../state/url_state.js";
import { gainFor, rms } from "../../math/image.js";
import { same } from "../../math/rates.js";
import { formatNumber } from "../../math/axis.js";
import { retimed, TIMINGS } from "../../math/spike_trains.js";
import { drawPixels, drawDifference } from "../shared/draw_pixels.js";
import { helpMark } from "../shared/help.js";
import { paintSpikes } from "../shared/raster.js";

const HELP = {
  early: msg`all as soon as possible`,
  late: msg`all as late as possible`,
  regular: msg`evenly spaced`,
  shuffled: msg`in a random order`,
};
const NAMES = { early: msg`early`, late: msg`late`, regular: msg`regular`, shuffled: msg`shuffled` };
const REST = 120; // ms without a change before the four are decoded

/**
 * @param {Having<"engine">} session
 * @param {DecoderTrace} trace
 */
export function timing(session, trace) {
  const { entry, engine } = session;
  const { channels, dims } = entry;
  const tiles = TIMINGS.map((name) => tileOf(name, entry.size));
  const words = h("p", { class: "quiet" });
  const element = h(
    "section",
    { class: "timing-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, msg`Same counts, other timing `, h("small", {}, msg`each neuron fires as often as now`)),
      helpMark("timing"),
    ),
    h(
      "div",
      { class: "timings" },
      tiles.map((tile) => tile.element),
    ),
    words,
  );
  let timer = 0;
  /** What the pictures are of, or will be in a moment. @type {Pick<Traced, "spikes">&{seed: number}|null} */
  let shown = null;

  // the shuffle's noise is another than the spikes', which would put them back where they are
  function draw() {
    if (!trace.now) return;
    const { spikes, image, state, drawn } = trace.now;
    const trains = TIMINGS.map((name) => retimed(spikes, dims, name, MAX_SEED - state.seed));
    const images = trains.map((other) => engine.decode(other, state.steps));
    const differences = images.map((made) => rms(made, image));
    const gain = gainFor(image, ...images);
    tiles.forEach(({ raster, picture, change, caption, take }, k) => {
      drawPixels(picture, images[k], channels);
      drawDifference(change, images[k], image, channels, gain);
      paintSpikes(raster, trains[k], dims);
      caption.textContent = msg`minus now${gain > 1 ? `, × ${gain}` : ""}; differs by ${formatNumber(differences[k])}`;
      take.onclick = () => trace.edit(differingCells(drawn, trains[k]), msg`${NAMES[TIMINGS[k]]} timing`);
    });
    words.textContent = timingWords(differences);
  }

  const stop = trace.on(({ spikes, state }) => {
    if (shown && shown.seed === state.seed && same(shown.spikes, spikes)) return;
    shown = { spikes, seed: state.seed };
    clearTimeout(timer);
    timer = setTimeout(draw, REST);
  });
  element.dispose = () => {
    clearTimeout(timer);
    stop();
  };
  return element;
}

/**
 * Spikes and picture of one timing.
 * @param {import("../../math/spike_trains.js").Timing} name
 * @param {number} size of the picture
 */
function tileOf(name, size) {
  const raster = h("canvas", { class: "timing-raster", role: "img", "aria-label": msg`Spikes, ${NAMES[name]}` });
  const picture = pixels(size, size, msg`Picture, ${NAMES[name]}`, `thumb timing-${name}`);
  const change = pixels(size, size, msg`Picture, ${NAMES[name]}, minus now`, "thumb");
  const caption = h("figcaption", {});
  const title = msg`Edit the spikes into this timing: ${HELP[name]}`;
  const take = h("button", { type: "button", class: "small", title }, msg`Take`);
  const element = h(
    "figure",
    { class: "timing" },
    h("div", { class: "head" }, h("h3", { title: HELP[name] }, NAMES[name]), take),
    raster,
    h("div", { class: "pair" }, picture, change),
    caption,
  );
  return { element, raster, picture, change, caption, take };
}

/** What the timing says to the decoder. @param {number[]} differences of each timing's picture from the present one */
export function timingWords(differences) {
  const least = Math.min(...differences);
  const equal = differences.every((difference) => difference === least);
  const nearest = NAMES[TIMINGS[differences.indexOf(least)]];
  const here = !equal
    ? msg`This one hears late steps more, since its readout forgets; here the ${nearest} spikes come nearest to now.`
    : least === 0
      ? msg`Here all five are equal.`
      : msg`Here all four are equally far from now.`;
  return msg`Root mean square, of a range of 2. Given the rates, the timing of Bernoulli spikes says nothing: a decoder that read counts alone would show five equal pictures. ${here}`;
}
