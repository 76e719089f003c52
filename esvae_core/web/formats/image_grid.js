/**
 * Pictures laid out on one sheet, row by row, on white; the twin of `sheet` in `esvae_core/pictures.py`.
 *
 * @typedef {{width: number, height: number, channels: 1|3, bytes: Uint8Array}} ImageGrid (height, width, channels)
 */

import { HEIGHT, WIDTH, renderText } from "./bitmap_font.js";
import { toByte } from "../math/image.js";

/** Rows of white with a line of letters in it. */
export const CAPTION = HEIGHT + 2;

/** (C, H, W) in [-1, 1] -> (H, W, C) bytes. @returns {Uint8Array} */
export function toBytes(image, channels) {
  const area = image.length / channels;
  return Uint8Array.from({ length: image.length }, (_, i) =>
    toByte(image[(i % channels) * area + Math.floor(i / channels)]),
  );
}

/**
 * @param {Uint8Array[]} tiles at least one, (size, size, channels) each
 * @param {{size: number, channels: 1|3, columns?: number, gap?: number, scale?: number, captions?: string[]}} layout
 * @returns {ImageGrid}
 */
export function imageGrid(tiles, { size, channels, columns = tiles.length, gap = 0, scale = 1, captions = [] }) {
  const across = Math.min(columns, tiles.length);
  const down = Math.ceil(tiles.length / across);
  const tall = size + (captions.length ? CAPTION : 0);
  const [width, height] = [across * (size + gap) - gap, down * (tall + gap) - gap];
  const bytes = new Uint8Array(width * height * channels).fill(255);
  tiles.forEach((tile, i) => {
    const [top, left] = [Math.floor(i / across) * (tall + gap), (i % across) * (size + gap)];
    for (let y = 0; y < size; y++) {
      const row = tile.subarray(y * size * channels, (y + 1) * size * channels);
      bytes.set(row, ((top + y) * width + left) * channels);
    }
    const text = [...(captions[i] ?? "")].slice(0, Math.floor((size + 1) / WIDTH)).join("");
    if (!text) return;
    const letters = renderText(text);
    const corner = (top + size + 1) * width + left + Math.floor((size - letters.width) / 2);
    letters.ink.forEach((ink, at) => {
      const place = (corner + Math.floor(at / letters.width) * width + (at % letters.width)) * channels;
      if (ink) bytes.fill(0, place, place + channels);
    });
  });
  return enlarged({ width, height, channels, bytes }, scale);
}

/** As canvases and encoders take it: four bytes a pixel, opaque. @param {ImageGrid} grid */
export function rgba({ width, height, channels, bytes }) {
  const out = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let p = 0; p < width * height; p++)
    for (let c = 0; c < 3; c++) out[4 * p + c] = bytes[channels === 1 ? p : 3 * p + c];
  return out;
}

/** Every pixel a square of `scale` pixels. @param {ImageGrid} grid @returns {ImageGrid} */
export function enlarged({ width, height, channels, bytes }, scale) {
  if (scale === 1) return { width, height, channels, bytes };
  const line = width * scale * channels;
  const out = new Uint8Array(line * height * scale);
  for (let y = 0; y < height; y++) {
    const first = y * scale * line;
    for (let x = 0; x < width * scale; x++) {
      const from = (y * width + Math.floor(x / scale)) * channels;
      for (let c = 0; c < channels; c++) out[first + x * channels + c] = bytes[from + c];
    }
    for (let again = 1; again < scale; again++) out.copyWithin(first + again * line, first, first + line);
  }
  return { width: width * scale, height: height * scale, channels, bytes: out };
}
