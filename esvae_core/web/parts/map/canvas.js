/**
 * The map itself: points or pictures. The points are drawn when they or the view of them change; what
 * moves with the pointer or with the rates is on a second canvas above.
 */

import { h, lettering, onLook, palette, sharp } from "../../dom.js";
import {
  dragged,
  enclosed,
  initialCamera,
  placeAt,
  placed,
  pointAt,
  pointTowards,
  projected,
  shifted,
  spread,
  zoomed,
} from "../../math/map_geometry.js";
import { controlPath } from "./control_path.js";
import { drawOverlay } from "./map_overlay.js";
import { drawPoints, Points } from "./points.js";

const REACH = 12; // pixels within which a point is meant
const STILL = 4; // pixels that a click may move
const HOLD = 350; // ms after which a finger that rests looks around instead of moving the map
const KEYS =
  "Arrow keys go from point to point, Enter takes one as the source, plus and minus zoom, zero shows all, Shift with arrows moves or turns the map, L draws a lasso with the pointer, Escape gives up. On a touch screen, hold a finger down to look around.";

/**
 * @param {MapModel} model
 * @param {import("./pictures.js").Pictures} pictures
 * @param {{hover: (what: null|{row: number}|{x: number, y: number}) => void, pick: (row: number) => void,
 *   travel: (x: number, y: number) => void}} told what the pointer is over, and what was clicked
 */
