/** The place between four corners: where it lies on the pad, and what the pointer and the keys make of it. */

import { msg } from "../../messages.js";

/** @typedef {{x: number, y: number}} BlendPlace both 0 to 1, from the top left corner */

const MARGIN = 8; // px between the pad's edge and a place at 0 or 1
const STEP = 1 / 32; // of an arrow key
/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
const MIDDLE = { x: 0.5, y: 0.5 };

/** @param {number} x @param {number} y @returns {BlendPlace} the nearest place inside */
const inside = (x, y) => ({ x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) });

/**
 * The place at a point of the pad, in pixels.
 * @param {number} x
 * @param {number} y
 * @param {{width: number, height: number}} pad
 */
export const placeAt = (x, y, { width, height }) =>
  inside((x - MARGIN) / (width - 2 * MARGIN), (y - MARGIN) / (height - 2 * MARGIN));

/** The point of the pad where a place is. @param {BlendPlace} place @param {number} width @param {number} height */
export const pointOf = ({ x, y }, width, height) => [
  MARGIN + x * (width - 2 * MARGIN),
  MARGIN + y * (height - 2 * MARGIN),
];

/**
 * Where a key leads; null if it is none of the pad's.
 * @param {BlendPlace|null} place null: not chosen yet
 * @param {string} key
 */
export function placeByKey(place, key) {
  const move = MOVES[key];
  const { x, y } = place ?? MIDDLE;
  return move ? inside(x + move[0], y + move[1]) : null;
}

/** @param {BlendPlace} place */
export const placeWords = ({ x, y }) => msg`${Math.round(100 * x)} % to the right, ${Math.round(100 * y)} % down`;

/** Places of tiles, row by row. @param {number} side tiles in a row @returns {BlendPlace[]} */
export const tilePlaces = (side) =>
  Array.from({ length: side ** 2 }, (_, k) => ({ x: (k % side) / (side - 1), y: Math.floor(k / side) / (side - 1) }));

/**
 * Four corners: the list in turn, the last again where there are fewer.
 * @template T
 * @param {T[]} list
 * @returns {T[]}
 */
export const fourOf = (list) => [0, 1, 2, 3].map((i) => list[Math.min(i, list.length - 1)]);
