/** Images on canvases. */

import { contextOf } from "../../dom.js";
import { toRgba } from "../../math/image.js";

/**
 * Draws (C, H, W) in [-1, 1] on a canvas of H x W.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} image
 * @param {number} channels
 */
export function drawPixels(canvas, image, channels) {
  const data = new ImageData(toRgba(image, channels), canvas.width, canvas.height);
  contextOf(canvas).putImageData(data, 0, 0);
}

/**
 * Difference of two images, times `gain`, around gray, readable by the colour-blind: more is orange, less is violet.
 */
export function drawDifference(canvas, image, other, channels, gain = 1) {
  const area = image.length / channels;
  const data = new ImageData(canvas.width, canvas.height);
  for (let p = 0; p < area; p++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += image[c * area + p] - other[c * area + p];
    const share = Math.max(-1, Math.min(1, (gain * sum) / channels));
    const [r, g, b] = share > 0 ? [217, 122, 6] : [115, 87, 217];
    const a = Math.abs(share);
    data.data.set([r * a + 128 * (1 - a), g * a + 128 * (1 - a), b * a + 128 * (1 - a), 255], 4 * p);
  }
  contextOf(canvas).putImageData(data, 0, 0);
}
