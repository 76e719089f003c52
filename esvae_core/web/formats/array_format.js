/** Reads named arrays and their description from one binary answer; `esvae_core/explore/array_format.py` tells the layout. */

import { msg } from "../messages.js";

const MAGIC = "ESVAEPCK";
const VERSION = 1;
const KINDS = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, float32: Float32Array };

/**
 * @param {ArrayBuffer} buffer
 * @returns {{about: any, arrays: any}} what they are is for the caller to say: arrays by name, {shape, values} each
 * @throws {Error} one line, if it is anything else or does not hold what it says
 */
export function readArrays(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (bytes.length < 16 || String.fromCharCode(...bytes.subarray(0, 8)) !== MAGIC) {
    throw new Error(msg`pack: expected arrays of the explorer, found something else`);
  }
  if (view.getUint32(8, true) !== VERSION) throw new Error(msg`pack: another version; please reload the page`);
  const start = 16 + view.getUint32(12, true);
  if (start > bytes.length || start % 16) throw new Error(msg`pack: truncated`);
  const { about, arrays } = JSON.parse(new TextDecoder().decode(bytes.subarray(16, start)));
  const read = {};
  for (const { name, type, shape, offset } of arrays) {
    const Kind = KINDS[type];
    const count = shape.reduce((a, b) => a * b, 1);
    if (!Kind || start + offset + count * Kind.BYTES_PER_ELEMENT > bytes.length)
      throw new Error(msg`pack: ${name}: truncated`);
    read[name] = { shape, values: new Kind(buffer, start + offset, count) };
  }
  return { about, arrays: read };
}
