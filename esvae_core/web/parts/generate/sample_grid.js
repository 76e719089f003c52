/** A grid of pictures drawn from the prior: each cell has a seed of its own, can be pinned, replaced and opened. */

import { h, icon, pixels } from "../../dom.js";
import { nearest } from "../../math/neighbours.js";
import { fromGrid } from "../../math/rates.js";
import { newSeed } from "../shared/noise_controls.js";
import { paint } from "../shared/paint.js";

const VOTES = 5; // neighbours that say of which class a sample is
const TRIES = 40; // draws for each wanted cell, at most

/**
 * Which cells a sheet has.
 * @param {Session} session
 * @param {{count: number, seed: number, label: string, sort: boolean, pinned: Map<number, number>, priorRates: (seed:
 *   number) => Uint16Array}} wish
 * @returns {{seed: number, rates: Uint16Array, distance: number, label: string, pinned: boolean}[]}
 */
export function sampleCells({ atlas }, { count, seed, label, sort, pinned, priorRates }) {
  const about = (each, fixed) => {
    const rates = priorRates(each);
    const found = atlas ? nearest(fromGrid(rates), atlas.counts, atlas.steps, VOTES) : [];
    return {
      seed: each,
      rates,
      distance: found[0]?.distance ?? 0,
      label: majority(found.map(({ row }) => atlas.label(row))),
      pinned: fixed,
    };
  };
  const cells = [];
  for (
    let next = seed, tries = 0;
    cells.length < count && tries < count * TRIES;
    next = (next + 1) % 2 ** 31, tries++
  ) {
    const fixed = pinned.get(cells.length);
    if (fixed !== undefined) {
      cells.push(about(fixed, true));
      continue;
    }
    const cell = about(next, false);
    if (!label || cell.label === label) cells.push(cell);
  }
  return sort ? cells.sort((a, b) => a.distance - b.distance) : cells;
}

function majority(labels) {
  const votes = new Map();
  for (const label of labels) votes.set(label, (votes.get(label) ?? 0) + 1);
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "";
}

/**
 * @param {Session} session
 * @param {{onpin: (place: number, seed: number|null) => void}} options
 */
export function sampleGrid(session, { onpin }) {
  const { store, entry, atlas } = session;
  const element = h("div", { class: "sheet-grid", role: "group", "aria-label": "Samples from the prior" });
  let turn = 0;

  /** Show cells, decoded under the state's noise; a cell's picture follows when it is there. */
  async function show(cells, columns) {
    const mine = ++turn;
    delete element.dataset.there;
    element.style.setProperty("--columns", columns);
    const canvases = cells.map((cell, place) => {
      const label = `Sample ${place + 1}, prior seed ${cell.seed}${cell.label ? `, like “${cell.label}”` : ""}`;
      const canvas = pixels(entry.size, entry.size, label, "thumb");
      const near = atlas ? `, ${session.latent.apart(cell.distance)} from the nearest test image` : "";
      const open = h(
        "button",
        {
          type: "button",
          class: "picked",
          title: `${label}${near}. Press to make it the present ${session.latent.whole}.`,
        },
        canvas,
      );
      open.onclick = () => {
        const drawn = session.latent.counts ? { seed: cell.seed } : {};
        store.change(
          { source: { kind: "own", rates: cell.rates }, rates: cell.rates, ...drawn },
          `sample ${cell.seed}`,
        );
      };
      const pin = h(
        "button",
        {
          type: "button",
          class: "bare",
          "aria-pressed": String(cell.pinned),
          "aria-label": `${cell.pinned ? "Unpin" : "Pin"} sample ${place + 1}`,
          onclick: () => onpin(place, cell.pinned ? null : cell.seed),
        },
        icon("pin"),
      );
      const other = h(
        "button",
        {
          type: "button",
          class: "bare",
          "aria-label": `Replace sample ${place + 1}`,
          onclick: () => onpin(place, newSeed() + 1_000_000),
        },
        icon("dice"),
      );
      return { canvas, item: h("div", { class: "cell" }, open, h("div", { class: "cell-acts" }, pin, other)) };
    });
    element.replaceChildren(...canvases.map(({ item }) => item));
    const { seed, sampler, steps } = store.state;
    const noise = (cell) => (session.latent.counts ? cell.seed : seed); // all that differs between draws is their counts
    try {
      const pool = await session.pool();
      await Promise.all(
        cells.map(async (cell, k) => {
          if (mine !== turn) return;
          const { image } = await pool.run("play", fromGrid(cell.rates), noise(cell), sampler, steps);
          if (mine === turn) paint(canvases[k].canvas, image, entry.channels);
        }),
      );
      if (mine === turn) element.dataset.there = String(cells.length);
    } catch (error) {
      if (mine === turn) session.say(`The samples are not shown: ${error.message}`);
    }
  }
  return Object.assign(element, { show, dispose: () => void turn++ });
}
