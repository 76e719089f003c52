/**
 * The link that a file carries: charts (SVG, PDF) and pages in one file (HTML) hold what is on the screen as the
 * explorer's links write it.
 */

import { fromUtf8, hasAscii } from "./bytes.js";

const IN_CHART = /[?&;]s=(2~[^\s<>"'()&]+)/;
const IN_PAGE = /"link": "(2~[^"]+)"/;

/**
 * @param {Uint8Array} bytes of a file that may be anything
 * @returns {string} what is on the screen, for `decodeState`; "" if the file carries no link
 */
export function linkIn(bytes) {
  const starts = (text) => hasAscii(bytes, 0, text);
  const chart = ["<svg", "<?xm", "%PDF"].some(starts);
  if (!chart && !["<!do", "<!DO", "<htm"].some(starts)) return "";
  const found = (chart ? IN_CHART : IN_PAGE).exec(fromUtf8(bytes))?.[1] ?? "";
  try {
    return chart ? decodeURIComponent(found) : found;
  } catch {
    return "";
  }
}
