/** WebP with a recipe inside, as XMP: still pictures that the browser encoded, joined to a film. */

import { msg } from "../messages.js";
import { ascii, fromUtf8, joined, number, numberAt, hasAscii, utf8 } from "./bytes.js";
import { xmp } from "./xmp.js";

/**
 * @param {Uint8Array[]} stills WebP files without loss, of one size
 * @param {{width: number, height: number}} size
 * @param {number} ms how long each stays
 * @param {string} recipe its text
 * @returns {Uint8Array} the file; it runs for ever if there are several
 * @throws {Error} if a still is no WebP without loss
 */
export function joinWebp(stills, { width, height }, ms, recipe) {
  const size = [number(width - 1, 3), number(height - 1, 3)];
  const film = stills.length > 1;
  const pictures = stills.map((still) => {
    const found = [...chunks(still)].find(({ kind }) => kind === "VP8L");
    if (!found) throw new Error(msg`this browser writes WebP with loss only`);
    const picture = chunk("VP8L", found.data);
    // where it lies, its size, its time; drawn without blending
    return film
      ? chunk("ANMF", joined([number(0, 3), number(0, 3), ...size, number(ms, 3), Uint8Array.of(2), picture]))
      : picture;
  });
  const flags = 0x04 | (film ? 0x02 : 0); // XMP, animation
  const body = joined([
    ascii("WEBP"),
    chunk("VP8X", joined([Uint8Array.of(flags, 0, 0, 0), ...size])),
    ...(film ? [chunk("ANIM", joined([number(0xffffffff, 4), number(0, 2)]))] : []),
    ...pictures,
    chunk("XMP ", utf8(xmp(recipe))),
  ]);
  return joined([ascii("RIFF"), number(body.length, 4), body]);
}

function chunk(kind, data) {
  return joined([ascii(kind), number(data.length, 4), data, new Uint8Array(data.length % 2)]);
}

function* chunks(bytes) {
  for (let at = 12; at + 8 <= bytes.length;) {
    const length = numberAt(bytes, at + 4, 4);
    if (at + 8 + length > bytes.length) return;
    yield { kind: String.fromCharCode(...bytes.subarray(at, at + 4)), data: bytes.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length % 2);
  }
}

/** Whether these bytes begin as a WebP file does. */
export const isWebp = (bytes) => hasAscii(bytes, 0, "RIFF") && hasAscii(bytes, 8, "WEBP");

/** The XMP packet of a WebP file, "" if there is none. */
export function xmpInWebp(bytes) {
  for (const { kind, data } of chunks(bytes)) if (kind === "XMP ") return fromUtf8(data);
  return "";
}
