/** Reads what a server sends, and tells how much of it is there. */

const SIZE = "x-esvae-size"; // bytes of the content; Content-Length counts them as they are compressed

/**
 * @param {Response} answer
 * @param {Told} [told] after every piece, where the server says how much there will be
 * @returns {Promise<ArrayBuffer>}
 */
export async function receive(answer, told) {
  const size = Number(answer.headers.get(SIZE));
  if (!told || !size || !answer.body) return answer.arrayBuffer();
  told(0, size);
  const pieces = [];
  let there = 0;
  const reader = answer.body.getReader();
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
    pieces.push(value);
    told((there += value.length), size);
  }
  return new Blob(pieces).arrayBuffer();
}

/**
 * Several downloads as one.
 * @param {unknown[]} wanted whether there will be each
 * @param {Told} told sums, once the sizes of all that there will be are known
 * @returns {Told[]} what each tells
 */
export function together(wanted, told) {
  const parts = wanted.map((each) => ({ wanted: Boolean(each), there: 0, size: 0 }));
  return parts.map((part) => (there, size) => {
    Object.assign(part, { there, size });
    if (parts.every((each) => each.size || !each.wanted)) told(sum(parts, "there"), sum(parts, "size"));
  });
}

/** @param {{there: number, size: number}[]} parts @param {"there"|"size"} name */
const sum = (parts, name) => parts.reduce((whole, part) => whole + part[name], 0);
