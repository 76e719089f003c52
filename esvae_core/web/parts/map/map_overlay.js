/** What lies above the points: names of classes, the present rates and their trail, the pointer, and the lasso. */

import { apartLabels, nearestWeights, middles } from "../../math/map_geometry.js";

export const NEAR = 8; // points between which empty space is filled
const LINE = 18; // pixels of a line of letters
const MARKER = 20; // pixels of the live cursor's disc, and what is around it

/**
 * What the overlay is drawn with.
 * @typedef {object} Overlay
 * @property {MapModel} model
 * @property {{xy: Float32Array}} seen places of all rows
 * @property {MapPointer} now
 * @property {(place: number[]) => [number, number]} toScreen
 * @property {Palette} colour
 * @property {string} font
 * @property {number} width
 * @property {number} height
 */

/** Draw all of it. @param {DrawingContext} context @param {Overlay} overlay */
export function drawOverlay(context, overlay) {
  const { model, now, colour } = overlay;
  const pen = penOf(context, overlay);
  if (!model.scale && model.kept("as") === "points") names(context, model, pen.at, overlay);
  if (now.hover && now.hover.row === undefined) between(pen, overlay, now.hover);
  if (now.path) path(context, now.path, overlay.toScreen, { ...pen, ...overlay });
  if (now.cursor) present(context, pen, overlay, now.cursor);
  if (now.hover?.row !== undefined) pen.ring(pen.at(now.hover.row), 7, colour.ink);
  drawLasso(context, pen, overlay);
}

/** Lines and rings, and where a row is. @param {DrawingContext} context @param {Overlay} overlay */
function penOf(context, { seen, colour }) {
  return {
    /** @returns {[number, number]} */
    at: (row) => [seen.xy[2 * row], seen.xy[2 * row + 1]],
    line(points, style, thick, dash = []) {
      context.strokeStyle = style;
      context.lineWidth = thick;
      context.setLineDash(dash);
      context.beginPath();
      points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
      context.stroke();
      context.setLineDash([]);
    },
    ring([x, y], radius, style, thick = 2) {
      context.lineWidth = thick + 2;
      context.strokeStyle = colour.ground;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.stroke();
      context.lineWidth = thick;
      context.strokeStyle = style;
      context.stroke();
    },
  };
}

/**
 * A place between points, and those that are blended there.
 * @param {ReturnType<typeof penOf>} pen
 * @param {Overlay} overlay
 * @param {{x: number, y: number}} place
 */
function between(pen, { model, toScreen, colour }, { x, y }) {
  const there = toScreen([x, y]);
  for (const row of nearestWeights(model.places, x, y, NEAR, model.shown).rows)
    pen.line([there, pen.at(row)], colour.quiet, 1);
  pen.ring(there, 4, colour.quiet, 1.5);
}

/**
 * The present rates, their trail, what is near them, and their source.
 * @param {DrawingContext} context
 * @param {ReturnType<typeof penOf>} pen
 * @param {Overlay} overlay
 * @param {number[]} cursor
 */
function present(context, pen, { now, toScreen, colour }, cursor) {
  const spot = toScreen(cursor);
  const trail = now.trail.map(({ place }) => toScreen(place));
  trail.slice(1).forEach((point, i) => {
    context.globalAlpha = 0.15 + (0.75 * (i + 1)) / trail.length;
    pen.line([trail[i], point], colour.now, 2);
  });
  context.globalAlpha = 1;
  for (const row of now.near) pen.line([spot, pen.at(row)], colour.now, 0.75, [2, 3]);
  if (now.source >= 0) pen.ring(pen.at(now.source), 8, colour.was);
  cross(context, spot, colour);
}

/**
 * The lasso while it is drawn; before that, a frame says that one can be.
 * @param {DrawingContext} context
 * @param {ReturnType<typeof penOf>} pen
 * @param {Overlay} overlay
 */
function drawLasso(context, pen, { model, now, colour, width, height }) {
  if (now.lasso && now.lasso.length > 1) {
    pen.line([...now.lasso, now.lasso[0]], colour.now, 2, [6, 4]);
    context.fillStyle = colour.now;
    context.globalAlpha = 0.1;
    context.fill();
    context.globalAlpha = 1;
  }
  if (model.lassoing && !now.lasso) {
    context.strokeStyle = colour.now;
    context.setLineDash([6, 4]);
    context.lineWidth = 2;
    context.strokeRect(1, 1, width - 2, height - 2);
    context.setLineDash([]);
  }
}

/** The live cursor: a disc in the first accent, cut out of what is below. */
function cross(context, [x, y], colour) {
  context.fillStyle = colour.ground;
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.fill();
  context.fillStyle = colour.now;
  context.beginPath();
  context.arc(x, y, 6.5, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = colour.now;
  context.lineWidth = 2;
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.beginPath();
    context.moveTo(x + 9 * dx, y + 9 * dy);
    context.lineTo(x + 15 * dx, y + 15 * dy);
    context.stroke();
  }
}

/**
 * Each class' name in the middle of it, since colours alone are not for everybody.
 * @param {MapModel} model
 */
function names(context, model, at, { now, toScreen, colour, font, width, height }) {
  if (model.middles[model.axes]?.of !== model.places) {
    const rows = middles(model.places, model.axes, model.atlas.labels);
    model.middles[model.axes] = { of: model.places, rows };
  }
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const shown = [...model.middles[model.axes].rows].filter(([label]) => !model.hidden.has(label));
  const labels = shown.map(([label, row]) => {
    const [x, y] = at(row);
    const text = model.atlas.classNames[label];
    return { text, x, y, width: context.measureText(text).width, height: LINE };
  });
  const marker = now.cursor ? [obstacle(toScreen(now.cursor))] : [];
  const placed = apartLabels([...labels, ...marker], width, height);
  for (const { text, x, y } of placed) if (text) haloed(context, text, x, y, colour);
}

/** The live cursor, as labels that make room for it know it. @param {[number, number]} spot */
const obstacle = ([x, y]) => ({ text: "", x, y, width: MARKER, height: MARKER, fixed: true });

/** A text that is readable above points. */
function haloed(context, text, x, y, colour) {
  context.lineWidth = 4;
  context.strokeStyle = colour.ground;
  context.strokeText(text, x, y);
  context.fillStyle = colour.ink;
  context.fillText(text, x, y);
}

/** The way of a control: a line, a ring at each whole amount, and what is asked at its ends. */
function path(context, { places, marks, ends }, toScreen, { line, ring, colour, font, width, height }) {
  const points = places.map(toScreen);
  line(points, colour.ground, 5);
  line(points, colour.was, 2.5);
  for (const place of marks) ring(toScreen(place), 3, colour.was, 1.5);
  context.font = font;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  const labels = ends.map((text, i) => {
    const [x, y] = points[i ? points.length - 1 : 0];
    return { text, x, y: y - LINE, width: context.measureText(text).width, height: LINE };
  });
  for (const { text, x, y } of apartLabels(labels, width, height)) haloed(context, text, x, y, colour);
}
