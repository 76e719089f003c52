/** Single neurons of a layer: named by a link, found on its maps, and where their mark lies there. */

/** @typedef {[c: number, y: number, x: number]} Unit channel, row and column */
/** @typedef {Pick<Layer, "channelsOut"|"sideOut">} LayerShape */

/**
 * The neuron that a link names, as "channel.row.column"; null where the layer has none there.
 * @param {string|undefined} text
 * @param {LayerShape} shape
 * @returns {Unit|null}
 */
export function readUnit(text, { channelsOut, sideOut }) {
  const [c, y, x] = (text ?? "").split(".").map(Number);
  const inside = (v, count) => Number.isInteger(v) && v >= 0 && v < count;
  return inside(c, channelsOut) && inside(y, sideOut) && inside(x, sideOut) ? [c, y, x] : null;
}

/** The nearest neuron that the layer has. @param {Unit} unit @param {LayerShape} shape @returns {Unit} */
export function clampUnit([c, y, x], { channelsOut, sideOut }) {
  const within = (v, count) => Math.min(count - 1, Math.max(0, Math.round(v) || 0));
  return [within(c, channelsOut), within(y, sideOut), within(x, sideOut)];
}

/**
 * The neuron of the highest rate below 1.
 * @param {Float32Array} rates (C, side, side)
 * @param {number} side
 * @returns {Unit}
 */
export function busiestUnit(rates, side) {
  const i = rates.indexOf(Math.max(...rates.map((r) => (r < 1 ? r : 0))));
  return [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
}

/** Place of a neuron in a layer's arrays (C, side, side). @param {Unit} unit @param {number} side */
export const placeOf = ([c, y, x], side) => c * side * side + y * side + x;

/**
 * Top left pixel of a neuron, where maps lie in columns with a line of one pixel between.
 * @param {Unit} unit
 * @param {number} side
 * @param {number} columns
 */
export const pixelOf = ([c, y, x], side, columns) => [
  (c % columns) * (side + 1) + x,
  Math.floor(c / columns) * (side + 1) + y,
];

/**
 * The neuron at a pixel of the maps; its channel may be one that the layer does not have.
 * @param {number} px
 * @param {number} py
 * @param {number} side
 * @param {number} columns
 * @returns {Unit}
 */
export function unitAt(px, py, side, columns) {
  const c = Math.floor(py / (side + 1)) * columns + Math.floor(px / (side + 1));
  return [c, py % (side + 1), px % (side + 1)];
}
