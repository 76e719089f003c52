/** A picture in an SVG file, every pixel a sharp square at any size, with its recipe as metadata. */

import { toBase64 } from "./bytes.js";
import { escaped, NAMESPACE } from "./xmp.js";

/** @param {Uint8Array} png the picture's file @param {{width: number, height: number}} size @param {string} recipe */
export function encodeSvg(png, { width, height }, recipe) {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<metadata><esvae:recipe xmlns:esvae="${NAMESPACE}">${escaped(recipe)}</esvae:recipe></metadata>` +
    `<image width="${width}" height="${height}" style="image-rendering:pixelated" href="data:image/png;base64,${toBase64(png)}"/></svg>`
  );
}
