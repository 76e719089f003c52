/** Test images a page at a time. */

const SHOWN = 24; // on a page

/**
 * Rows of an atlas, those with a stored picture first: they are there at once.
 * @param {Pick<Atlas, "count">} atlas
 * @param {Map<number, unknown>} stored by row
 * @returns {number[]}
 */
export const storedFirst = ({ count }, stored) => [
  ...stored.keys(),
  ...Array.from({ length: count }, (_, row) => row).filter((row) => !stored.has(row)),
];

/**
 * Rows of a class.
 * @param {number[]} rows
 * @param {Pick<Atlas, "labels">} atlas
 * @param {string} label the class' number; "" for all
 */
export const ofClass = (rows, { labels }, label) =>
  label === "" ? rows : rows.filter((row) => labels[row] === Number(label));

/**
 * A page; after the last one comes the first.
 * @param {number[]} rows
 * @param {number} wanted from 0
 * @returns {{page: number, pages: number, rows: number[]}}
 */
export function pageOf(rows, wanted) {
  const pages = Math.max(1, Math.ceil(rows.length / SHOWN));
  const page = wanted % pages;
  return { page, pages, rows: rows.slice(page * SHOWN, (page + 1) * SHOWN) };
}
