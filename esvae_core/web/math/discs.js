/** Thousands of discs into an array of pixels: faster than a canvas' own calls, and the same with and without a GPU. */

const masks = new Map();

/** How much of each pixel a disc covers, its middle shifted by halves of a pixel. @returns {{side, reach, cover}} */
function mask(radius, right, down) {
  const key = `${radius} ${right} ${down}`;
  let found = masks.get(key);
  if (found) return found;
  const reach = Math.ceil(radius + 0.5);
  const side = 2 * reach + 1;
  const cover = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const apart = Math.hypot(x - reach - right / 2, y - reach - down / 2);
      cover[y * side + x] = Math.min(1, Math.max(0, radius + 0.5 - apart));
    }
  }
  if (masks.size > 2000) masks.clear(); // zooming makes new radii
  masks.set(key, (found = { side, reach, cover }));
  return found;
}

/**
 * Lay a disc over what is there.
 * @param {Uint8ClampedArray} data (height, width, 4) bytes, colours not multiplied by alpha, as ImageData has them
 * @param {number} width of all
 * @param {number} height
 * @param {number} x middle, in pixels; rounded to halves
 * @param {number} y
 * @param {number} radius
 * @param {number[]} colour [r, g, b] bytes
 * @param {number} alpha 0 to 1
 */
export function disc(data, width, height, x, y, radius, [r, g, b], alpha) {
  const [x2, y2] = [Math.round(2 * x), Math.round(2 * y)];
  const [left, top] = [x2 >> 1, y2 >> 1];
  const { side, reach, cover } = mask(Math.round(4 * radius) / 4, x2 & 1, y2 & 1);
  for (let row = 0; row < side; row++) {
    const py = top + row - reach;
    if (py < 0 || py >= height) continue;
    for (let column = 0; column < side; column++) {
      const share = cover[row * side + column] * alpha;
      const px = left + column - reach;
      if (share === 0 || px < 0 || px >= width) continue;
      const at = 4 * (py * width + px);
      const below = (data[at + 3] / 255) * (1 - share);
      const total = share + below;
      data[at] = (r * share + data[at] * below) / total;
      data[at + 1] = (g * share + data[at + 1] * below) / total;
      data[at + 2] = (b * share + data[at + 2] * below) / total;
      data[at + 3] = 255 * total;
    }
  }
}

/** "#rrggbb" or "rgb(r g b)" -> bytes. */
export function colourBytes(colour) {
  if (colour.startsWith("#")) return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return colour.match(/\d+/g).slice(0, 3).map(Number);
}
