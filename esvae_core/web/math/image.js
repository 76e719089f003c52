/** Pictures as numbers: between bytes and [-1, 1], resized as the data sets are, and digits brought to their form. */

/** (C, H, W) in [-1, 1] -> (H, W, 4) bytes for a canvas. @returns {Uint8ClampedArray<ArrayBuffer>} */
export function toRgba(image, channels, out = new Uint8ClampedArray((4 * image.length) / channels)) {
  const area = image.length / channels;
  for (let p = 0; p < area; p++) {
    for (let c = 0; c < 3; c++) out[4 * p + c] = toByte(image[channels === 3 ? c * area + p : p]);
    out[4 * p + 3] = 255;
  }
  return out;
}

/** [-1, 1] -> 0 to 255, as the library rounds: in single precision, halves to even. */
export function toByte(value) {
  const scaled = Math.fround(Math.fround(Math.fround(Math.min(1, Math.max(-1, value))) + 1) * 127.5);
  const up = Math.floor(scaled + 0.5);
  return up - scaled === 0.5 && up % 2 ? up - 1 : up;
}

/** (H, W, C) bytes -> (C, H, W) in [-1, 1]. @returns {Float32Array} */
export function fromBytes(bytes, channels) {
  const area = bytes.length / channels;
  return Float32Array.from(
    { length: bytes.length },
    (_, i) => bytes[(i % area) * channels + Math.floor(i / area)] / 127.5 - 1,
  );
}

/** RGBA bytes -> gray bytes by luma (ITU-R 601, with Pillow's rounding), what is transparent on `ground`. */
export function toGray(rgba, ground = 255) {
  const flat = toRgb(rgba, ground);
  return Uint8Array.from({ length: rgba.length / 4 }, (_, p) => {
    return (flat[3 * p] * 19595 + flat[3 * p + 1] * 38470 + flat[3 * p + 2] * 7471 + 0x8000) >> 16;
  });
}

/** RGBA bytes -> RGB bytes. */
export function toRgb(rgba, ground = 255) {
  return Uint8Array.from({ length: (3 * rgba.length) / 4 }, (_, i) => {
    const p = Math.floor(i / 3);
    const alpha = rgba[4 * p + 3] / 255;
    return Math.round(alpha * rgba[4 * p + (i % 3)] + (1 - alpha) * ground);
  });
}

/**
 * Resize as Pillow's bilinear filter does, to the byte: a triangle as wide as the larger of the two pixels, weights of
 * 22 bits behind the point, one axis after the other, rounded to bytes in between.
 * @param {ArrayLike<number>} bytes (H, W, C)
 * @returns {Uint8Array} (height, width, C)
 */
export function resize(bytes, [h, w], [height, width], channels) {
  const across = lines(bytes, h, w, channels, width, (y, x) => (y * w + x) * channels);
  const turned = lines(across, width, h, channels, height, (x, y) => (y * width + x) * channels);
  const out = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) out[(y * width + x) * channels + c] = turned[(x * height + y) * channels + c];
    }
  }
  return out;
}

const ONE = 2 ** 22;

/** Every line of `length` pixels -> `target` pixels. */
function lines(bytes, count, length, channels, target, at) {
  const ratio = length / target;
  const reach = Math.max(1, ratio);
  const out = new Uint8Array(count * target * channels);
  for (let i = 0; i < target; i++) {
    const center = (i + 0.5) * ratio;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(length, Math.trunc(center + reach + 0.5));
    const weights = [];
    for (let k = first; k < last; k++) weights.push(Math.max(0, 1 - Math.abs((k - center + 0.5) / reach)));
    const total = weights.reduce((a, b) => a + b, 0);
    const fixed = weights.map((weight) => Math.floor((weight / total) * ONE + 0.5));
    for (let line = 0; line < count; line++) {
      for (let c = 0; c < channels; c++) {
        let sum = ONE / 2;
        fixed.forEach((weight, k) => (sum += weight * bytes[at(line, first + k) + c]));
        out[(line * target + i) * channels + c] = Math.min(255, Math.floor(sum / ONE));
      }
    }
  }
  return out;
}

/** Root mean square difference of two images in [-1, 1]. */
export function rms(a, b) {
  return Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0) / a.length);
}

