/**
 * MP4 films of H.264 pictures with a recipe inside, as XMP (ISO 14496-12 and 14496-15; XMP part 3, section 1.1.6).
 *
 * @typedef {{data: Uint8Array, key: boolean}} Sample a picture as an encoder gave it; key if it needs no other
 */

import { ascii, fromUtf8, joined, number, numberAt, hasAscii } from "./bytes.js";

const XMP = Uint8Array.of(
  0xbe,
  0x7a,
  0xcf,
  0xcb,
  0x97,
  0xa9,
  0x42,
  0xe8,
  0x9c,
  0x71,
  0x99,
  0x94,
  0x91,
  0xe3,
  0xaf,
  0xac,
);
const SECOND = 1000; // units of time: milliseconds
const DPI = 72 * 65536;
const UPRIGHT = [1, 0, 0, 0, 1, 0, 0, 0, 0x4000]; // a matrix that turns nothing, in units of 1/65536
const UNKNOWN = 2;
// What ISO 23091-2 calls the colours that encoders speak of.
const PRIMARIES = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9, smpte432: 12 };
const TRANSFER = { bt709: 1, smpte170m: 6, linear: 8, "iec61966-2-1": 13 };
const MATRIX = { rgb: 0, bt709: 1, bt470bg: 5, smpte170m: 6, "bt2020-ncl": 9 };

const n16 = (value) => number(value, 2, true);
const n32 = (value) => number(value, 4, true);
const zeros = (length) => new Uint8Array(length);

/** @param {(Uint8Array|number[])[]} parts */
function box(kind, ...parts) {
  const content = joined(parts);
  return joined([n32(content.length + 8), ascii(kind), content]);
}
const full = (kind, flags, ...parts) => box(kind, n32(flags), ...parts);
const matrix = () => joined(UPRIGHT.map((value) => n32(value * 65536)));

/**
 * @param {Sample[]} samples in the order in which they are shown
 * @param {{width: number, height: number}} size
 * @param {number} ms how long each stays
 * @param {{description: Uint8Array, colorSpace?: object}} decoder what the encoder says that a decoder needs: its
 *   avcC record, and colours
 * @param {string} packet XMP
 * @returns {Uint8Array} the file
 */
export function joinMp4(samples, { width, height }, ms, { description, colorSpace }, packet) {
  const head = box("ftyp", ascii("isom"), n32(512), ascii("isomiso2avc1mp41"));
  const pictures = box("mdat", ...samples.map(({ data }) => data));
  const length = samples.length * ms;
  const keys = samples.flatMap(({ key }, i) => (key ? [n32(i + 1)] : []));

  const entry = box(
    "avc1",
    zeros(6),
    n16(1),
    zeros(16),
    n16(width),
    n16(height),
    n32(DPI),
    n32(DPI),
    zeros(4),
    n16(1),
    zeros(32),
    n16(24),
    n16(0xffff),
    box("avcC", description),
    colours(colorSpace),
  );
  const table = box(
    "stbl",
    full("stsd", 0, n32(1), entry),
    full("stts", 0, n32(1), n32(samples.length), n32(ms)),
    full("stss", 0, n32(keys.length), ...keys),
    full("stsc", 0, n32(1), n32(1), n32(samples.length), n32(1)), // all in one chunk
    full("stsz", 0, n32(0), n32(samples.length), ...samples.map(({ data }) => n32(data.length))),
    full("stco", 0, n32(1), n32(head.length + 8)),
  );
  const media = box(
    "mdia",
    full("mdhd", 0, zeros(8), n32(SECOND), n32(length), n16(0x55c4), zeros(2)), // no language
    full("hdlr", 0, zeros(4), ascii("vide"), zeros(12), ascii("Pictures\0")),
    box("minf", full("vmhd", 1, zeros(8)), box("dinf", full("dref", 0, n32(1), full("url ", 1))), table),
  );
  const track = box(
    "trak",
    full(
      "tkhd",
      3,
      zeros(8),
      n32(1),
      zeros(4),
      n32(length),
      zeros(16),
      matrix(),
      n32(width * 65536),
      n32(height * 65536),
    ),
    media,
  );
  const movie = box(
    "moov",
    full("mvhd", 0, zeros(8), n32(SECOND), n32(length), n32(65536), n16(256), zeros(10), matrix(), zeros(24), n32(2)),
    track,
  );
  return joined([head, pictures, movie, box("uuid", XMP, new TextEncoder().encode(packet))]);
}

function colours(space) {
  if (!space?.matrix) return [];
  const of = (names, value) => n16(names[value] ?? UNKNOWN);
  return box(
    "colr",
    ascii("nclx"),
    of(PRIMARIES, space.primaries),
    of(TRANSFER, space.transfer),
    of(MATRIX, space.matrix),
    number(space.fullRange ? 128 : 0, 1),
  );
}

/** Whether these bytes begin as an MP4 file does. */
export const isMp4 = (bytes) => hasAscii(bytes, 4, "ftyp");

/** The XMP packet of an MP4 file, "" if there is none. */
export function xmpInMp4(bytes) {
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = numberAt(bytes, at, 4, true);
    if (length < 8 || at + length > bytes.length) return "";
    if (hasAscii(bytes, at + 4, "uuid") && XMP.every((byte, i) => bytes[at + 8 + i] === byte))
      return fromUtf8(bytes.subarray(at + 24, at + length));
    at += length;
  }
  return "";
}
