/** Where the cells of a matrix are, and which one a key leads to. Does not touch the DOM. */

export const ROW = 15; // pixels
const BESIDE_NAMES = 8; // pixels
const WIDEST = 110; // pixels, at most, for the rows' names
const APART = 24; // pixels between numbers of columns
const PREFIXED = 30; // pixels of a column whose number is written as d7

/**
 * @typedef {{row: number, place: number}} Cell
 * @typedef {{left: number, step: number, rows: number, columns: number}} MatrixLayout
 */

/** @param {number} width @param {number} names width of the widest @returns {MatrixLayout} */
export function matrixLayout(width, names, rows, columns) {
  const left = BESIDE_NAMES + Math.min(WIDEST, names);
  return { left, step: (width - left) / columns, rows, columns };
}

/** @param {MatrixLayout} layout @returns {Cell|null} */
export function cellUnder({ left, step, rows, columns }, x, y) {
  const [place, row] = [Math.floor((x - left) / step), Math.floor(y / ROW)];
  return place >= 0 && place < columns && row >= 0 && row < rows ? { row, place } : null;
}

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * The cell that a key leads to; null if it leads nowhere. The first arrow reads the cell where the keys begin.
 * @param {string} key
 * @param {Cell|null} at the cell that is read
 * @param {Cell} first where the keys begin
 * @param {Pick<MatrixLayout, "rows"|"columns">} size
 * @returns {Cell|null}
 */
export function cellByKey(key, at, first, { rows, columns }) {
  const from = at ?? first;
  if (key === "Home") return { ...from, place: 0 };
  if (key === "End") return { ...from, place: columns - 1 };
  if (!Object.hasOwn(MOVES, key)) return null;
  const [down, right] = at ? MOVES[key] : [0, 0];
  const inside = (value, count) => Math.max(0, Math.min(count - 1, value));
  return { row: inside(from.row + down, rows), place: inside(from.place + right, columns) };
}

/** What stands below a column; "" where there is no room. @param {MatrixLayout} layout @param {number} j dimension there */
export function columnLabel({ step }, place, j) {
  if (place % Math.ceil(APART / step)) return "";
  return step > PREFIXED ? `d${j}` : String(j);
}
