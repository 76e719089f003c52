/** A square between four corners: the pointer's place is a blend of the first four anchors, decoded live. */

import { h, onLook, palette, pixels, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { bilinear } from "../../math/interpolation.js";
import { fromGrid, toGrid } from "../../math/rates.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { helpMark } from "../shared/help.js";
import { fourOf, placeAt, placeByKey, placeWords, pointOf, tilePlaces } from "./blend_position.js";

const TILES = 5;
const PLACES = tilePlaces(TILES);

/** @typedef {import("./blend_position.js").BlendPlace} BlendPlace */

/**
 * @param {Session} session
 * @param {{anchors: () => {rates: Uint16Array}[], path: () => string, onmove: () => void}} options told before each move
 */
export function corners(session, { anchors, path, onmove }) {
  const { store, live } = session;
  const { element, pad, marker, tiles, note } = elementsOf(session.entry.size);
  /** @type {BlendPlace|null} */
  let place = null;
  let turn = 0;
  const vectors = () => fourOf(anchors()).map(({ rates }) => fromGrid(rates));
  const mark = () => drawMarker(marker, place);

  /** @param {BlendPlace} to */
  function go(to) {
    onmove();
    place = to;
    store.set({ rates: toGrid(bilinear(vectors(), place.x, place.y, path())) });
    pad.setAttribute("aria-valuenow", place.x.toFixed(2));
    pad.setAttribute("aria-valuetext", placeWords(place));
    mark();
  }

  followPointer(pad, session, (event) => {
    const box = pad.getBoundingClientRect();
    live.follow(event);
    go(placeAt(event.clientX - box.left, event.clientY - box.top, box));
  });
  pad.onkeydown = (event) => {
    const to = placeByKey(place, event.key);
    if (!to) return;
    event.preventDefault();
    go(to);
  };
  pad.onkeyup = (event) => event.key.startsWith("Arrow") && store.commit(msg`blend`);

  /** Decode the tiles anew. */
  async function refresh() {
    const mine = ++turn;
    note.textContent = msg`Corners: anchors 1, 2 above, 3, 4 below${anchors().length < 4 ? msg`; with fewer, the last is repeated` : ""}. Drag, or use the arrow keys.`;
    await decodeTiles(session, vectors(), path, tiles, () => mine === turn);
  }
  const stop = onLook(marker, mark);
  return Object.assign(element, {
    refresh,
    dispose() {
      turn++;
      stop();
    },
  });
}

/** @param {number} size of a picture */
function elementsOf(size) {
  const tiles = PLACES.map(() => pixels(size, size, "", "thumb"));
  const marker = h("canvas", { class: "corner-marker", "aria-hidden": "true" });
  const pad = h(
    "div",
    {
      class: "corners",
      role: "slider",
      tabindex: 0,
      "aria-label": msg`Blend of four anchors; arrow keys move the point`,
      "aria-valuemin": 0,
      "aria-valuenow": 0.5,
      "aria-valuetext": msg`in the middle, not chosen yet`,
      "aria-valuemax": 1,
    },
    tiles,
    marker,
  );
  for (const tile of tiles) tile.setAttribute("aria-hidden", "true");
  const note = h("p", { class: "quiet" }, "");
  const element = h(
    "section",
    {},
    h("div", { class: "head" }, h("h2", {}, msg`Between four`), helpMark("blend")),
    pad,
    note,
  );
  return { element, pad, marker, tiles, note };
}

/**
 * Where the pointer drags on the pad; the gesture ends when it is lifted.
 * @param {HTMLElement} pad
 * @param {Session} session
 * @param {(event: PointerEvent) => void} onmove
 */
function followPointer(pad, { store }, onmove) {
  pad.onpointerdown = (event) => {
    if (event.button) return;
    pad.setPointerCapture(event.pointerId);
    onmove(event);
  };
  pad.onpointermove = (event) => event.buttons && pad.hasPointerCapture(event.pointerId) && onmove(event);
  pad.onpointerup = () => store.commit(msg`blend`);
  pad.onpointercancel = () => store.cancel();
}

/** Rings around the place that was chosen. @param {HTMLCanvasElement} marker @param {BlendPlace|null} place */
function drawMarker(marker, place) {
  const { context, width, height } = sharp(marker);
  context.clearRect(0, 0, width, height);
  if (!place) return;
  const colour = palette(marker);
  const [x, y] = pointOf(place, width, height);
  context.lineWidth = 3;
  /** @type {[number, string][]} */
  const rings = [
    [8, "#fff"],
    [6, colour.now],
  ];
  for (const [radius, style] of rings) {
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.strokeStyle = style;
    context.stroke();
  }
}

/**
 * @param {Session} session
 * @param {Float32Array[]} vectors rates of the corners
 * @param {() => string} path
 * @param {HTMLCanvasElement[]} tiles
 * @param {() => boolean} wanted whether they still are
 */
async function decodeTiles(session, vectors, path, tiles, wanted) {
  const { seed, sampler, steps } = session.store.state;
  const { channels } = session.entry;
  try {
    const pool = await session.pool();
    for (let k = 0; k < tiles.length && wanted(); k++) {
      const rates = fromGrid(toGrid(bilinear(vectors, PLACES[k].x, PLACES[k].y, path())));
      pool.run("play", rates, seed, sampler, steps).then(
        ({ image }) => wanted() && drawPixels(tiles[k], image, channels),
        () => {},
      );
    }
  } catch (error) {
    session.say(msg`The square is not shown: ${error.message}`);
  }
}
