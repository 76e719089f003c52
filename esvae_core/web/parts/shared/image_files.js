/** A file that a visitor brings, as a picture that a model takes. */

import { contextOf } from "../../dom.js";
import { msg } from "../../messages.js";
import { resize, toGray, toRgb } from "../../math/image.js";

const LARGEST = 50; // MB
const MOST = 2048; // px; larger pictures are reduced by the browser first
const MILLIONS = 100; // of pixels that are unpacked at most, 4 bytes each

/** @returns {Promise<ImageBitmap>} upright, at most MOST pixels wide or high @throws {Error} one line */
export async function bitmapOf(file) {
  if (file.size > LARGEST * 2 ** 20)
    throw new Error(msg`expected at most ${LARGEST} MB, found ${Math.ceil(file.size / 2 ** 20)}`);
  if (!file.size) throw new Error(msg`expected a picture, found an empty file`);
  let size;
  /** @type {ImageBitmap|null} */
  let bitmap = null;
  try {
    size = await sizeOf(file);
    if (size.width * size.height <= MILLIONS * 1e6) bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(
      msg`expected a picture (PNG, JPEG, WebP, GIF, BMP, AVIF), a file that was exported here, or a checkpoint (.safetensors), found something else or a damaged one`,
    );
  }
  if (!bitmap) throw new Error(msg`expected at most ${MILLIONS} million pixels, found ${size.width} × ${size.height}`);
  const most = Math.max(bitmap.width, bitmap.height);
  if (most <= MOST) return bitmap;
  const share = MOST / most;
  const [resizeWidth, resizeHeight] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * share)));
  return createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: "high" });
}

/** What a picture's first bytes say of its size: a few of them can promise gigabytes. It is not unpacked for that. */
async function sizeOf(file) {
  const [image, url] = [new Image(), URL.createObjectURL(file)];
  try {
    await new Promise((done, fail) => {
      [image.onload, image.onerror] = [done, fail];
      image.src = url;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * A bitmap -> the model's input.
 * @param {ImageBitmap} bitmap
 * @param {Pick<ModelEntry, "size"|"channels">} entry
 * @param {"crop"|"pad"} fit
 * @param {boolean} invert
 * @returns {Uint8Array} (size, size, C) bytes
 */
export function square(bitmap, { size, channels }, fit, invert) {
  const side = fit === "crop" ? Math.min(bitmap.width, bitmap.height) : Math.max(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(side, side);
  const context = contextOf(canvas);
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.drawImage(bitmap, Math.floor((side - bitmap.width) / 2), Math.floor((side - bitmap.height) / 2));
  const { data } = context.getImageData(0, 0, side, side);
  const bytes = resize(channels === 1 ? toGray(data) : toRgb(data), [side, side], [size, size], channels);
  return invert ? bytes.map((v) => 255 - v) : bytes;
}
