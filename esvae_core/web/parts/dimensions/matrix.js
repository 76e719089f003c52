/** A matrix of numbers as colours, a column for each dimension: read by pointer or arrow keys, and a column is chosen. */

import { h, lettering, onLook, palette, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { nameOf, orderOf } from "../shared/dimension_names.js";
import { chosenOf } from "./chosen_dimension.js";
import { cellByKey, cellUnder, columnLabel, matrixLayout, ROW } from "./matrix_layout.js";

/** @typedef {import("./matrix_layout.js").Cell} Cell */

/**
 * What a matrix shows.
 * @typedef {object} MatrixOptions
 * @property {string} label what a screen reader calls it
 * @property {string[]} rows their names
 * @property {(row: number, j: number) => string|null} colourOf null where there is no number
 * @property {(row: number, j: number) => string} wordsOf what the cell says
 * @property {(j: number) => void} choose
 */

/**
 * @param {Having<"atlas">} session
 * @param {MatrixOptions} options
 */
export function matrix(session, { label, rows, colourOf, wordsOf, choose }) {
  const { store, entry } = session;
  const canvas = h("canvas", {
    class: "heat",
    tabindex: 0,
    role: "application",
    "aria-label": msg`${label}. Arrow keys go from cell to cell, Enter chooses the column.`,
  });
  canvas.style.height = `${ROW * (rows.length + 1)}px`;
  const tip = h("p", { class: "matrix-tip reading", role: "status", hidden: true });
  const element = h("div", { class: "matrix" }, canvas, tip);
  let layout = matrixLayout(1, 0, rows.length, entry.dims);
  /** @type {number[]} */
  let order = [];
  /** The cell that is read. @type {Cell|null} */
  let at = null;

  /** @param {Surface} [surface] */
  function draw({ context, width, height } = sharp(canvas)) {
    order = orderOf(session);
    context.clearRect(0, 0, width, height);
    context.font = lettering(canvas, "11px");
    layout = matrixLayout(
      width,
      Math.max(...rows.map((name) => context.measureText(name).width)),
      rows.length,
      entry.dims,
    );
    const marked = { chosen: order.indexOf(chosenOf(session)), at };
    drawMatrix(context, palette(canvas), layout, { rows, order, colourOf, height }, marked);
  }

  /** Say what a cell says, beside it. @param {Cell|null} cell */
  function read(cell) {
    at = cell;
    tip.hidden = !cell;
    if (cell) {
      const j = order[cell.place];
      tip.textContent = `${nameOf(session, j)}, ${wordsOf(cell.row, j)}`;
      const x = layout.left + (cell.place + 0.5) * layout.step;
      tip.style.top = `${(cell.row + 1) * ROW + 6}px`;
      tip.style.left = `${Math.max(0, Math.min(x - tip.offsetWidth / 2, canvas.clientWidth - tip.offsetWidth))}px`;
    }
    draw();
  }

  /** @param {MouseEvent} event */
  const under = ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect();
    return cellUnder(layout, clientX - box.left, clientY - box.top);
  };
  canvas.onpointermove = (event) => read(under(event));
  canvas.onpointerleave = canvas.onblur = () => read(null);
  canvas.onclick = (event) => {
    const cell = under(event);
    if (cell) choose(order[cell.place]);
  };
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const first = { row: 0, place: order.indexOf(chosenOf(session)) };
    const next = cellByKey(event.key, at, first, layout);
    if (next) read(next);
    else if (event.key === "Enter" || event.key === " ") choose(order[(at ?? first).place]);
    else if (event.key === "Escape") read(null);
    else return;
    event.preventDefault();
  };

  const stops = [store.on("state", (state) => state.model === entry.name && draw()), onLook(canvas, () => draw())];
  canvas.vector = (context, width, height) => draw({ context, width, height });
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}

/**
 * @param {DrawingContext} context
 * @param {Palette} colour
 * @param {import("./matrix_layout.js").MatrixLayout} layout
 * @param {Pick<MatrixOptions, "rows"|"colourOf"> & {order: number[], height: number}} shown
 * @param {{chosen: number, at: Cell|null}} marked a column, and the cell that is read
 */
function drawMatrix(context, colour, layout, { rows, order, colourOf, height }, { chosen, at }) {
  const { left, step } = layout;
  context.textBaseline = "middle";
  context.textAlign = "right";
  rows.forEach((name, row) => {
    const y = row * ROW;
    context.fillStyle = colour.ink;
    context.fillText(name, left - 6, y + ROW / 2, left - 6);
    order.forEach((j, place) => {
      context.fillStyle = colourOf(row, j) ?? colour.line;
      context.fillRect(left + place * step, y, Math.max(1, step - 1), ROW - 1);
    });
  });
  context.textAlign = "center";
  context.fillStyle = context.strokeStyle = colour.ink;
  context.lineWidth = 2;
  context.strokeRect(left + chosen * step, 1, step - 1, ROW * rows.length - 3);
  order.forEach((j, place) => {
    const label = columnLabel(layout, place, j);
    if (label) context.fillText(label, left + (place + 0.5) * step, height - ROW / 2);
  });
  if (at) context.strokeRect(left + at.place * step - 1, at.row * ROW - 1 + Number(!at.row), step + 1, ROW);
}
