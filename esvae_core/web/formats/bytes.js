/** Bytes of files: put together, checked, packed, and read without ever looking beyond the end. */

import { msg } from "../messages.js";

export const ascii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
export const utf8 = (text) => new TextEncoder().encode(text);

/** Bytes as text, wrong ones replaced. */
export const fromUtf8 = (bytes) => new TextDecoder().decode(bytes);

/** @param {Uint8Array} bytes */
export function toBase64(bytes) {
  const part = 3 * 2 ** 12; // as many as a call takes, and no padding in the middle
  let text = "";
  for (let at = 0; at < bytes.length; at += part) text += btoa(String.fromCharCode(...bytes.subarray(at, at + part)));
  return text;
}

/** @param {ArrayLike<number>[]} parts @returns {Uint8Array<ArrayBuffer>} */
export function joined(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A whole number as bytes; the least significant first unless `big`. */
export function number(value, length, big = false) {
  const bytes = Uint8Array.from({ length }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 255);
  return big ? bytes.reverse() : bytes;
}

/** The number at a place, or NaN where the bytes end before it does. */
export function numberAt(bytes, at, length, big = false) {
  if (at < 0 || at + length > bytes.length) return NaN;
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[big ? at + i : at + length - 1 - i];
  return value;
}

/** Whether those letters stand there. */
export const hasAscii = (bytes, at, text) =>
  at + text.length <= bytes.length && [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** The checksum of PNG and zip. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Packed as zlib does; where the browser cannot, stored. */
export async function deflated(bytes) {
  if (typeof CompressionStream === "undefined") return stored(bytes);
  return through(new CompressionStream("deflate"), bytes, Infinity);
}

/** The zlib format without packing: blocks of at most 65,535 bytes. */
export function stored(bytes) {
  const parts = [Uint8Array.of(0x78, 0x01)];
  for (let at = 0; at < bytes.length || at === 0; at += 65535) {
    const block = bytes.subarray(at, at + 65535);
    parts.push(
      number(at + 65535 >= bytes.length ? 1 : 0, 1),
      number(block.length, 2),
      number(65535 - block.length, 2),
      block,
    );
  }
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return joined([...parts, number(b * 65536 + a, 4, true)]);
}

/** What raw deflate unpacks to. @throws {Error} if it is damaged or more than `most` bytes */
export const inflated = (bytes, most) => through(new DecompressionStream("deflate-raw"), bytes, most);

async function through(stream, bytes, most) {
  const writer = stream.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  written.catch(() => {}); // told by the reader as well
  const parts = [];
  let length = 0;
  const reader = stream.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      reader.cancel().catch(() => {});
      throw new Error(msg`expected at most ${most} bytes`);
    }
    parts.push(value);
  }
  await written;
  return joined(parts);
}
