/** A table that each of its headers sorts; a row is chosen by a click, or by the button in its first cell. */

import { h } from "../../dom.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {string} help what the numbers mean
 * @property {(row: Row) => number} value by which it sorts; NaN comes last
 * @property {(row: Row) => Child} cell
 * @property {(row: Row) => string} says what the cell means, as a sentence; "" of an empty one
 * @property {boolean} [up] whether the least comes first
 */

/**
 * @template Row
 * @param {object} options
 * @param {string} options.label what a screen reader calls it
 * @param {Column<Row>[]} options.columns the first one names the row
 * @param {Row[]} options.rows in the order in which equal ones stay
 * @param {(row: Row) => string} options.keyOf
 * @param {string} options.data name of the rows' `data-` attribute that holds the key
 * @param {string} options.sorted key of the column that sorts at first; "" for the rows' own order
 * @param {(row: Row) => void} options.choose
 * @param {() => void} [options.onshow] called when rows were put anew
 */
export function sortableTable({ label, columns, rows, keyOf, data, sorted, choose, onshow = () => {} }) {
  let order = { key: sorted, up: Boolean(columns.find(({ key }) => key === sorted)?.up) };
  let chosen = "";
  const heads = columns.map((column) => {
    const button = h("button", { type: "button", class: "bare", title: column.help }, column.title);
    return h("th", { scope: "col", title: column.help, onclick: () => sortBy(column) }, button); // keys click the button
  });
  const body = h("tbody", {});
  const element = h(
    "div",
    { class: "dimension-table", tabindex: 0, role: "region", "aria-label": label },
    h("table", {}, h("thead", {}, h("tr", {}, heads)), body),
  );

  function sortBy({ key, up = false }) {
    order = order.key === key ? { key, up: !order.up } : { key, up };
    show();
  }

  /** @param {Row} row */
  function lineOf(row) {
    const [first, ...rest] = columns;
    const title = first.says(row);
    const button = h("button", { type: "button", class: "bare", title, onclick: () => choose(row) }, first.cell(row));
    const onclick = (event) => event.target.closest("button") || choose(row);
    const cells = rest.map(({ cell, says }) => h("td", { title: says(row) || null }, cell(row)));
    return h("tr", { [`data-${data}`]: keyOf(row), onclick }, h("th", { scope: "row" }, button), cells);
  }

  /** Put all rows anew: what their cells say has changed. */
  function show() {
    const column = columns.find(({ key }) => key === order.key);
    const shown = [...rows];
    if (column) shown.sort((a, b) => compared(column.value(a), column.value(b), order.up));
    heads.forEach((head, i) =>
      head.setAttribute("aria-sort", columns[i] === column ? (order.up ? "ascending" : "descending") : "none"),
    );
    body.replaceChildren(...shown.map(lineOf));
    mark(chosen);
    onshow();
  }

  /** Show which row is chosen. @param {string} key */
  function mark(key) {
    chosen = key;
    for (const row of body.querySelectorAll("tr")) {
      const is = row.dataset[data] === key;
      row.classList.toggle("chosen", is);
      if (is) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  show();
  return Object.assign(element, { show, mark });
}

/** @param {number} a @param {number} b */
function compared(a, b, up) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return up ? a - b : b - a;
}

/** A share as a bar with a text beside it. */
export function measuredBar(share, text) {
  const bar = h("i", {});
  bar.style.width = `${100 * Math.max(0, Math.min(1, share || 0))}%`;
  return h(
    "span",
    { class: "measured" },
    h("span", { class: "measured-bar", "aria-hidden": "true" }, bar),
    h("span", { class: "number" }, text),
  );
}
