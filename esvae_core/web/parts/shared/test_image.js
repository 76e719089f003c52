/** A test image of the atlas on a canvas: itself where it is at hand, else what the model makes of it. */

import { fromBytes } from "../../math/image.js";
import { fromGrid } from "../../math/rates.js";
import { drawPixels } from "./draw_pixels.js";

/** Place among the stored pictures of each row that has one. @type {WeakMap<Atlas, Map<number, number>>} */
const stored = new WeakMap();

/** @param {Atlas} atlas */
export function storedTiles(atlas) {
  const places = stored.get(atlas) ?? new Map(Array.from(atlas.tilePositions, (row, place) => [row, place]));
  stored.set(atlas, places);
  return places;
}

/**
 * @param {Having<"atlas">} session
 * @param {HTMLCanvasElement} canvas
 * @param {number} row of the atlas
 * @param {ByteArray|null} originals
 * @param {() => boolean} [wanted] whether the canvas still is to show it, when the picture comes later
 */
export async function paintTestImage(session, canvas, row, originals, wanted = () => true) {
  const { atlas, entry } = session;
  const length = entry.size ** 2 * entry.channels;
  const bytes = (values, at) => fromBytes(values.subarray(at * length, (at + 1) * length), entry.channels);
  const tile = storedTiles(atlas).get(row);
  if (originals) return drawPixels(canvas, bytes(originals.values, row), entry.channels);
  if (tile !== undefined) return drawPixels(canvas, bytes(atlas.tiles.values, tile), entry.channels);
  try {
    const pool = await session.pool();
    const { image } = await pool.run("play", fromGrid(atlas.rates(row)), 0, "systematic", atlas.steps);
    if (wanted()) drawPixels(canvas, image, entry.channels);
  } catch {
    canvas.classList.add("missing"); // the pool is closed when the model changes
  }
}
