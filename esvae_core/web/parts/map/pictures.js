/**
 * Small pictures of an atlas' rows: the test image itself where it is at hand, else what the model makes of its rates.
 */

import { pixels } from "../../dom.js";
import { fromBytes } from "../../math/image.js";
import { spread } from "../../math/map_geometry.js";
import { fromGrid } from "../../math/rates.js";
import { drawPixels } from "../shared/draw_pixels.js";

export class Pictures {
  /** By row; null while it is on its way. @type {Map<number, HTMLCanvasElement|null>} */
  #made = new Map();
  /** @type {ByteArray|null} */
  #originals = null;
  #gone = false;

  /**
   * @param {Having<"atlas">} session
   * @param {() => void} onready called when a picture that was asked for has come
   */
  constructor(session, onready) {
    const { atlas, entry } = session;
    this.session = session;
    this.atlas = atlas;
    this.entry = entry;
    this.onready = onready;
    this.stored = new Map(Array.from(atlas.tilePositions, (row, place) => [row, place]));
    session.originals().then((found) => {
      this.#originals = found;
      if (!found || this.#gone) return;
      this.#made.clear();
      onready();
    });
  }

  /** Whether these are the images themselves. */
  get real() {
    return Boolean(this.#originals);
  }

  /** The picture of a row; null while it is being made. @returns {HTMLCanvasElement|null} */
  get(row) {
    const made = this.#made.get(row);
    if (made !== undefined) return made;
    const { size, channels } = this.entry;
    const bytes = (values, at) => {
      const length = size * size * channels;
      return this.#painted(row, fromBytes(values.subarray(at * length, (at + 1) * length), channels));
    };
    if (this.#originals) return bytes(this.#originals.values, row);
    const place = this.stored.get(row);
    if (place !== undefined) return bytes(this.atlas.tiles.values, place);
    this.#made.set(row, null);
    this.#decode(row);
    return null;
  }

  dispose() {
    this.#gone = true;
  }

  #painted(row, image) {
    const canvas = pixels(this.entry.size, this.entry.size, "");
    drawPixels(canvas, image, this.entry.channels);
    this.#made.set(row, canvas);
    return canvas;
  }

  async #decode(row) {
    if (!this.session.engine) return;
    try {
      const pool = await this.session.pool();
      const { image } = await pool.run("play", fromGrid(this.atlas.rates(row)), 0, "systematic", this.atlas.steps);
      if (this.#gone || this.#originals) return;
      this.#painted(row, image);
      this.onready();
    } catch {
      this.#gone = true; // the pool is closed when the model changes
    }
  }
}

/**
 * Draw pictures in place of points: as many as do not overlap, the nearest last.
 * @param {MapModel} model
 * @param {Pictures} pictures
 * @returns {number} how many
 */
export function drawPictures(context, model, { xy, depth, width, height }, pictures) {
  const side = Math.max(28, Math.min(44, model.entry.size));
  context.imageSmoothingEnabled = false;
  const rows = spread(xy, width, height, side + 6, model.shown);
  if (depth) rows.sort((a, b) => depth[b] - depth[a]);
  const held = model.selection && new Set(model.selection);
  for (const row of rows) {
    const picture = pictures.get(row);
    const [x, y] = [xy[2 * row] - side / 2, xy[2 * row + 1] - side / 2];
    context.globalAlpha = held && !held.has(row) ? 0.25 : 1;
    context.fillStyle = model.colourOf(row);
    context.fillRect(x - 2, y - 2, side + 4, side + 4);
    if (picture) context.drawImage(picture, x, y, side, side);
  }
  context.globalAlpha = 1;
  context.imageSmoothingEnabled = true;
  return rows.length;
}
