/**
 * Attributes of pictures of things and of colour pictures, measured from pixels; the twin of
 * `esvae_core/controls/looks.py`, which says what each is.
 */

const APART = 0.1; // difference from the ground, on a scale of 1, from which on a pixel belongs to the thing
const EDGE = 0.1; // change of luma between neighbouring pixels that is an edge
const GRAY = 0.02; // mean chroma below which a picture has no hue
const TRIMMED = 0.02; // share of the thing beyond each side of its box

/** (C, H, W) in [0, 1] in single precision. @typedef {{values: Float32Array, channels: number, height: number, width: number}} Pixels */

/** @param {Pixels} x @returns {Record<string, number>} NaN of an empty picture */
export function measureShapes(x) {
  const { height, width } = x;
  const [gray, thing] = [meanOfChannels(x), foreground(x)];
  const area = sum(thing);
  const columns = Float64Array.from({ length: width }, (_, c) => countOf(height, (r) => thing[r * width + c]));
  const rows = Float64Array.from({ length: height }, (_, r) => countOf(width, (c) => thing[r * width + c]));
  const [wide, tall] = area ? [extent(columns, area), extent(rows, area)] : [NaN, NaN];
  const brightness = sum(gray.map((value, i) => value * thing[i])) / area;
  const variance = sum(gray.map((value, i) => (value - brightness) ** 2 * thing[i])) / area;
  return {
    area: area || NaN,
    width: wide,
    height: tall,
    aspect: tall / wide,
    brightness,
    contrast: Math.sqrt(variance),
    symmetry: area ? 1 - unlike(gray, thing, width) : NaN,
    texture: textureOf(gray, thing, height, width),
  };
}

/** @param {Pixels} x @returns {Record<string, number>} hue is NaN of a gray picture */
export function measureColours(x) {
  const luma = lumaOf(x);
  const area = luma.length;
  const part = (c, i) => x.values[(x.channels === 3 ? c * area : 0) + i];
  let [chroma, largest, a, b] = [0, 0, 0, 0];
  for (let i = 0; i < area; i++) {
    const [red, green, blue] = [part(0, i), part(1, i), part(2, i)];
    const most = Math.max(red, green, blue);
    chroma += most - Math.min(red, green, blue);
    largest += most;
    a += (2 * red - green - blue) / 2 / area;
    b += ((Math.sqrt(3) / 2) * (green - blue)) / area;
  }
  const mean = sum(luma) / area;
  return {
    brightness: mean,
    contrast: Math.sqrt(sum(luma.map((value) => (value - mean) ** 2)) / area),
    hue: Math.hypot(a, b) > GRAY ? ((((Math.atan2(b, a) * 180) / Math.PI) % 360) + 360) % 360 : NaN,
    saturation: chroma / Math.max(largest, 1e-9),
    "edge density": edgesOf(luma, x.height, x.width),
    foreground: sum(foreground(x)) / area,
  };
}

const sum = (values) => values.reduce((a, b) => a + b, 0);

/** How many of the first numbers hold. */
function countOf(count, holds) {
  let found = 0;
  for (let i = 0; i < count; i++) found += holds(i);
  return found;
}

/** @param {Pixels} x @returns {Float64Array} (H, W) */
function meanOfChannels({ values, channels }) {
  const area = values.length / channels;
  return Float64Array.from({ length: area }, (_, i) => countOf(channels, (c) => values[c * area + i]) / channels);
}

/** By ITU-R BT.601. @param {Pixels} x @returns {Float64Array} (H, W) */
function lumaOf(x) {
  if (x.channels !== 3) return meanOfChannels(x);
  const area = x.values.length / 3;
  const { values } = x;
  return Float64Array.from(
    { length: area },
    (_, i) => 0.299 * values[i] + 0.587 * values[area + i] + 0.114 * values[2 * area + i],
  );
}

/** Where any channel is apart from the ground, the median of the picture's rim. @param {Pixels} x @returns {Uint8Array} */
function foreground({ values, channels, height, width }) {
  const area = height * width;
  const inner = (i) => {
    const [y, c] = [Math.floor(i / width), i % width];
    return y > 0 && y < height - 1 && c > 0 && c < width - 1;
  };
  const rim = Array.from({ length: area }, (_, i) => i).filter((i) => !inner(i));
  const thing = new Uint8Array(area);
  for (let c = 0; c < channels; c++) {
    const ground = median(Float32Array.from(rim, (i) => values[c * area + i]));
    for (let i = 0; i < area; i++)
      if (Math.fround(Math.abs(Math.fround(values[c * area + i] - ground))) > Math.fround(APART)) thing[i] = 1;
  }
  return thing;
}

/** @param {Float32Array} values */
function median(values) {
  const sorted = values.sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : Math.fround((sorted[middle - 1] + sorted[middle]) / 2);
}

/** Pixels between the places where TRIMMED and 1 - TRIMMED of the thing are passed, linear within a pixel. */
function extent(profile, size) {
  const passed = [0];
  for (const each of profile) passed.push(passed.at(-1) + each);
  const place = (share) => {
    const under = passed.filter((each) => each / size < share).length;
    const before = Math.min(profile.length - 1, Math.max(0, under - 1));
    const step = (passed[before + 1] - passed[before]) / size;
    return before + Math.min(1, Math.max(0, (share - passed[before] / size) / step));
  };
  return (place(1 - TRIMMED) - place(TRIMMED)) / (1 - 2 * TRIMMED);
}

/** Share by which the mirror image differs, over both. */
function unlike(gray, thing, width) {
  let [apart, whole] = [0, 0];
  gray.forEach((value, i) => {
    const mirror = i - (i % width) + width - 1 - (i % width);
    if (!thing[i] && !thing[mirror]) return;
    apart += Math.abs(value - gray[mirror]);
    whole += value + gray[mirror];
  });
  return apart / whole;
}

/** Mean difference of neighbouring pixels within the thing. */
function textureOf(gray, thing, height, width) {
  let [changes, pairs] = [0, 0];
  const pair = (i, j) => {
    if (!thing[i] || !thing[j]) return;
    changes += Math.abs(gray[i] - gray[j]);
    pairs++;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (x + 1 < width) pair(i, i + 1);
      if (y + 1 < height) pair(i, i + width);
    }
  return changes / pairs;
}

/** Share of pixels whose luma changes by more than EDGE from those to the left and above. */
function edgesOf(luma, height, width) {
  let edges = 0;
  for (let y = 1; y < height; y++)
    for (let x = 1; x < width; x++) {
      const here = luma[y * width + x];
      edges += Number(Math.hypot(here - luma[y * width + x - 1], here - luma[(y - 1) * width + x]) > EDGE);
    }
  return edges / ((height - 1) * (width - 1));
}
