/** GIF films with a recipe inside, as the comment: 256 grays, or the 252 colours that `esvae_core` takes as well. */

import { ascii, fromUtf8, joined, number, hasAscii, utf8 } from "./bytes.js";

const LEVELS = [6, 7, 6]; // of red, green and blue

/**
 * @param {import("./image_grid.js").ImageGrid[]} frames of one size
 * @param {number} ms how long each stays, in steps of 10
 * @param {string} [recipe] its text
 * @returns {Uint8Array} the file; it runs for ever
 */
export function encodeGif(frames, ms, recipe = "") {
  const [{ width, height, channels }] = frames;
  const delay = number(Math.round(ms / 10), 2);
  const size = [number(width, 2), number(height, 2)];
  const comment = recipe ? [ascii("\x21\xfe"), blocks(utf8(recipe))] : [];
  return joined([
    ascii("GIF89a"),
    ...size,
    Uint8Array.of(0xf7, 0, 0), // 256 colours for all frames
    palette(channels),
    ascii("\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"),
    ...comment,
    ...frames.flatMap((frame) => [
      joined([ascii("\x21\xf9\x04\x04"), delay, ascii("\0\0"), ascii("\x2c\0\0\0\0"), ...size, ascii("\0\x08")]),
      blocks(packed(indices(frame))),
    ]),
    ascii("\x3b"),
  ]);
}

function palette(channels) {
  const colours = new Uint8Array(768);
  for (let i = 0; i < 256; i++) {
    const colour =
      channels === 1
        ? [i, i, i]
        : i < 252
          ? [Math.floor(i / 42), Math.floor(i / 6) % 7, i % 6].map((n, c) => Math.floor((n * 255) / (LEVELS[c] - 1)))
          : [0, 0, 0];
    colours.set(colour, 3 * i);
  }
  return colours;
}

/** The number of each pixel's colour: the nearest of evenly spaced ones, the same in every program. */
function indices({ channels, bytes }) {
  if (channels === 1) return bytes;
  const level = (at, c) => Math.floor((bytes[at + c] * (LEVELS[c] - 1) * 2 + 255) / 510);
  return Uint8Array.from(
    { length: bytes.length / 3 },
    (_, p) => (level(3 * p, 0) * 7 + level(3 * p, 1)) * 6 + level(3 * p, 2),
  );
}

/** In blocks of at most 255 bytes, each behind its length, and an empty one. */
function blocks(bytes) {
  const parts = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const block = bytes.subarray(at, at + 255);
    parts.push(Uint8Array.of(block.length), block);
  }
  return joined([...parts, Uint8Array.of(0)]);
}

const [CLEAR, END, FULL] = [256, 257, 4096];

/** LZW with codes of 9 to 12 bits (GIF89a, appendix F). */
function packed(pixels) {
  const out = [];
  const next = new Int16Array(FULL * 256); // code of a known string and one more pixel; 0: not known
  let [count, width, kept, bits] = [END + 1, 9, 0, 0];
  const put = (code) => {
    kept |= code << bits;
    for (bits += width; bits >= 8; bits -= 8) {
      out.push(kept & 255);
      kept >>>= 8;
    }
  };
  put(CLEAR);
  let code = pixels[0];
  for (let i = 1; i < pixels.length; i++) {
    const known = next[code * 256 + pixels[i]];
    if (known) {
      code = known;
      continue;
    }
    put(code);
    if (count < FULL) {
      next[code * 256 + pixels[i]] = count;
      if (count === 1 << width) width++; // the reader knows a code one step later
      count++;
    } else {
      put(CLEAR);
      next.fill(0);
      [count, width] = [END + 1, 9];
    }
    code = pixels[i];
  }
  put(code);
  if (count < FULL && count === 1 << width) width++;
  put(END);
  if (bits) out.push(kept & 255);
  return Uint8Array.from(out);
}

/** Whether these bytes begin as a GIF file does. */
export const isGif = (bytes) => hasAscii(bytes, 0, "GIF87a") || hasAscii(bytes, 0, "GIF89a");

/** The comment of a GIF file, "" if there is none before its first picture. */
export function recipeInGif(bytes) {
  if (bytes.length < 13) return "";
  let at = 13 + (bytes[10] & 0x80 ? 3 * 2 ** ((bytes[10] & 7) + 1) : 0);
  while (bytes[at] === 0x21) {
    const isComment = bytes[at + 1] === 0xfe;
    const parts = [];
    for (at += 2; bytes[at]; at += 1 + bytes[at]) parts.push(bytes.subarray(at + 1, at + 1 + bytes[at]));
    if (isComment) return fromUtf8(joined(parts));
    at += 1;
  }
  return "";
}
