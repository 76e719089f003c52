/**
 * Spikes that were edited by hand, as a link keeps them: which cells of the (T, d) raster are flipped. The twin of
 * `app/flips.py`; both are held against `tests/app/link_vectors.json`.
 *
 *     s1a.2b.f0     a few: their numbers t * d + j in base 36
 *     mAAEC...      many: a bit for each cell, base64url
 *
 * A flip belongs to its cell: under other rates or other noise it turns whatever is drawn there.
 */

import { msg } from "../messages.js";
import { fromBase64Url, LinkError, MAX_STEPS, toBase64Url } from "./url_state.js";

const LONGEST = 4000; // what a link remembers in one value

/**
 * @param {Iterable<number>} cells numbers t * d + j
 * @returns {string} "" for none
 * @throws {LinkError} if a link cannot hold so many
 */
export function writeFlips(cells) {
  const sorted = [...new Set(cells)].sort((a, b) => a - b);
  if (!sorted.length) return "";
  const bits = new Uint8Array((sorted[sorted.length - 1] >> 3) + 1);
  for (const cell of sorted) bits[cell >> 3] |= 0x80 >> (cell & 7);
  const few = `s${sorted.map((cell) => cell.toString(36)).join(".")}`;
  const text = bits.length * 1.34 + 1 < few.length ? `m${toBase64Url(bits)}` : few;
  if (text.length > LONGEST) throw new LinkError(msg`edits: a link holds no more than ${LONGEST} characters of them`);
  return text;
}

/**
 * Read what `writeFlips` wrote.
 * @param {string|undefined} text
 * @param {number} steps T; flips at steps beyond it are of a longer T, and left out
 * @param {number} dims d
 * @returns {Set<number>} cells t * d + j, in ascending order
 * @throws {LinkError}
 */
export function readFlips(text, steps, dims) {
  const cells = text ? cellsIn(text) : [];
  const last = cells.reduce((a, b) => Math.max(a, b), 0);
  if (last >= MAX_STEPS * dims) {
    throw new LinkError(
      msg`edits: expected cells of at most ${MAX_STEPS} steps and ${dims} neurons, found step ${Math.floor(last / dims) + 1}, neuron ${last % dims}`,
    );
  }
  return new Set(cells.filter((cell) => cell < steps * dims).sort((a, b) => a - b));
}

function cellsIn(text) {
  const body = text.slice(1);
  if (/^s[0-9a-z]{1,6}(\.[0-9a-z]{1,6})*$/.test(text)) return body.split(".").map((digits) => parseInt(digits, 36));
  if (/^m[A-Za-z0-9_-]*$/.test(text) && body.length % 4 !== 1) {
    const bytes = fromBase64Url(body, msg`edits`);
    return Array.from({ length: 8 * bytes.length }, (_, i) => i).filter((i) => bytes[i >> 3] & (0x80 >> (i & 7)));
  }
  throw new LinkError(
    msg`edits: expected s and numbers, or m and base64url, found '${text.length <= 24 ? text : `${text.slice(0, 24)}...`}'`,
  );
}

/**
 * Spikes with those cells turned.
 * @param {Uint8Array|Float32Array} spikes (T, d)
 * @param {Iterable<number>} cells t * d + j
 * @returns {Uint8Array|Float32Array}
 */
export function flipped(spikes, cells) {
  const out = spikes.slice();
  for (const cell of cells) out[cell] = out[cell] ? 0 : 1;
  return out;
}

/** Cells in which two rasters differ. @returns {number[]} */
export function differingCells(a, b) {
  const cells = [];
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) cells.push(i);
  return cells;
}
