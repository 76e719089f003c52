/** A grid of pictures drawn from the prior: each cell has a seed of its own, can be pinned, replaced and opened. */

import { contextOf, h, icon, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { nearest } from "../../math/neighbours.js";
import { fromGrid } from "../../math/rates.js";
import { newSeed } from "../shared/noise_controls.js";
import { drawPixels } from "../shared/draw_pixels.js";

const VOTES = 5; // neighbours that say of which class a sample is
const OTHERS = 1_000_000; // seeds from here on replace samples: far from those that a grid is filled with
const TRIES = 40; // draws for each wanted cell, at most

/**
 * A sample: its prior seed, the temperature of its own that it is pinned at, its rates on the grid, how far they are
 * from the nearest test image, and the class of most test images around.
 * @typedef {{seed: number, temperature?: number, rates: Uint16Array, distance: number, label: string,
 *   pinned: boolean}} SampleCell
 */

/**
 * Which cells a sheet has.
 * @param {Session} session
 * @param {{count: number, seed: number, label: string, sort: boolean, pinned: Map<number, import("./pins.js").Pin>,
 *   priorRates: (seed: number, temperature?: number) => Uint16Array}} wish
 * @returns {SampleCell[]}
 */
export function sampleCells({ atlas }, { count, seed, label, sort, pinned, priorRates }) {
  /** @returns {SampleCell} */
  const about = (each, temperature) => ({
    seed: each,
    temperature,
    pinned: temperature !== undefined,
    ...besideData(atlas, priorRates(each, temperature)),
  });
  /** @type {SampleCell[]} */
  const cells = [];
  for (
    let next = seed, tries = 0;
    cells.length < count && tries < count * TRIES;
    next = (next + 1) % 2 ** 31, tries++
  ) {
    const fixed = pinned.get(cells.length);
    if (fixed) {
      cells.push(about(fixed.seed, fixed.temperature));
      continue;
    }
    const cell = about(next);
    if (!label || cell.label === label) cells.push(cell);
  }
  return sort ? cells.sort((a, b) => a.distance - b.distance) : cells;
}

/**
 * Rates with their distance from the nearest test image and the class of most around.
 * @param {Atlas|null} atlas
 * @param {Uint16Array} rates
 */
export function besideData(atlas, rates) {
  const found = atlas ? nearest(fromGrid(rates), atlas.counts, atlas.steps, VOTES) : [];
  const label = majority(found.map(({ row }) => atlas?.label(row)));
  return { rates, distance: found[0]?.distance ?? 0, label };
}

function majority(labels) {
  const votes = new Map();
  for (const label of labels) votes.set(label, (votes.get(label) ?? 0) + 1);
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

/** A seed of the prior for a sample that replaces another. */
export const otherSeed = () => OTHERS + newSeed();

/**
 * What a sample is, in words.
 * @param {Session} session
 * @param {number} place from 0
 * @param {SampleCell} cell
 */
export function wordsOf({ atlas, latent }, place, { seed, label, distance, pinned }) {
  const parts = [msg`Sample ${place + 1}`, msg`prior seed ${seed}`];
  if (pinned) parts.push(msg`pinned`);
  if (label) parts.push(msg`like “${label}”`);
  if (atlas) parts.push(msg`${latent.apart(distance)} from the nearest test image`);
  return parts.join(", ");
}

/**
 * A cell of the grid: `key` says which picture is on its canvas, "" for none, and `turn` which call of `show` asked for it.
 * @typedef {ReturnType<typeof cellOf> & {key: string, turn: number}} ShownCell
 */

/**
 * @param {Session} session
 * @param {{onpin: (place: number, seed: number|null, temperature?: number) => void,
 *   onchoose: (cell: SampleCell) => void}} options
 */
export function sampleGrid(session, { onpin, onchoose }) {
  const { entry } = session;
  const element = h("div", { class: "sheet-grid", role: "group", "aria-label": msg`Samples from the prior` });
  let turn = 0;
  let gone = false;
  /** @type {ShownCell[]} */
  let shown = [];

  /** Show cells, decoded under the state's noise; a place keeps its picture until the next one is there. */
  async function show(cells, columns) {
    const mine = ++turn;
    delete element.dataset.there;
    element.style.setProperty("--columns", columns);
    const wanted = cells.map((cell) => pictureOf(session, cell));
    shown = cells.map((cell, place) => {
      const next = { ...cellOf(session, cell, place, { onpin, onchoose }), key: "", turn: 0 };
      return keepPicture(next, shown[place], wanted[place].key, mine);
    });
    element.replaceChildren(...shown.map(({ item }) => item));
    try {
      const pool = await session.pool();
      await Promise.all(
        wanted.map(async ({ key, asked }, place) => {
          if (mine !== turn || shown[place].key === key) return;
          const answer = await pool.latest(`sample-${place}`, "play", ...asked);
          if (answer && !gone) paint(place, answer.image, key, mine);
        }),
      );
      if (mine === turn) element.dataset.there = String(cells.length);
    } catch (error) {
      if (mine === turn) session.say(msg`The samples are not shown: ${error.message}`);
    }
  }

  /** A picture that comes late is shown, too, until the one that is wanted is there. */
  function paint(place, image, key, asked) {
    const cell = shown[place];
    if (!cell || cell.turn > asked) return;
    drawPixels(cell.canvas, image, entry.channels);
    [cell.key, cell.turn] = [key, asked];
  }

  /** Show which sample is chosen; -1: none. @param {number} chosen */
  const mark = (chosen) =>
    shown.forEach(({ open }, place) => open.setAttribute("aria-pressed", String(place === chosen)));
  function dispose() {
    gone = true;
    turn++;
  }
  return Object.assign(element, { show, mark, dispose });
}

/**
 * What the decoder is asked for a sample's picture, and a text that differs where the picture does.
 * @param {Session} session
 * @param {SampleCell} cell
 */
function pictureOf({ store, latent }, { rates, seed: own }) {
  const { seed, sampler, steps } = store.state;
  const noise = latent.counts ? own : seed; // all that differs between draws is their counts
  return { key: [rates, noise, sampler, steps].join(), asked: [fromGrid(rates), noise, sampler, steps] };
}

/**
 * Give a cell the picture that was at its place: the one that is wanted, or one to see until that is there.
 * @param {ShownCell} next
 * @param {ShownCell|undefined} before
 * @param {string} key of the picture that is wanted
 * @param {number} turn that wants it
 */
function keepPicture(next, before, key, turn) {
  if (!before?.key) return next;
  contextOf(next.canvas).drawImage(before.canvas, 0, 0);
  return { ...next, key: before.key, turn: before.key === key ? turn : before.turn };
}

/**
 * A sample's picture, and what can be done with it.
 * @param {Session} session
 * @param {SampleCell} cell
 * @param {number} place from 0
 * @param {{onpin: (place: number, seed: number|null, temperature?: number) => void,
 *   onchoose: (cell: SampleCell) => void}} handlers
 */
function cellOf(session, cell, place, { onpin, onchoose }) {
  const { seed, pinned, temperature } = cell;
  const label = wordsOf(session, place, cell);
  const canvas = pixels(session.entry.size, session.entry.size, label, "thumb");
  const open = h(
    "button",
    { type: "button", class: "picked", title: label, "aria-pressed": "false", onclick: () => onchoose(cell) },
    canvas,
  );
  const pin = h(
    "button",
    {
      type: "button",
      class: "bare",
      "aria-pressed": String(pinned),
      "aria-label": msg`${pinned ? msg`Unpin` : msg`Pin`} sample ${place + 1}`,
      onclick: () => onpin(place, pinned ? null : seed, temperature),
    },
    icon("pin"),
  );
  const other = h(
    "button",
    {
      type: "button",
      class: "bare",
      "aria-label": msg`Replace sample ${place + 1}`,
      onclick: () => onpin(place, otherSeed()),
    },
    icon("dice"),
  );
  const name = pinned ? "cell pinned" : "cell";
  return { canvas, open, item: h("div", { class: name }, open, h("div", { class: "cell-acts" }, pin, other)) };
}
