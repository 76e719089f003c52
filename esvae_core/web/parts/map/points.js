/** The map's points: their colours, how they fade, and which of them lie in front. */

import { colourBytes, disc } from "../../math/discs.js";

const DEEP = 24; // layers that space is sorted into

export class Points {
  /** @type {ImageData|null} */
  #image = null;

  /** Draw all points that are shown. @param {MapModel} model */
  draw(context, model, seen) {
    const { width: w, height: hgt } = context.canvas;
    const last = this.#image;
    const image = last && last.width === w && last.height === hgt ? last : new ImageData(w, hgt);
    if (image === last) image.data.fill(0);
    this.#image = image;
    const { data } = image;
    const ratio = w / seen.width;
    const colours = model.colours.map(colourBytes);
    each(model, seen, (x, y, r, row, alpha) =>
      disc(data, w, hgt, ratio * x, ratio * y, r * ratio, colours[model.paint[row]], alpha),
    );
    context.putImageData(image, 0, 0);
  }
}

/**
 * As `Points.draw`, with a context's own calls.
 * @param {MapModel} model
 */
export function drawPoints(context, model, seen) {
  each(model, seen, (x, y, r, row, alpha) => {
    context.globalAlpha = alpha;
    context.fillStyle = model.colourOf(row);
    context.beginPath();
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.fill();
  });
  context.globalAlpha = 1;
}

/**
 * Each point that is shown, the farthest first: its place, radius, row and alpha.
 * @param {MapModel} model
 */
function each(model, { xy, depth, width, height }, put) {
  const { shown } = model;
  const count = xy.length / 2;
  const held = model.selection && new Set(model.selection);
  const radius = Math.min(9, Math.max(2.2, (count > 4000 ? 2.4 : 3.2) * Math.sqrt(model.camera.zoom)));
  const one = (row, r) => {
    const [x, y] = [xy[2 * row], xy[2 * row + 1]];
    if (x < -r || y < -r || x > width + r || y > height + r) return;
    put(x, y, r, row, held && !held.has(row) ? 0.12 : model.faded ? faded(model.trust(row)) : 0.85);
  };
  if (!depth) {
    for (let row = 0; row < count; row++) if (shown(row)) one(row, radius);
    return;
  }
  /** @type {number[][]} */
  const layers = Array.from({ length: DEEP }, () => []);
  for (let row = 0; row < count; row++)
    if (shown(row)) layers[Math.min(DEEP - 1, Math.floor(depth[row] * DEEP))].push(row);
  for (let layer = DEEP - 1; layer >= 0; layer--) {
    const r = radius * (1.45 - (0.9 * layer) / DEEP);
    for (const row of layers[layer]) one(row, r);
  }
}

/** In steps, so that one sees at a glance which are meant. */
function faded(trust) {
  if (trust >= 0.95) return 0.95;
  return trust >= 0.9 ? 0.6 : trust >= 0.8 ? 0.3 : 0.12;
}
