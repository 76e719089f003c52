/**
 * The map itself: points or pictures. The points are drawn when they or the view of them change; what
 * moves with the pointer or with the rates is on a second canvas above.
 */

import { h, lettering, onLook, palette, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { enclosed, initialCamera, placeAt, pointAt, projected, shiftInto, zoomed } from "../../math/map_geometry.js";
import { cameraAfter, rowByKey } from "./map_gestures.js";
import { listen } from "./map_input.js";
import { drawOverlay } from "./map_overlay.js";
import { drawPictures } from "./pictures.js";
import { drawPoints, Points } from "./points.js";
import { currentPosition, trailTo } from "./current_position.js";

/** @typedef {import("./map_gestures.js").Spot} Spot */

const REACH = 12; // pixels within which a point is meant
const MARGIN = 20; // pixels that the row of the keys keeps from the edge
const KEYS = msg`Arrow keys go from point to point, Enter takes one as the source, plus and minus zoom, zero shows all, Shift with arrows moves or turns the map, L draws a lasso with the pointer, Escape gives up. On a touch screen, hold a finger down to look around.`;

/**
 * @param {MapModel} model
 * @param {import("./pictures.js").Pictures} pictures
 * @param {MapListener} handlers
 */
export function mapCanvas(model, pictures, handlers) {
  const view = new MapView(model, pictures, handlers);
  listen(view);
  return Object.assign(view.element, {
    lasso: (yes) => view.lasso(yes),
    zoom: (factor) => view.zoom(factor),
    showAll: () => view.showAll(),
    /** Where a row is on the screen, in pixels of the canvas. @param {number} row */
    spotOf: (row) => view.spotOf(row),
    /** Draw again: pictures have come. */
    refresh: () => view.look("base"),
    dispose: () => view.dispose(),
  });
}

/**
 * What the pointer is over, and what was clicked.
 * @typedef {{hover: (what: MapPointer["hover"]) => void, pick: (row: number) => void,
 *   travel: (x: number, y: number) => void}} MapListener
 */

/** The two canvases, what is on them, and what can be done with that. */
export class MapView {
  #pictures;
  #handlers;
  #base = h("canvas", { class: "map-base", "aria-hidden": "true" });
  #said = h("p", { class: "unseen", "aria-live": "polite" });
  #points = new Points();
  #frame = 0;
  #stale = { base: true, over: true };
  /** @type {{xy: Float32Array, depth: Float32Array|null, width: number, height: number}} */
  #seen = { xy: new Float32Array(0), depth: null, width: 0, height: 0 };
  /** @type {(() => void)[]} */
  #stops;
  over = h("canvas", { class: "map-over", tabindex: 0, role: "application", "aria-describedby": "map-keys" });
  /** @type {MapPointer} */
  now = { hover: null, key: -1, lasso: null, trail: [], cursor: null, near: [], source: -1, path: null };

  /**
   * @param {MapModel} model
   * @param {import("./pictures.js").Pictures} pictures
   * @param {MapListener} handlers
   */
  constructor(model, pictures, handlers) {
    this.model = model;
    [this.#pictures, this.#handlers] = [pictures, handlers];
    const keys = h("p", { id: "map-keys", class: "unseen" }, KEYS);
    this.element = h("div", { class: "map-canvas" }, this.#base, this.over, this.#said, keys);
    this.#base.vector = (context) => {
      if (model.kept("as") === "pictures") drawPictures(context, model, this.#seen, pictures);
      else drawPoints(context, model, this.#seen);
    };
    this.over.vector = (context, width, height) => this.#overlay(context, width, height);
    this.#stops = [
      model.session.live.on((decoded) => this.#follow(decoded)),
      onLook(this.#base, () => this.look("base")),
      model.on((what) => this.#changed(what)),
    ];
    model.tell("kept");
  }

  dispose() {
    cancelAnimationFrame(this.#frame);
    this.#stops.forEach((stop) => stop());
  }

  /** A pointer's place on the canvas. @param {MouseEvent} event @returns {Spot} */
  spot({ clientX, clientY }) {
    const box = this.over.getBoundingClientRect();
    return [clientX - box.left, clientY - box.top];
  }

  /** Where a row is on the screen, in pixels of the canvas. @param {number} row @returns {Spot} */
  spotOf(row) {
    return [this.#seen.xy[2 * row], this.#seen.xy[2 * row + 1]];
  }

  // ---- what is done with the map ---------------------------------------------------------------------------------

  /** What a gesture has done, before it ends. @param {import("./map_gestures.js").MapAction|null} action */
  act(action) {
    if (action?.kind === "hover") this.hover(action.at);
    else if (action?.kind === "lasso") {
      this.now.lasso = action.polygon;
      this.look("over");
    } else if (action?.kind === "shift" || action?.kind === "drag") {
      if (!action.zoom) this.over.style.cursor = "grabbing";
      this.#move(action);
    }
  }

  /** What a gesture has done at its end. @param {import("./map_gestures.js").MapAction|null} action */
  release(action) {
    this.now.lasso = null;
    if (action?.kind === "enclose") this.#enclose(action.polygon);
    else if (action?.kind === "take") this.#take(action.at);
    this.look("over");
  }

  /** What a key asks for. @param {NonNullable<ReturnType<typeof import("./map_gestures.js").mapKey>>} asked */
  press(asked) {
    if (asked.kind === "camera") this.#move(asked.move);
    else if (asked.kind === "step") this.#step(asked);
    else if (asked.kind === "take") this.#handlers.pick(this.now.key);
    else if (asked.kind === "zoom") this.zoom(asked.factor);
    else if (asked.kind === "all") this.showAll();
    else if (asked.kind === "lasso") this.lasso(!this.model.lassoing);
    else {
      this.lasso(false);
      this.model.hold(null);
    }
    this.look("over");
  }

  /** Show what is at a place. @param {Spot} at */
  hover([x, y]) {
    const { model } = this;
    const { xy, depth, width, height } = this.#seen;
    const row = pointAt(xy, x, y, REACH, model.shown, depth);
    if (row >= 0) this.now.hover = { row };
    else if (model.axes === 2 && !model.lassoing) {
      const [mapX, mapY] = placeAt(model.camera, width, height, x, y);
      this.now.hover = { x: mapX, y: mapY };
    } else this.now.hover = null;
    this.over.style.cursor = model.lassoing ? "crosshair" : row >= 0 ? "pointer" : "grab";
    this.#handlers.hover(this.now.hover);
    this.look("over");
  }

  /** The pointer has left the map. */
  leave() {
    this.now.hover = null;
    this.#handlers.hover(null);
    this.look("over");
  }

  /** The focus has left the map. */
  leaveKeys() {
    this.now.key = -1;
    this.look("over");
  }

  /** Draw a lasso with the next drag, or no longer. @param {boolean} yes */
  lasso(yes) {
    this.model.lassoing = yes;
    this.now.lasso = null;
    this.over.style.cursor = yes ? "crosshair" : "grab";
    this.model.tell("lasso");
    this.look("over");
  }

  zoom(factor, x = this.#seen.width / 2, y = this.#seen.height / 2) {
    this.model.camera = zoomed(this.model.camera, this.#seen.width, this.#seen.height, factor, x, y);
    this.look("base");
  }

  showAll() {
    this.model.camera = initialCamera();
    this.look("base");
  }

  /** @param {import("./map_gestures.js").CameraMove} move */
  #move(move) {
    const { model } = this;
    model.camera = cameraAfter(model.camera, move, model.axes, this.#seen.width, this.#seen.height);
    this.look("base");
  }

  /** @param {Spot} at */
  #take(at) {
    this.hover(at);
    const { hover } = this.now;
    if (hover?.row !== undefined) this.#handlers.pick(hover.row);
    else if (hover) this.#handlers.travel(hover.x, hover.y);
  }

  /** @param {Spot[]} polygon */
  #enclose(polygon) {
    const { model } = this;
    model.lassoing = false;
    model.hold(polygon.length > 2 ? enclosed(this.#seen.xy, polygon, model.shown) : null);
    model.tell("lasso");
  }

  /** Go to the next row in a direction. @param {{dx: number, dy: number}} towards */
  #step(towards) {
    const { atlas, shown } = this.model;
    const row = rowByKey(this.now, this.#seen, towards, shown);
    this.now.key = row;
    if (row < 0) return;
    const [dx, dy] = shiftInto(...this.spotOf(row), this.#seen.width, this.#seen.height, MARGIN);
    if (dx || dy) this.#move({ kind: "shift", dx, dy });
    this.now.hover = { row };
    this.#handlers.hover(this.now.hover);
    this.#said.textContent = msg`Test image ${atlas.indices[row]}, ${atlas.label(row)}`;
  }

  // ---- what is on it ---------------------------------------------------------------------------------------------

  /** Draw on the next frame: all, or what lies above the points alone. @param {"base"|"over"} what */
  look(what) {
    this.#stale[what] = true;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#stale.base) this.#drawBase();
      this.#drawAbove();
      this.#stale.base = this.#stale.over = false;
    });
  }

  #drawBase() {
    const { model } = this;
    const { context, width, height } = sharp(this.#base);
    if (!width) return;
    const start = performance.now();
    this.#seen = { ...projected(model.places, model.axes, model.camera, width, height), width, height };
    context.clearRect(0, 0, width, height);
    if (model.kept("as") === "pictures") {
      this.element.dataset.pictures = String(drawPictures(context, model, this.#seen, this.#pictures));
    } else this.#points.draw(context, model, this.#seen);
    this.element.dataset.ms = (performance.now() - start).toFixed(2);
  }

  #drawAbove() {
    const { context, width, height } = sharp(this.over);
    context.clearRect(0, 0, width, height);
    this.#overlay(context, width, height);
  }

  #overlay(context, width, height) {
    const { model, now, over } = this;
    const seen = this.#seen;
    /** @param {number[]} place @returns {Spot} */
    const toScreen = (place) => {
      const { xy } = projected(Float32Array.from(place), model.axes, model.camera, seen.width, seen.height);
      return [xy[0], xy[1]];
    };
    const [colour, font] = [palette(over), lettering(over, "650 14px")];
    drawOverlay(context, { model, seen, now, toScreen, colour, font, width, height });
  }

  /** @param {Decoded} decoded */
  #follow(decoded) {
    const { model, now, element } = this;
    if (decoded.state.model !== model.entry.name) return;
    const position = currentPosition(model, decoded);
    Object.assign(now, position);
    now.trail = trailTo(now.trail, position.cursor, model.axes);
    const text = (place) => place.map((v) => v.toFixed(4)).join(" ");
    element.dataset.path = now.path?.places.map(text).join(", ") ?? "";
    element.dataset.cursor = text(position.cursor);
    this.look("over");
  }

  /** @param {MapChange} what */
  #changed(what) {
    const { model, now } = this;
    const { session, atlas, axes } = model;
    if (what === "layout" || what === "kept") {
      const trail = now.trail.filter((each) => each.axes === axes && what !== "layout");
      Object.assign(now, { cursor: null, trail, hover: null, key: -1 });
      if (session.live.now) this.#follow(session.live.now);
    }
    const count = atlas.labels.reduce((sum, label) => sum + (model.hidden.has(label) ? 0 : 1), 0);
    this.over.setAttribute(
      "aria-label",
      msg`Map of ${atlas.count} test images by their ${session.latent.whole}, ${axes} dimensions; ${count} shown`,
    );
    this.look("base");
  }
}
