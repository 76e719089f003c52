/** Edits taken back, and which single spikes matter: every cell of the raster turned once, in the workers. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { formatNumber } from "../../math/axis.js";
import { same } from "../../math/rates.js";
import { chart } from "../shared/chart.js";
import { nameOf } from "../shared/dimension_names.js";
import { effectsByStep, effectsOfCells, effectWords, strongestFirst } from "./cell_effects.js";

const LISTED = 8;

/**
 * @param {Having<"spikingEngine">} session
 * @param {DecoderTrace} trace
 * @param {{onrank: () => void}} options called when effects are there or gone; the element's `effects` gives them
 */
export function ranking(session, trace, { onrank }) {
  const parts = elementsOf({
    onclear: () => trace.edit([], msg`undo all edits`),
    onstart: rank,
    oncancel: () => end(msg`stopped`),
  });
  const { element, clear, bar, words, byStep } = parts;
  /** Effect of turning each cell, once it is known. @type {Float32Array|null} */
  let known = null;
  let turn = 0;
  /** The spikes that are ranked, or being ranked. @type {Uint8Array|null} */
  let ranked = null;

  async function rank() {
    if (!trace.now) return;
    const { spikes, state } = trace.now;
    const mine = ++turn;
    ranked = spikes.slice();
    const begun = performance.now();
    busy(parts, true);
    bar.value = 0;
    words.textContent = "";
    const options = { wanted: () => mine === turn, onstep: (share) => (bar.value = share) };
    try {
      const effects = await effectsOfCells(await session.pool(), ranked, state.steps, options);
      if (effects) finish(effects, performance.now() - begun);
    } catch (error) {
      if (mine === turn) end(msg`not ranked: ${error.message}`);
    }
  }

  /** @param {Float32Array} effects @param {number} ms */
  function finish(effects, ms) {
    known = effects;
    busy(parts, false);
    show(parts, session, trace, effects, ms);
    onrank();
  }

  /** @param {string} why */
  function end(why) {
    turn++;
    const had = known;
    [known, ranked] = [null, null];
    busy(parts, false);
    parts.found.hidden = true;
    words.textContent = why;
    if (had) onrank();
  }

  const stop = trace.on(({ spikes, flips }) => {
    clear.disabled = !flips.size;
    if (ranked && !same(ranked, spikes))
      end(known ? msg`The spikes have changed; rank them again.` : msg`Stopped: the spikes have changed.`);
  });
  return Object.assign(element, {
    effects: () => known,
    dispose() {
      turn++;
      stop();
      byStep.dispose();
    },
  });
}

/** @param {Record<"onclear"|"onstart"|"oncancel", () => void>} handlers */
function elementsOf({ onclear, onstart, oncancel }) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": msg`Spikes tried` });
  const start = h("button", { type: "button", onclick: onstart }, msg`Rank spikes by effect`);
  const cancel = h("button", { type: "button", onclick: oncancel }, icon("close"), msg`Cancel`);
  const doing = h("span", { class: "row tight", hidden: true }, bar, cancel);
  const clear = h("button", { type: "button", onclick: onclear }, icon("reset"), msg`Undo all edits`);
  const words = h("p", { class: "quiet", role: "status" });
  const list = h("ol", { class: "ranked-list" });
  const byStep = chart(msg`Effect of turning a spike, by step`, { tall: 130 });
  const found = h("div", { class: "ranked-found", hidden: true }, list, byStep);
  const element = h(
    "section",
    { class: "ranking-part" },
    h("div", { class: "row" }, clear, start, doing),
    words,
    found,
  );
  return { element, bar, start, doing, clear, words, list, byStep, found };
}

/** @typedef {ReturnType<typeof elementsOf>} RankingElements */

/** @param {RankingElements} parts @param {boolean} working */
function busy({ doing, start }, working) {
  doing.hidden = !working;
  start.disabled = working;
}

/**
 * @param {RankingElements} parts
 * @param {Having<"spikingEngine">} session
 * @param {DecoderTrace} trace
 * @param {Float32Array} effects
 * @param {number} ms that it took
 */
function show({ words, list, byStep, found }, session, trace, effects, ms) {
  if (!trace.now) return;
  const { spikes, state } = trace.now;
  const order = strongestFirst(effects);
  words.textContent = effectWords(effects, order, ms);
  list.replaceChildren(...order.slice(0, LISTED).map(item));
  byStep.draw(effectsByStep(effects, session.spikingEngine.readoutWeights(state.steps)));
  found.hidden = false;

  /** @param {number} i a cell */
  function item(i) {
    const d = session.entry.dims;
    const where = msg`${nameOf(session, i % d)}, step ${Math.floor(i / d) + 1}`;
    const turn = () => trace.flip([i], msg`turn ${where}`);
    const what = `${where}: ${spikes[i] ? msg`a spike` : msg`silent`}, ${formatNumber(effects[i])}`;
    return h("li", {}, h("button", { type: "button", class: "bare", title: msg`Turn it`, onclick: turn }, what));
  }
}
