/** A matrix of numbers as colours, a column for each dimension: read by pointer or arrow keys, and a column is chosen. */

import { h, lettering, onLook, palette, sharp } from "../../dom.js";
import { nameOf, orderOf } from "../shared/mixer.js";
import { chosenOf } from "./table.js";

const ROW = 15; // pixels
const LABELS = 110; // pixels, at most, for the rows' names
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * @param {Session} session
 * @param {object} options
 * @param {string} options.label what a screen reader calls it
 * @param {string[]} options.rows their names
 * @param {(row: number, j: number) => string|null} options.colourOf null where there is no number
 * @param {(row: number, j: number) => string} options.wordsOf what the cell says
 * @param {(j: number) => void} options.choose
 */
export function matrix(session, { label, rows, colourOf, wordsOf, choose }) {
  const { store, entry } = session;
  const canvas = h("canvas", {
    class: "heat",
    tabindex: 0,
    role: "application",
    "aria-label": `${label}. Arrow keys go from cell to cell, Enter chooses the column.`,
  });
  canvas.style.height = `${ROW * (rows.length + 1)}px`;
  const tip = h("p", { class: "matrix-tip reading", role: "status", hidden: true });
  const element = h("div", { class: "matrix" }, canvas, tip);
  /** @type {{left: number, step: number, order: number[]}} */
  let seen = { left: 0, step: 1, order: [] };
  /** @type {{row: number, place: number}|null} the cell that is read */
  let at = null;

  /** @param {Surface} [surface] */
  function draw({ context, width, height } = sharp(canvas)) {
    const colour = palette(canvas);
    const order = orderOf(session);
    context.clearRect(0, 0, width, height);
    context.font = lettering(canvas, "11px");
    context.textBaseline = "middle";
    const left = 8 + Math.min(LABELS, Math.max(...rows.map((name) => context.measureText(name).width)));
    const step = (width - left) / entry.dims;
    seen = { left, step, order };
    rows.forEach((name, row) => {
      const y = row * ROW;
      context.fillStyle = colour.ink;
      context.textAlign = "right";
      context.fillText(name, left - 6, y + ROW / 2, left - 6);
      order.forEach((j, place) => {
        context.fillStyle = colourOf(row, j) ?? colour.line;
        context.fillRect(left + place * step, y, Math.max(1, step - 1), ROW - 1);
      });
    });
    context.textAlign = "center";
    context.fillStyle = context.strokeStyle = colour.ink;
    context.lineWidth = 2;
    const chosen = chosenOf(session);
    const every = Math.ceil(24 / step);
    order.forEach((j, place) => {
      if (j === chosen) context.strokeRect(left + place * step, 1, step - 1, ROW * rows.length - 3);
      const x = left + (place + 0.5) * step;
      if (place % every === 0) context.fillText(step > 30 ? `d${j}` : String(j), x, height - ROW / 2);
    });
    if (at) context.strokeRect(left + at.place * step - 1, at.row * ROW - 1 + Number(!at.row), step + 1, ROW);
  }

  /** Say what a cell says, beside it. @param {typeof at} cell */
  function read(cell) {
    at = cell;
    tip.hidden = !cell;
    if (cell) {
      const j = seen.order[cell.place];
      tip.textContent = `${nameOf(session, j)}, ${wordsOf(cell.row, j)}`;
      const x = seen.left + (cell.place + 0.5) * seen.step;
      tip.style.top = `${(cell.row + 1) * ROW + 6}px`;
      tip.style.left = `${Math.max(0, Math.min(x - tip.offsetWidth / 2, canvas.clientWidth - tip.offsetWidth))}px`;
    }
    draw();
  }

  /** @param {MouseEvent} event */
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const place = Math.floor((event.clientX - box.left - seen.left) / seen.step);
    const row = Math.floor((event.clientY - box.top) / ROW);
    return place >= 0 && place < entry.dims && row >= 0 && row < rows.length ? { row, place } : null;
  };
  canvas.onpointermove = (event) => read(under(event));
  canvas.onpointerleave = () => read(null);
  canvas.onblur = () => read(null);
  canvas.onclick = (event) => {
    const cell = under(event);
    if (cell) choose(seen.order[cell.place]);
  };
  canvas.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    const from = at ?? { row: 0, place: seen.order.indexOf(chosenOf(session)) };
    const inside = (value, count) => Math.max(0, Math.min(count - 1, value));
    if (move && !at) read(from);
    else if (move) read({ row: inside(at.row + move[0], rows.length), place: inside(at.place + move[1], entry.dims) });
    else if (event.key === "Home") read({ ...from, place: 0 });
    else if (event.key === "End") read({ ...from, place: entry.dims - 1 });
    else if (event.key === "Enter" || event.key === " ") choose(seen.order[from.place]);
    else if (event.key === "Escape") read(null);
    else return;
    event.preventDefault();
  };

  const stops = [store.on("state", (state) => state.model === entry.name && draw()), onLook(canvas, () => draw())];
  canvas.vector = (context, width, height) => draw({ context, width, height });
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}
