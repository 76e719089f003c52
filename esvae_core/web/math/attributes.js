/** What can be measured of a picture in the page; the twin of `esvae_core/controls/attributes.py`. */

import { toByte } from "./image.js";
import { measureColours, measureShapes } from "./looks.js";
import { measureStrokes } from "./strokes.js";

const HANDWRITING = ["digits", "mnist"];

/**
 * What measures the pictures of a data set; null where its attributes are known and not measured.
 * @param {string} dataset with or without its option
 * @param {number} channels of its images
 * @returns {((image: Float32Array, size: number) => Record<string, number>)|null} takes (C, H, W) in [-1, 1]
 */
export function meterOf(dataset, channels) {
  const [name] = dataset.split(":");
  if (HANDWRITING.includes(name)) return (image, size) => measureStrokes(lightOf(image, size), size, size);
  if (name.startsWith("sprites")) return null;
  const measure = channels === 3 ? measureColours : measureShapes;
  return (image, size) => measure({ values: shares(image), channels, height: size, width: size });
}

/** As the library stores pictures: bytes, here on a scale of 1. @param {Float32Array} image */
const shares = (image) => Float32Array.from(image, (value) => toByte(value) / 255);

/** Mean of the channels. @param {Float32Array} image */
function lightOf(image, size) {
  const area = size * size;
  const channels = image.length / area;
  return Float64Array.from({ length: area }, (_, i) => {
    let all = 0;
    for (let c = 0; c < channels; c++) all += toByte(image[c * area + i]);
    return Math.fround(Math.fround(all / channels) / 255);
  });
}