/** By how much a difference is made stronger so that it can be seen: 1, 2, 4 ... 64, and never cut off. */
export function gainFor(image, ...others) {
  const most = Math.max(...others.map((other) => image.reduce((m, v, i) => Math.max(m, Math.abs(v - other[i])), 0)));
  return most ? Math.min(64, Math.max(1, 2 ** Math.floor(Math.log2(1 / most)))) : 1;
}

/** How a drawing is brought to the form of a data set's images. */
const FORMS = {
  mnist: { side: 28, box: 20 }, // scaled to fit 20 x 20, centred by mass in 28 x 28
  digits: { side: 8, box: 8 },
};

/**
 * A drawn digit, white on black -> the model's input, in the way the data set's images were made.
 * @param {ArrayLike<number>} gray (side, side) bytes
 * @param {number} side
 * @param {string} dataset 'mnist' and 'digits' have a form of their own; others are only resized
 * @param {number} size height and width of the model's images
 * @returns {Uint8Array} (size, size) bytes
 */
export function likeData(gray, side, dataset, size) {
  const form = FORMS[dataset];
  const box = form && bounds(gray, side);
  if (!box) return resize(gray, [side, side], [size, size], 1);
  const [top, left, bottom, right] = box;
  const [h, w] = [bottom - top, right - left];
  const cut = Uint8Array.from({ length: h * w }, (_, i) => gray[(top + Math.floor(i / w)) * side + left + (i % w)]);
  const scale = form.box / Math.max(h, w);
  const [height, width] = [Math.max(1, Math.round(h * scale)), Math.max(1, Math.round(w * scale))];
  const small = resize(cut, [h, w], [height, width], 1);
  let [mass, y, x] = [0, 0, 0];
  small.forEach((v, i) => {
    mass += v;
    y += v * (Math.floor(i / width) + 0.5);
    x += v * ((i % width) + 0.5);
  });
  const inside = (place, length) => Math.min(form.side - length, Math.max(0, place));
  const offset = [
    inside(Math.round(form.side / 2 - y / mass), height),
    inside(Math.round(form.side / 2 - x / mass), width),
  ];
  const sheet = new Uint8Array(form.side ** 2);
  small.forEach((v, i) => (sheet[(offset[0] + Math.floor(i / width)) * form.side + offset[1] + (i % width)] = v));
  return resize(sheet, [form.side, form.side], [size, size], 1);
}

/** [top, left, bottom, right) of what is not black; null if all is. */
function bounds(gray, side) {
  let [top, left, bottom, right] = [side, side, 0, 0];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (gray[y * side + x] < 16) continue;
      [top, left] = [Math.min(top, y), Math.min(left, x)];
      [bottom, right] = [Math.max(bottom, y + 1), Math.max(right, x + 1)];
    }
  }
  return bottom > top ? [top, left, bottom, right] : null;
}

const NEAR = 24; // levels; a ground is even within this

/**
 * The colour of the ground of images whose motif lies in their middle: the one that most pixels of their borders have.
 * @param {Uint8Array} bytes (N, H, W, C)
 * @param {[count: number, height: number, width: number, channels: number]} shape
 * @returns {number[]|null} of each channel, 0 to 255; null where less than half of the borders' pixels are near one colour
 */
export function groundOf(bytes, [count, height, width, channels]) {
  const border = [];
  for (let i = 0; i < count * height * width; i++) {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) border.push(i * channels);
  }
  const ground = Array.from({ length: channels }, (_, c) => {
    const levels = border.map((at) => bytes[at + c]).sort((a, b) => a - b);
    return levels[levels.length >> 1];
  });
  const near = border.filter((at) => ground.every((level, c) => Math.abs(bytes[at + c] - level) <= NEAR));
  return border.length && 2 * near.length > border.length ? ground : null;
}

/** How light a gray or colour is, 0 to 255. @param {number[]} colour */
export const lightness = ([r, g = r, b = r]) => 0.299 * r + 0.587 * g + 0.114 * b;

/**
 * Whether a picture's ground is light where the model's images have a dark one, or the other way round.
 * @param {number[]|null} ground of the picture
 * @param {number[]|null} usual of the model's images
 */
export function looksInverted(ground, usual) {
  if (!ground || !usual) return false;
  const [a, b] = [lightness(ground), lightness(usual)];
  return Math.min(a, b) < 85 && Math.max(a, b) > 170;
}
