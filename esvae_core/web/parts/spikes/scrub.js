/**
 * The picture as it comes about, step by step, under the weights of the readout; and what edited spikes change in it.
 */

import { h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { gainFor, rms } from "../../math/image.js";
import { pythonForSpikes } from "../../formats/python.js";
import { counted, formatNumber } from "../../math/axis.js";
import { chart } from "../shared/chart.js";
import { pythonCode } from "./code.js";
import { drawPixels, drawDifference } from "../shared/draw_pixels.js";
import { player } from "../shared/player.js";
import { exportMenu } from "../shared/export_menu.js";
import { helpMark } from "../shared/help.js";
import { weightsChart } from "./readout_weights.js";

const THUMBS = {
  whole: { label: msg`Picture after all steps`, caption: msg`after all steps` },
  plain: { label: msg`Picture of the spikes as drawn`, caption: msg`as drawn` },
  difference: { label: msg`What edits and damage change`, caption: msg`difference` },
};

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function scrub(session, trace) {
  const { entry, spikingEngine: engine } = session;
  const time = player(session, trace);
  const python = pythonCode(() => {
    if (!trace.now) return "";
    const { state, flips, damage, upto } = trace.now;
    return pythonForSpikes(state, flips, damage, upto, entry.path ?? `${entry.name}.safetensors`);
  });
  const offer = () => (trace.now ? stepsOffer(trace.now) : { why: msg`One moment …` });
  const save = engine ? exportMenu(session, offer, msg`Export the steps`) : null;
  const parts = elementsOf(entry, save, engine ? [time, python] : null);
  const { element, weights } = parts;

  /** @param {Traced} now */
  function draw(now) {
    if (!engine) return showDecoded(parts, now, entry.channels);
    const { state, upto } = now;
    showTraced(parts, now, entry.channels, engine.pixels);
    const { learned_readout: learned, readout_decay: decay } = engine.model;
    weights.draw(weightsChart(engine.readoutWeights(state.steps), upto, learned ? msg`weight` : `${decay}^(T−t)`));
    element.dataset.upto = String(upto);
    python.refresh();
  }

  const stop = trace.on(draw);
  element.dispose = () => {
    stop();
    time.dispose?.();
    weights.dispose();
  };
  return element;
}

/**
 * @param {ModelEntry} entry
 * @param {HTMLElement|null} save
 * @param {HTMLElement[]|null} below the chart of the weights; null where the page cannot run the model
 */
function elementsOf({ size }, save, below) {
  const large = pixels(size, size, msg`Picture`, "large");
  const thumb = ({ label, caption }) => {
    const [canvas, words] = [pixels(size, size, label, "thumb"), h("figcaption", {}, caption)];
    return { canvas, words, figure: h("figure", { hidden: !below }, canvas, words) };
  };
  const thumbs = {
    whole: thumb(THUMBS.whole),
    plain: thumb(THUMBS.plain),
    difference: thumb(THUMBS.difference),
  };
  const figures = Object.values(thumbs).map(({ figure }) => figure);
  const words = h("small", {});
  const changed = h("p", { class: "quiet", role: "status" });
  const weights = chart(msg`Weight of each step in the final picture`, { tall: 112 });
  const element = h(
    "section",
    { class: "scrub-part" },
    h("div", { class: "head" }, h("h2", {}, msg`Picture `, words), helpMark("steps"), save),
    h("div", { class: "scrub-pictures" }, large, h("div", { class: "thumbs column-of" }, figures)),
    changed,
    below ? [weights, ...below] : null,
  );
  return { element, large, thumbs, words, changed, weights };
}

/** @typedef {ReturnType<typeof elementsOf>} ScrubElements */

/** What the server has decoded. @param {ScrubElements} parts @param {Traced} now @param {number} channels */
function showDecoded({ large, words, changed }, { state, image }, channels) {
  drawPixels(large, image, channels);
  words.textContent = msg`T = ${state.steps}, ${state.sampler}`;
  changed.textContent = msg`Time, edits and layers need the model in the page, and this browser cannot run it.`;
}

/** @param {ScrubElements} parts @param {Traced} now @param {number} channels @param {number} length of a picture */
function showTraced({ large, thumbs, words, changed }, now, channels, length) {
  const { state, upto, images, image, plain } = now;
  const { whole, plain: asDrawn, difference } = thumbs;
  if (images) drawPixels(large, images.subarray((upto - 1) * length, upto * length), channels);
  drawPixels(whole.canvas, image, channels);
  drawPixels(asDrawn.canvas, plain, channels);
  const gain = gainFor(plain, image);
  drawDifference(difference.canvas, image, plain, channels, gain);
  const { caption } = THUMBS.difference;
  difference.words.textContent = gain > 1 ? `${caption} × ${gain}` : caption;
  words.textContent = msg`after ${upto} of ${counted(state.steps, msg`step`, msg`steps`)}`;
  changed.textContent = changeWords(now);
}

/** What edits and damage change. @param {Traced} now */
function changeWords({ flips, damage, image, plain }) {
  const causes = [
    damage && msg`Damage`,
    flips.size && msg`${counted(flips.size, msg`spike`, msg`spikes`)} edited by hand`,
  ].filter(Boolean);
  if (!causes.length) return msg`Click a cell to set a spike there, or to remove it.`;
  return msg`${causes.join(" and ")}: the picture differs by ${formatNumber(rms(image, plain))} (root mean square, of a range of 2)`;
}

/**
 * The picture after each step, one after the other.
 * @param {Pick<Traced, "state"|"flips"|"damage">} traced
 * @returns {import("../shared/export_menu.js").Offer}
 */
function stepsOffer({ state: { rates, seed, steps: all }, flips, damage }) {
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
