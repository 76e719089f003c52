/** NumPy's .npz: a zip file of .npy arrays, stored; and one array of such a file read back. */

import { msg } from "../messages.js";
import { ascii, crc32, fromUtf8, inflated, joined, number, numberAt, hasAscii } from "./bytes.js";

const TYPES = { Uint8Array: "|u1", Uint16Array: "<u2", Uint32Array: "<u4", Float32Array: "<f4" };

/** An array as NumPy's .npy, version 1. @param {Uint8Array|Uint16Array|Uint32Array|Float32Array} values */
export function npy(values, shape) {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const about = `{'descr': '${TYPES[values.constructor.name]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const head = `${about.padEnd(64 * Math.ceil((about.length + 11) / 64) - 11)}\n`;
  return joined([
    ascii("\x93NUMPY\x01\0"),
    number(head.length, 2),
    ascii(head),
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  ]);
}

/** @param {NamedArrays} arrays by name @returns {Uint8Array} the file */
export function encodeNpz(arrays) {
  /** @type {[Uint8Array[], Uint8Array[]]} */
  const [files, list] = [[], []];
  let offset = 0;
  for (const [name, { values, shape }] of Object.entries(arrays)) {
    const [data, path] = [npy(values, shape), ascii(`${name}.npy`)];
    const sizes = [
      number(crc32(data), 4),
      number(data.length, 4),
      number(data.length, 4),
      number(path.length, 2),
      number(0, 2),
    ];
    // 1980-01-01
    const common = joined([number(20, 2), number(0, 2), number(0, 2), number(0, 2), number(0x21, 2), ...sizes]);
    const file = joined([ascii("PK\x03\x04"), common, path, data]);
    list.push(
      joined([
        ascii("PK\x01\x02"),
        number(20, 2),
        common,
        number(0, 2),
        number(0, 2),
        number(0, 2),
        number(0, 4),
        number(offset, 4),
        path,
      ]),
    );
    files.push(file);
    offset += file.length;
  }
  const directory = joined(list);
  const end = [
    number(0, 2),
    number(0, 2),
    number(list.length, 2),
    number(list.length, 2),
    number(directory.length, 4),
    number(offset, 4),
    number(0, 2),
  ];
  return joined([...files, directory, ascii("PK\x05\x06"), ...end]);
}

/** Whether these bytes begin as a zip file does. */
export const isNpz = (bytes) => hasAscii(bytes, 0, "PK\x03\x04");

/** The recipe's text in an .npz, "" if there is none. @throws {Error} if it is damaged or longer than `most` bytes */
export async function recipeInNpz(bytes, most) {
  const data = await entry(bytes, "recipe.npy", most + 4096);
  if (!data) return "";
  const [version, start] = [data[6], data[6] === 1 ? 10 : 12];
  const length = numberAt(data, 8, version === 1 ? 2 : 4);
  if (!hasAscii(data, 0, "\x93NUMPY") || !(start + length <= data.length)) throw new Error(msg`recipe.npy: no array`);
  return fromUtf8(data.subarray(start + length));
}

/** One file of a zip file by its central directory, null if it is not in there. */
async function entry(bytes, wanted, most) {
  let end = bytes.length - 22;
  while (end >= Math.max(0, bytes.length - 22 - 65535) && !hasAscii(bytes, end, "PK\x05\x06")) end--;
  let at = numberAt(bytes, end + 16, 4);
  for (let left = numberAt(bytes, end + 10, 2); left > 0 && hasAscii(bytes, at, "PK\x01\x02"); left--) {
    const [method, packed] = [numberAt(bytes, at + 10, 2), numberAt(bytes, at + 20, 4)];
    const [name, extra, remark] = [28, 30, 32].map((place) => numberAt(bytes, at + place, 2));
    if (name === wanted.length && hasAscii(bytes, at + 46, wanted)) {
      const place = numberAt(bytes, at + 42, 4);
      const start = place + 30 + numberAt(bytes, place + 26, 2) + numberAt(bytes, place + 28, 2);
      if (!hasAscii(bytes, place, "PK\x03\x04") || !(start + packed <= bytes.length))
        throw new Error(msg`${wanted}: truncated`);
      const data = bytes.subarray(start, start + packed);
      if (method === 8) return inflated(data, most);
      if (method !== 0 || packed > most) throw new Error(msg`${wanted}: packed in another way, or too long`);
      return data;
    }
    at += 46 + name + extra + remark;
  }
  return null;
}
