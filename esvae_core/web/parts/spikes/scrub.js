/**
 * The picture as it comes about, step by step, under the weights of the readout; and what edited spikes change in it.
 */

import { h, pixels } from "../../dom.js";
import { gainFor, rms } from "../../math/image.js";
import { pythonForSpikes } from "../../formats/python.js";
import { counted, formatNumber } from "../../math/axis.js";
import { chart } from "../shared/chart.js";
import { pythonCode } from "./code.js";
import { paint, paintDifference } from "../shared/paint.js";
import { player } from "../shared/player.js";
import { exportMenu } from "../shared/export_menu.js";

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function scrub(session, trace) {
  const { entry, spikingEngine: engine } = session;
  const { size, channels } = entry;
  const large = pixels(size, size, "Picture", "large");
  const thumbs = {
    whole: "Picture after all steps",
    plain: "Picture of the spikes as drawn",
    difference: "What edits and damage change",
  };
  const captions = { whole: "after all steps", plain: "as drawn", difference: "difference" };
  const small = Object.fromEntries(
    Object.entries(thumbs).map(([key, label]) => [key, pixels(size, size, label, "thumb")]),
  );
  const words = h("small", {});
  const changed = h("p", { class: "quiet", role: "status" });
  const weights = chart("Weight of each step in the final picture", { tall: 112 });
  const time = player(session, trace);
  const python = pythonCode(() => {
    const { state, flips, damage, upto } = trace.now;
    return pythonForSpikes(state, flips, damage, upto, entry.path ?? `${entry.name}.safetensors`);
  });
  const element = h(
    "section",
    { class: "scrub-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Picture ", words),
      engine ? exportMenu(session, () => steps(trace.now), "Export the steps") : null,
    ),
    h(
      "div",
      { class: "scrub-pictures" },
      large,
      h(
        "div",
        { class: "thumbs column-of" },
        Object.entries(small).map(([key, canvas]) =>
          h("figure", { hidden: !engine }, canvas, h("figcaption", {}, captions[key])),
        ),
      ),
    ),
    changed,
    engine ? [weights, time, python] : null,
  );

  function draw(now) {
    const { state, upto, images, image, plain, flips, damage } = now;
    const steps = state.steps;
    if (!engine) {
      paint(large, image, channels);
      words.textContent = `T = ${steps}, ${state.sampler}`;
      changed.textContent = "Time, edits and layers need the model in the page, and this browser cannot run it.";
      return;
    }
    const shown = images.subarray((upto - 1) * engine.pixels, upto * engine.pixels);
    paint(large, shown, channels);
    paint(small.whole, image, channels);
    paint(small.plain, plain, channels);
    const gain = gainFor(plain, image);
    paintDifference(small.difference, image, plain, channels, gain);
    small.difference.nextSibling.textContent = gain > 1 ? `${captions.difference} × ${gain}` : captions.difference;
    words.textContent = `after ${upto} of ${counted(steps, "step")}`;
    const causes = [damage && "Damage", flips.size && `${counted(flips.size, "spike")} turned by hand`].filter(Boolean);
    changed.textContent = causes.length
      ? `${causes.join(" and ")}: the picture differs by ${formatNumber(rms(image, plain))} (root mean square, of a range of 2)`
      : "Click a cell of the raster to turn the spike there.";
    const all = engine.readoutWeights(steps);
    const share = all.slice(0, upto).reduce((a, b) => a + b, 0) / all.reduce((a, b) => a + b, 0);
    const bars = Array.from(all, (w, t) => [t + 1, w]);
    weights.draw({
      x: { label: "step", from: 0.5, to: steps + 0.5, whole: true },
      y: { label: engine.model.learned_readout ? "weight" : `${engine.model.readout_decay}^(T−t)`, from: 0, to: 1 },
      marks: [
        { kind: "bars", tone: "now", name: `first ${upto}`, values: bars.slice(0, upto) },
        { kind: "bars", tone: "quiet", name: "still to come", values: bars.slice(upto) },
      ],
      words: `The first ${upto} of ${counted(steps, "step")} hold ${(100 * share).toFixed(1)} percent of the weight.`,
      note: `The first ${upto} of ${counted(steps, "step")} hold ${share > 0.995 && upto < steps ? (100 * share).toFixed(1) : Math.round(100 * share)} % of the weight`,
    });
    element.dataset.upto = String(upto);
    python.refresh();
  }

  /**
   * The picture after each step, one after the other.
   * @param {Traced} traced
   * @returns {import("../shared/export_menu.js").Offer}
   */
  function steps({ state: { rates, seed, steps: all }, flips, damage }) {
    const upto = Array.from({ length: all }, (_, k) => k + 1);
    /** @returns {[number, number, number][]} */
    const turnedIn = (i) => Array.from(flips, (cell) => [i, Math.floor(cell / rates.length), cell % rates.length]);
    return {
      kind: "strip",
      name: "steps",
      cells: upto.map(() => rates),
      seeds: [seed],
      flips: upto.flatMap((_, i) => turnedIn(i)),
      upto,
      damage,
      captions: upto.map((t) => `after ${t}`),
      columns: Math.min(all, 16),
      frame_ms: 180,
    };
  }

  const stop = trace.on(draw);
  element.dispose = () => {
    stop();
    time.dispose();
    weights.dispose();
  };
  return element;
}
