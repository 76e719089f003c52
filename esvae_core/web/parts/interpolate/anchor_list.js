/** The list of anchors: as the link has it, the first choice without a link, and what moving one makes of it. */

import { msg } from "../../messages.js";
import { LinkError, MAX_VALUE, readSource, sourceText } from "../../state/url_state.js";

export const MOST = 8;
export const LEAST = 2;
const FIRST = 4; // anchors where the link names none
const ALONG = 5; // anchors along a control

/** Rates on the grid, and where they are from. @typedef {{source: Source, rates: Uint16Array}} Anchor */

/**
 * The anchors that the state names, or a first choice.
 * @param {Pick<Session, "store"|"entry"|"atlas"|"ratesOf">} session
 * @returns {Anchor[]}
 */
export function anchorsOf(session) {
  const text = session.store.state.view.anchors;
  if (text) {
    try {
      const read = text.split("|").map((part) => {
        const source = readSource(part);
        const rates = session.ratesOf(source);
        if (rates.length !== session.entry.dims) throw new LinkError(msg`anchor: rates of another model`);
        return { source, rates };
      });
      if (read.length >= LEAST && read.length <= MOST) return read;
    } catch {
      // a link from another model; a fresh choice is better than none
    }
  }
  return firstSources(session).map((source) => ({ source, rates: session.ratesOf(source) }));
}

/**
 * Test images that are there at once, or draws of the prior.
 * @param {Pick<Session, "entry"|"atlas">} session
 * @returns {Source[]}
 */
function firstSources({ atlas, entry }) {
  if (atlas && atlas.count >= FIRST) {
    const rows = [...atlas.tilePositions, ...Array(FIRST).keys()];
    return [...new Set(rows)].slice(0, FIRST).map((row) => ({ kind: "test", index: atlas.indices[row] }));
  }
  return Array.from({ length: FIRST }, (_, seed) => ({ kind: "prior", seed: seed + entry.dims }));
}

/** As the link keeps them; null where they are too long for one. @param {{source: Source}[]} list */
export function anchorsText(list) {
  const text = list.map(({ source }) => sourceText(source)).join("|");
  return text.length > MAX_VALUE ? null : text;
}

/**
 * Five places of a control's reach, from the present rates.
 * @param {Uint16Array} rates
 * @param {Control} control
 * @returns {{source: Source}[]}
 */
export function alongControl(rates, control) {
  const [low, high] = control.reach;
  return Array.from({ length: ALONG }, (_, k) => ({
    source: { kind: "own", rates: control.apply(rates, low + ((high - low) * k) / (ALONG - 1)) },
  }));
}

/** The list with one item at another place. @template T @param {T[]} list @param {number} from @param {number} to */
export const movedTo = (list, from, to) => list.toSpliced(from, 1).toSpliced(to, 0, list[from]);

/**
 * Where Shift with an arrow key moves an item to.
 * @param {Pick<KeyboardEvent, "key"|"shiftKey">} event
 * @param {number} i
 * @param {number} count of items
 * @returns {number} -1 where it stays
 */
export function placeByKey({ key, shiftKey }, i, count) {
  const by = shiftKey ? ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0) : 0;
  return by && i + by < count ? i + by : -1;
}

/** @param {Source} source @param {Pick<Session, "atlas"|"latent">} session */
export function sourceWords(source, { atlas, latent }) {
  if (source.kind === "test") return msg`${atlas?.label(atlas.rowOf(source.index)) ?? ""} · test ${source.index}`;
  return source.kind === "prior" ? msg`prior ${source.seed}` : msg`own ${latent.whole}`;
}
