/**
 * What a bar or a control does: five pictures along its range, all else as it is. They are decoded by the page's workers
 * once the pointer has stayed for a moment, and kept.
 */

import { describe, h, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { fromGrid, GRID } from "../../math/rates.js";
import { nameOf } from "../shared/dimension_names.js";
import { activatingImages } from "../shared/activating_images.js";
import { helpMark } from "../shared/help.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { LruCache } from "./lru_cache.js";

const SHARES = [0, 0.25, 0.5, 0.75, 1];
const MOMENT = 200; // ms that the pointer, or the state, must rest
const LINGER = 800; // ms that a control stays after the pointer has left it, time to come here and take an image
const KEPT = 60; // strips
const IMAGES = 3; // real ones at either end
const FIRST = msg`What the bar does`; // until there is something to show

/**
 * @typedef {{title: string, key: string, of: number|Control, cells: {rates: Uint16Array, caption: string}[]}} Along
 * What to show: its key names all that the pictures depend on but noise; real images are ordered by what it is of.
 */

/**
 * @param {Session} session
 * @param {Chosen} chosen the bar, unless a control is looked at
 */
export function responseStrip(session, chosen) {
  const { store, entry, engine } = session;
  const images = has(session, "atlas") ? activatingImages(session, IMAGES) : null;
  const parts = elementsOf(session, images);
  const { element } = parts;
  /** @type {LruCache<Float32Array[]>} */
  const kept = new LruCache(KEPT);
  /** The control that is looked at. @type {(() => Along)|null} */
  let looked = null;
  let timer = 0;
  let leaving = 0;
  let turn = 0;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(show, MOMENT);
  }

  /** Back to the bar, unless pointer or focus is on the strip. */
  function leave() {
    if (element.matches(":hover, :focus-within")) leaving = setTimeout(leave, LINGER);
    else lookAt(null);
  }

  /** @param {(() => Along)|null} along */
  function lookAt(along) {
    clearTimeout(leaving);
    leaving = 0;
    looked = along;
    soon();
  }

  async function show() {
    const { state } = store;
    if (state.model !== entry.name) return;
    const along = looked ? looked() : chosen.i === null ? null : alongBar(session, chosen.i);
    if (!along) return;
    const mine = ++turn;
    images?.show(along.of);
    const key = `${along.key} ${state.seed} ${state.sampler} ${state.steps}`;
    try {
      const pictures = kept.get(key) ?? (await decoded(session, along, state));
      if (!pictures || mine !== turn) return; // another one is wanted by now
      kept.keep(key, pictures);
      paintAlong(parts, along, pictures, entry.channels);
    } catch {
      element.dataset.shows = ""; // the workers went with their model
    }
  }

  const stops = engine ? [chosen.on(() => (leaving ? lookAt(null) : soon())), store.on("state", soon)] : [];
  if (engine) soon();
  return Object.assign(element, {
    /** Show this in place of the bar's, null: the bar's again, in a while. @param {(() => Along)|null} along */
    look(along) {
      if (along) lookAt(along);
      else if (looked && !leaving) leaving = setTimeout(leave, LINGER);
    },
    dispose() {
      clearTimeout(timer);
      clearTimeout(leaving);
      turn++;
      stops.forEach((stop) => stop());
      images?.dispose();
    },
  });
}

/** @param {Session} session @param {HTMLElement|null} images real ones at either end */
function elementsOf({ entry, engine }, images) {
  const title = h("h2", {}, FIRST);
  const canvases = SHARES.map(() => pixels(entry.size, entry.size, FIRST, "thumb"));
  const captions = SHARES.map(() => h("figcaption", {}));
  const figures = canvases.map((canvas, k) => h("figure", {}, canvas, captions[k]));
  const element = h(
    "section",
    { class: "response-part", hidden: !engine },
    h("div", { class: "head" }, title, helpMark("response")),
    h("div", { class: "response-body" }, h("div", { class: "response" }, figures), images),
  );
  return { element, title, canvases, captions };
}

/** What a bar does. @param {Session} session @param {number} i @returns {Along} */
function alongBar(session, i) {
  const { rates } = session.store.state;
  return {
    title: msg`What ${nameOf(session, i)} does`,
    key: `bar ${i} ${rates.with(i, 0)}`,
    of: i,
    cells: SHARES.map((share) => ({
      rates: rates.with(i, Math.round(share * GRID)),
      caption: session.latent.caption(i, share),
    })),
  };
}

/**
 * @param {Session} session
 * @param {Along} along
 * @param {State} state
 * @returns {Promise<Float32Array[]|null>} null if others were asked for
 */
async function decoded(session, { cells }, { seed, sampler, steps }) {
  const pool = await session.pool();
  const made = await Promise.all(
    cells.map(({ rates }, k) => pool.latest(`strip ${k}`, "play", fromGrid(rates), seed, sampler, steps)),
  );
  return made.every(Boolean) ? made.map(({ image }) => image) : null;
}

/**
 * @param {ReturnType<typeof elementsOf>} parts
 * @param {Along} along
 * @param {Float32Array[]} pictures
 * @param {number} channels
 */
function paintAlong({ element, title, canvases, captions }, along, pictures, channels) {
  title.textContent = along.title;
  along.cells.forEach(({ caption }, k) => {
    drawPixels(canvases[k], pictures[k], channels);
    describe(canvases[k], msg`${along.title}: at ${caption}`);
    captions[k].textContent = caption;
  });
  element.dataset.shows = along.title;
}
