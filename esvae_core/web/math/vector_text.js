/** Latent vectors as text that people type, copy and paste. */

import { msg } from "../messages.js";

const LONGEST = 200_000; // characters; more than any latent needs
const NUMBER = /^[+\-\u2212]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const SHOWN = 24; // characters of a bad word that are told

/** A text is no number, or no vector of the length that is wanted; the message is one line for the visitor. */
export class VectorError extends Error {}

/**
 * A number as people type it: 0.5, .5, 5/16 or, with a decimal comma, 0,5.
 * @param {string} text
 * @returns {number}
 * @throws {VectorError}
 */
export function parseNumber(text) {
  const [above, below, ...more] = text.trim().replace(",", ".").split("/");
  const value = below === undefined ? numberOf(above) : numberOf(above) / numberOf(below);
  if (more.length || !Number.isFinite(value)) throw new VectorError(msg`expected a number, found ${shown(text)}`);
  return value;
}

/**
 * A JSON list, or numbers separated by spaces, commas, semicolons or line ends.
 * @param {string} text
 * @param {number} count how many there must be
 * @returns {number[]}
 * @throws {VectorError}
 */
export function parseVector(text, count) {
  if (text.length > LONGEST) throw new VectorError(msg`expected at most ${LONGEST} characters, found ${text.length}`);
  const words = text
    .trim()
    .replace(/^\[/, "")
    .replace(/\]$/, "")
    .split(/[\s,;]+/)
    .filter(Boolean);
  const bad = words.find((word) => !Number.isFinite(numberOf(word)));
  if (bad !== undefined) throw new VectorError(msg`expected numbers, found ${shown(bad)}`);
  if (words.length !== count) throw new VectorError(msg`expected ${count} numbers, found ${words.length}`);
  return words.map(numberOf);
}

/** Numbers as a JSON list; five digits tell all places of the grid of rates apart. @param {number[]} values */
export const vectorText = (values) => JSON.stringify(values.map((value) => Number(value.toFixed(5))));

/** NaN of what is no number. */
const numberOf = (word) => (NUMBER.test(word.trim()) ? Number(word.trim().replace("\u2212", "-")) : NaN);

const shown = (text) => `'${text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}...`}'`;
