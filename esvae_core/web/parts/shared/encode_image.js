/** A picture of the visitor's own becomes the source: it is encoded in this page. */

import { msg } from "../../messages.js";
import { fromBytes, groundOf, looksInverted } from "../../math/image.js";
import { toGrid } from "../../math/rates.js";
import { square } from "./image_files.js";
import { keepOwn } from "./own_images.js";

/**
 * Whether a picture's ground is light where the model's images have a dark one, or the other way round.
 * @param {Session} session
 * @param {Uint8Array} bytes (H, W, C) at the model's size
 */
export function inverted({ atlas, entry: { size, channels } }, bytes) {
  return looksInverted(groundOf(bytes, [1, size, size, channels]), atlas?.ground() ?? null);
}

/**
 * Make a picture the source.
 * @param {Session} session
 * @param {ImageBitmap} bitmap
 * @param {string} name
 * @param {"crop"|"pad"} fit
 * @returns {Promise<boolean>} whether it should rather be inverted
 */
export async function encodePicture(session, bitmap, name, fit = "crop", invert = false) {
  const bytes = square(bitmap, session.entry, fit, invert);
  await encodeBytes(session, bytes, name);
  return inverted(session, bytes);
}

/**
 * @param {Session} session
 * @param {Uint8Array} bytes (H, W, C) at the model's size
 * @param {string} name
 */
export async function encodeBytes(session, bytes, name) {
  const { engine, entry, store } = session;
  if (!engine) throw new Error(msg`encoding a picture needs the model in the page, and this browser cannot run it`);
  await session.need("encoder");
  if (session.entry !== entry) return; // another model has been opened meanwhile
  const rates = toGrid(engine.encode(fromBytes(bytes, entry.channels)).rates);
  keepOwn(session, rates, { bytes, name });
  store.change({ source: { kind: "own", rates }, rates }, name);
}