export function mapCanvas(model, pictures, told) {
  const { session, atlas } = model;
  const base = h("canvas", { class: "map-base", "aria-hidden": "true" });
  const over = h("canvas", { class: "map-over", tabindex: 0, role: "application", "aria-describedby": "map-keys" });
  const said = h("p", { class: "unseen", "aria-live": "polite" });
  const element = h(
    "div",
    { class: "map-canvas" },
    base,
    over,
    said,
    h("p", { id: "map-keys", class: "unseen" }, KEYS),
  );
  const points = new Points();
  /** @type {MapPointer} */
  const now = { hover: null, key: -1, lasso: null, trail: [], cursor: null, near: [], source: -1, path: null };
  /** @type {{xy: Float32Array, depth: Float32Array|null, width: number, height: number}} */
  let seen = { xy: new Float32Array(0), depth: null, width: 0, height: 0 };
  let frame = 0;
  const stale = { base: true, over: true };

  const look = (what) => {
    stale[what] = true;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (stale.base) drawBase();
      drawAbove();
      stale.base = stale.over = false;
    });
  };

  function drawBase() {
    const { context, width, height } = sharp(base);
    if (!width) return;
    const start = performance.now();
    seen = { ...projected(model.places, model.axes, model.camera, width, height), width, height };
    context.clearRect(0, 0, width, height);
    if (model.kept("as") === "pictures") drawPictures(context);
    else points.draw(context, model, seen);
    element.dataset.ms = (performance.now() - start).toFixed(2);
  }

  function drawPictures(context) {
    const side = Math.max(28, Math.min(44, model.entry.size));
    context.imageSmoothingEnabled = false;
    const rows = spread(seen.xy, seen.width, seen.height, side + 6, model.shown);
    if (seen.depth) rows.sort((a, b) => seen.depth[b] - seen.depth[a]);
    const held = model.selection && new Set(model.selection);
    for (const row of rows) {
      const picture = pictures.get(row);
      const [x, y] = [seen.xy[2 * row] - side / 2, seen.xy[2 * row + 1] - side / 2];
      context.globalAlpha = held && !held.has(row) ? 0.25 : 1;
      context.fillStyle = model.colourOf(row);
      context.fillRect(x - 2, y - 2, side + 4, side + 4);
      if (picture) context.drawImage(picture, x, y, side, side);
    }
    context.globalAlpha = 1;
    context.imageSmoothingEnabled = true;
    element.dataset.pictures = String(rows.length);
  }

  base.vector = (context) =>
    model.kept("as") === "pictures" ? drawPictures(context) : drawPoints(context, model, seen);
  over.vector = (context, width, height) =>
    drawOverlay(context, {
      model,
      seen,
      now,
      toScreen,
      colour: palette(over),
      font: lettering(over, "650 14px"),
      width,
      height,
    });

  const toScreen = (place) => {
    const { xy } = projected(Float32Array.from(place), model.axes, model.camera, seen.width, seen.height);
    return [xy[0], xy[1]];
  };

  function drawAbove() {
    const { context, width, height } = sharp(over);
    context.clearRect(0, 0, width, height);
    drawOverlay(context, {
      model,
      seen,
      now,
      toScreen,
      colour: palette(over),
      font: lettering(over, "650 14px"),
      width,
      height,
    });
  }

  // ---- the present rates -----------------------------------------------------------------------------------------

  const follow = ({ state, rates }) => {
    if (state.model !== model.entry.name) return;
    const { place, rows } = placed(rates, atlas.counts, atlas.steps, model.places, model.axes);
    const last = now.trail.at(-1);
    if (!last || last.axes !== model.axes || last.place.some((v, i) => Math.abs(v - place[i]) > 1e-3)) {
      now.trail.push({ place, axes: model.axes });
      if (now.trail.length > 80) now.trail.shift();
    }
    now.cursor = place;
    now.near = rows;
    now.path = controlPath(model, state.rates);
    element.dataset.path = now.path?.places.map((at) => at.map((v) => v.toFixed(4)).join(" ")).join(", ") ?? "";
    now.source = state.source.kind === "test" ? atlas.rowOf(state.source.index) : -1;
    element.dataset.cursor = place.map((v) => v.toFixed(4)).join(" ");
    look("over");
  };

  // ---- pointers --------------------------------------------------------------------------------------------------

  const pointers = new Map();
  let gesture = null; // {kind: "move"|"lasso"|"pinch", ...}
  let waiting = null; // the newest move, seen to on the next frame

  /** @returns {[number, number]} */
  const spot = (event) => {
    const box = over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  function hover(x, y) {
    const row = pointAt(seen.xy, x, y, REACH, model.shown, seen.depth);
    if (row >= 0) now.hover = { row };
    else if (model.axes === 2 && !model.lassoing) {
      const [mapX, mapY] = placeAt(model.camera, seen.width, seen.height, x, y);
      now.hover = { x: mapX, y: mapY };
    } else now.hover = null;
    over.style.cursor = model.lassoing ? "crosshair" : row >= 0 ? "pointer" : "grab";
    told.hover(now.hover);
    look("over");
  }

  over.onpointerdown = (event) => {
    over.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, spot(event));
    if (pointers.size === 2) {
      gesture = { kind: "pinch", ...fingers() };
      now.lasso = null;
    } else if (model.lassoing) {
      gesture = { kind: "lasso" };
      now.lasso = [spot(event)];
    } else {
      const moving = { kind: "move", from: spot(event), far: false, shift: event.shiftKey };
      gesture = moving;
      if (event.pointerType === "touch") setTimeout(() => gesture === moving && !moving.far && look(), HOLD);
    }

    /** From now on the finger shows what is under it, and takes nothing. */
    function look() {
      gesture = { kind: "look" };
      hover(...spot(event));
    }
  };

  /** How far two fingers are apart, and where their middle is. */
  const fingers = () => {
    const [[ax, ay], [bx, by]] = [...pointers.values()];
    return { apart: Math.hypot(ax - bx, ay - by) || 1, x: (ax + bx) / 2, y: (ay + by) / 2 };
  };

  over.oncontextmenu = (event) => {
    if (pointers.size > 0) event.preventDefault(); // a finger that is held down
  };

  over.onpointermove = (event) => {
    const [x, y] = spot(event);
    if (!gesture) {
      if (!waiting) {
        requestAnimationFrame(() => {
          if (waiting && !gesture) hover(...waiting);
          waiting = null;
        });
      }
      waiting = [x, y];
      return;
    }
    const before = pointers.get(event.pointerId);
    if (!before) return;
    pointers.set(event.pointerId, [x, y]);
    const { width, height } = seen;
    if (gesture.kind === "lasso") {
      now.lasso.push([x, y]);
      return look("over");
    }
    if (gesture.kind === "look") return hover(x, y);
    if (gesture.kind === "pinch") {
      const { apart, x: midX, y: midY } = fingers();
      const moved = shifted(model.camera, width, height, midX - gesture.x, midY - gesture.y);
      model.camera = zoomed(moved, width, height, apart / gesture.apart, midX, midY);
      gesture = { kind: "pinch", apart, x: midX, y: midY };
      return look("base");
    }
    gesture.far ||= Math.hypot(x - gesture.from[0], y - gesture.from[1]) > STILL;
    if (!gesture.far) return;
    over.style.cursor = "grabbing";
    const move = gesture.shift ? shifted : (c, w, hgt, dx, dy) => dragged(c, model.axes, w, hgt, dx, dy);
    model.camera = move(model.camera, width, height, x - before[0], y - before[1]);
    look("base");
  };

  over.onpointerup = over.onpointercancel = (event) => {
    pointers.delete(event.pointerId);
    const done = gesture;
    gesture = null;
    if (event.type === "pointercancel" || !done) {
      now.lasso = null;
    } else if (done.kind === "lasso") {
      const polygon = now.lasso;
      now.lasso = null;
      model.lassoing = false;
      model.hold(polygon.length > 2 ? enclosed(seen.xy, polygon, model.shown) : null);
      model.tell("lasso");
    } else if (done.kind === "move" && !done.far) {
      const [x, y] = spot(event);
      hover(x, y);
      if (now.hover?.row >= 0) told.pick(now.hover.row);
      else if (now.hover) told.travel(now.hover.x, now.hover.y);
    }
    look("over");
  };

  over.onpointerleave = (event) => {
    waiting = null;
    if (event.pointerType === "touch") return; // what a finger has shown stays
    now.hover = null;
    told.hover(null);
    look("over");
  };

  const zoomAt = (factor, x = seen.width / 2, y = seen.height / 2) => {
    model.camera = zoomed(model.camera, seen.width, seen.height, factor, x, y);
    look("base");
  };
  over.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const [x, y] = spot(event);
      zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)), x, y);
    },
    { passive: false },
  );
  over.ondblclick = () => showAll();

  const showAll = () => {
    model.camera = initialCamera();
    look("base");
  };

  // ---- the keys --------------------------------------------------------------------------------------------------

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function step([dx, dy]) {
    if (now.key < 0 || !model.shown(now.key)) {
      const from = now.source >= 0 && model.shown(now.source) ? now.source : -1;
      now.key = from >= 0 ? from : pointAt(seen.xy, seen.width / 2, seen.height / 2, 1e4, model.shown);
    } else now.key = pointTowards(seen.xy, now.key, dx, dy, model.shown);
    if (now.key < 0) return;
    keepInSight(now.key);
    now.hover = { row: now.key };
    told.hover(now.hover);
    said.textContent = `Test image ${atlas.indices[now.key]}, ${atlas.label(now.key)}`;
  }

  function keepInSight(row) {
    const [x, y] = [seen.xy[2 * row], seen.xy[2 * row + 1]];
    const margin = 20;
    const dx = x < margin ? margin - x : x > seen.width - margin ? seen.width - margin - x : 0;
    const dy = y < margin ? margin - y : y > seen.height - margin ? seen.height - margin - y : 0;
    if (!dx && !dy) return;
    model.camera = shifted(model.camera, seen.width, seen.height, dx, dy);
    look("base");
  }

  over.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) {
      model.camera = dragged(model.camera, model.axes, seen.width, seen.height, -40 * arrow[0], -40 * arrow[1]);
      look("base");
    } else if (arrow) step(arrow);
    else if (event.key === "Enter" && now.key >= 0) told.pick(now.key);
    else if (event.key === "+" || event.key === "=") zoomAt(1.3);
    else if (event.key === "-") zoomAt(1 / 1.3);
    else if (event.key === "0") showAll();
    else if (event.key.toLowerCase() === "l") lasso(!model.lassoing);
    else if (event.key === "Escape") {
      lasso(false);
      model.hold(null);
    } else return;
    event.preventDefault();
    look("over");
  };
  over.onblur = () => {
    now.key = -1;
    look("over");
  };

  /** Draw a lasso with the next drag, or no longer. */
  function lasso(yes) {
    model.lassoing = yes;
    now.lasso = null;
    over.style.cursor = yes ? "crosshair" : "grab";
    model.tell("lasso");
    look("over");
  }

  const shownCount = () => atlas.labels.reduce((sum, label) => sum + (model.hidden.has(label) ? 0 : 1), 0);
  const stops = [
    session.live.on(follow),
    onLook(base, () => look("base")),
    model.on((what) => {
      if (what === "layout" || what === "kept") {
        now.cursor = null;
        [now.trail, now.hover, now.key] = [
          now.trail.filter(({ axes }) => axes === model.axes && what !== "layout"),
          null,
          -1,
        ];
        if (session.live.now) follow(session.live.now);
      }
      over.setAttribute(
        "aria-label",
        `Map of ${atlas.count} test images by their ${session.latent.whole}, ${model.axes} dimensions; ${shownCount()} shown`,
      );
      look("base");
    }),
  ];
  model.tell("kept");
  return Object.assign(element, {
    lasso,
    zoom: zoomAt,
    showAll,
    /** Where a row is on the screen, in pixels of the canvas. @param {number} row @returns {[number, number]} */
    spotOf: (row) => [seen.xy[2 * row], seen.xy[2 * row + 1]],
    /** Draw again: pictures have come. */
    refresh: () => look("base"),
    dispose() {
      cancelAnimationFrame(frame);
      stops.forEach((stop) => stop());
    },
  });
}
