/** PNG files with a recipe inside: an iTXt chunk named `esvae`. */

import { ascii, crc32, deflated, fromUtf8, joined, number, numberAt, hasAscii, utf8 } from "./bytes.js";

const SIGNATURE = "\x89PNG\r\n\x1a\n";
const KEY = "esvae";

/**
 * @param {import("./image_grid.js").ImageGrid} sheet
 * @param {string} [recipe] its text
 * @returns {Promise<Uint8Array>} the file
 */
export async function encodePng({ width, height, channels, bytes }, recipe = "") {
  const line = width * channels;
  const rows = new Uint8Array((line + 1) * height); // each row begins with its filter, 0: none
  for (let y = 0; y < height; y++) rows.set(bytes.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  const kind = channels === 1 ? 0 : 2;
  return joined([
    ascii(SIGNATURE),
    chunk("IHDR", joined([number(width, 4, true), number(height, 4, true), Uint8Array.of(8, kind, 0, 0, 0)])),
    ...(recipe ? [chunk("iTXt", joined([ascii(`${KEY}\0\0\0\0\0`), utf8(recipe)]))] : []),
    chunk("IDAT", await deflated(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(kind, data) {
  const body = joined([ascii(kind), data]);
  return joined([number(data.length, 4, true), body, number(crc32(body), 4, true)]);
}

/** Whether these bytes begin as a PNG file does. */
export const isPng = (bytes) => hasAscii(bytes, 0, SIGNATURE);

/** The recipe's text in a PNG file, "" if there is none; from an iTXt chunk that is not packed, or a tEXt chunk. */
export function recipeInPng(bytes) {
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = numberAt(bytes, at, 4, true);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (data.length < length) break;
    if (hasAscii(data, 0, `${KEY}\0`)) {
      if (hasAscii(bytes, at + 4, "tEXt")) return fromUtf8(data.subarray(KEY.length + 1)); // a recipe's letters are few
      if (hasAscii(bytes, at + 4, "iTXt") && data[KEY.length + 1] === 0) {
        const language = data.indexOf(0, KEY.length + 3);
        const start = language < 0 ? -1 : data.indexOf(0, language + 1);
        if (start >= 0) return fromUtf8(data.subarray(start + 1));
      }
    }
    at += 12 + length;
  }
  return "";
}
