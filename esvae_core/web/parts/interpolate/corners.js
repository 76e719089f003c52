/** A square between four corners: the pointer's place is a blend of the first four anchors, decoded live. */

import { h, onLook, palette, pixels, sharp } from "../../dom.js";
import { bilinear } from "../../math/interpolation.js";
import { fromGrid, toGrid } from "../../math/rates.js";
import { paint } from "../shared/paint.js";

const TILES = 5;
const STEP = 1 / 32;

/**
 * @param {Session} session
 * @param {{anchors: () => {rates: Uint16Array}[], path: () => string, onmove: () => void}} options told before each move
 */
export function corners(session, { anchors, path, onmove }) {
  const { store, live, entry } = session;
  const tiles = Array.from({ length: TILES ** 2 }, () => pixels(entry.size, entry.size, "", "thumb"));
  const marker = h("canvas", { class: "corner-marker", "aria-hidden": "true" });
  const pad = h(
    "div",
    {
      class: "corners",
      role: "slider",
      tabindex: 0,
      "aria-label": "Blend of four anchors; arrow keys move the point",
      "aria-valuemin": 0,
      "aria-valuenow": 0.5,
      "aria-valuetext": "in the middle, not chosen yet",
      "aria-valuemax": 1,
    },
    tiles,
    marker,
  );
  for (const tile of tiles) tile.setAttribute("aria-hidden", "true");
  const note = h("p", { class: "quiet" }, "");
  const element = h("section", {}, h("div", { class: "head" }, h("h2", {}, "Between four")), pad, note);
  let place = null;
  let turn = 0;

  /** Four corners: the anchors in turn, the last again where there are fewer. */
  const four = () => {
    const list = anchors();
    return [0, 1, 2, 3].map((i) => fromGrid(list[Math.min(i, list.length - 1)].rates));
  };

  function go(x, y) {
    onmove();
    place = { x: Math.min(1, Math.max(0, x)), y: Math.min(1, Math.max(0, y)) };
    store.set({ rates: toGrid(bilinear(four(), place.x, place.y, path())) });
    pad.setAttribute("aria-valuenow", place.x.toFixed(2));
    pad.setAttribute(
      "aria-valuetext",
      `${Math.round(100 * place.x)} % to the right, ${Math.round(100 * place.y)} % down`,
    );
    mark();
  }

  function mark() {
    const { context, width, height } = sharp(marker);
    context.clearRect(0, 0, width, height);
    if (!place) return;
    const colour = palette(marker);
    const [x, y] = [8 + place.x * (width - 16), 8 + place.y * (height - 16)];
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

  const at = (event) => {
    const box = pad.getBoundingClientRect();
    live.follow(event);
    go((event.clientX - box.left - 8) / (box.width - 16), (event.clientY - box.top - 8) / (box.height - 16));
  };
  pad.onpointerdown = (event) => {
    if (event.button) return;
    pad.setPointerCapture(event.pointerId);
    at(event);
  };
  pad.onpointermove = (event) => event.buttons && pad.hasPointerCapture(event.pointerId) && at(event);
  pad.onpointerup = () => store.commit("blend");
  pad.onpointercancel = () => store.cancel();
  pad.onkeydown = (event) => {
    const [dx, dy] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[
      event.key
    ] ?? [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    go((place?.x ?? 0.5) + dx, (place?.y ?? 0.5) + dy);
  };
  pad.onkeyup = (event) => event.key.startsWith("Arrow") && store.commit("blend");

  /** Decode the tiles anew. */
  async function refresh() {
    const mine = ++turn;
    const [vectors, { seed, sampler, steps }] = [four(), store.state];
    note.textContent = `Corners: anchors 1, 2 above, 3, 4 below${anchors().length < 4 ? "; with fewer, the last is repeated" : ""}. Drag, or use the arrow keys.`;
    try {
      const pool = await session.pool();
      for (let k = 0; k < tiles.length && mine === turn; k++) {
        const rates = fromGrid(
          toGrid(bilinear(vectors, (k % TILES) / (TILES - 1), Math.floor(k / TILES) / (TILES - 1), path())),
        );
        pool.run("play", rates, seed, sampler, steps).then(
          ({ image }) => mine === turn && paint(tiles[k], image, entry.channels),
          () => {},
        );
      }
    } catch (error) {
      session.say(`The square is not shown: ${error.message}`);
    }
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
