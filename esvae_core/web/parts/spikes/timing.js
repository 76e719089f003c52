/** The same spike counts at other times: what the decoder makes of early, late, regular and shuffled spikes. */

import { h, pixels } from "../../dom.js";
import { differingCells } from "../../state/flips.js";
import { MAX_SEED } from "../../state/url_state.js";
import { gainFor, rms } from "../../math/image.js";
import { same } from "../../math/rates.js";
import { formatNumber } from "../../math/axis.js";
import { retimed, TIMINGS } from "../../math/spike_trains.js";
import { paint, paintDifference } from "../shared/paint.js";
import { paintSpikes } from "../shared/raster.js";

const HELP = {
  early: "all as soon as possible",
  late: "all as late as possible",
  regular: "evenly spaced",
  shuffled: "in a random order",
};
const REST = 120; // ms without a change before the four are decoded

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function timing(session, trace) {
  const { entry, engine } = session;
  const { size, channels, dims } = entry;
  const tiles = Object.fromEntries(TIMINGS.map((name) => [name, tile(name)]));
  const words = h("p", { class: "quiet" });
  const element = h(
    "section",
    { class: "timing-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Same counts, other timing ", h("small", {}, "each neuron fires as often as now")),
    ),
    h(
      "div",
      { class: "timings" },
      TIMINGS.map((name) => tiles[name].element),
    ),
    words,
  );
  let timer = 0;
  let shown = null; // what the pictures are of, or will be in a moment

  function tile(name) {
    const raster = h("canvas", { class: "timing-raster", role: "img", "aria-label": `Spikes, ${name}` });
    const picture = pixels(size, size, `Picture, ${name}`, `thumb timing-${name}`);
    const change = pixels(size, size, `Picture, ${name}, minus now`, "thumb");
    const caption = h("figcaption", {});
    const take = h(
      "button",
      { type: "button", class: "small", title: `Edit the spikes into this timing: ${HELP[name]}` },
      "Take",
    );
    const element = h(
      "figure",
      { class: "timing" },
      h("div", { class: "head" }, h("h3", { title: HELP[name] }, name), take),
      raster,
      h("div", { class: "pair" }, picture, change),
      caption,
    );
    return { element, raster, picture, change, caption, take };
  }

  // the shuffle's noise is another than the spikes', which would put them back where they are
  function draw() {
    const { spikes, image, state, drawn } = trace.now;
    const apart = {};
    const trains = TIMINGS.map((name) => retimed(spikes, dims, name, MAX_SEED - state.seed));
    const images = trains.map((other) => engine.decode(other, state.steps));
    const gain = gainFor(image, ...images);
    TIMINGS.forEach((name, k) => {
      const { raster, picture, change, caption, take } = tiles[name];
      const [other, made] = [trains[k], images[k]];
      paint(picture, made, channels);
      paintDifference(change, made, image, channels, gain);
      paintSpikes(raster, other, dims);
      apart[name] = rms(made, image);
      caption.textContent = `minus now${gain > 1 ? `, × ${gain}` : ""}; differs by ${formatNumber(apart[name])}`;
      take.onclick = () => trace.edit(differingCells(drawn, other), `${name} timing`);
    });
    const least = TIMINGS.reduce((a, b) => (apart[a] <= apart[b] ? a : b));
    const equal = TIMINGS.every((name) => apart[name] === apart[least]);
    const here = !equal
      ? `This one hears late steps more, since its readout forgets; here the ${least} spikes come nearest to now.`
      : apart[least] === 0
        ? "Here all five are equal."
        : "Here all four are equally far from now.";
    words.textContent = `Root mean square, of a range of 2. Given the rates, the timing of Bernoulli spikes says nothing: a decoder that read counts alone would show five equal pictures. ${here}`;
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
