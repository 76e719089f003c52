/**
 * Attributes of handwriting, measured from pixels; the twin of `esvae_core/controls/strokes.py`, which says what each is.
 */

const MOST_TRIMMED = 0.02;
const FINE = 128; // pixels to which small images are enlarged
const MOST_ENLARGED = 4;
const BLANK = 0.1; // smallest difference of light and dark, on a scale of 1, that is writing
const FAR = 1e9;

/** A picture in two levels. @typedef {{ink: Uint8Array, height: number, width: number}} Writing */

/**
 * @param {Float64Array} light (H, W) in [0, 1]
 * @param {number} height
 * @param {number} width
 * @returns {Record<string, number>} lengths in pixels of the image, slant in degrees; NaN of an image of nearly one level
 */
export function measureStrokes(light, height, width) {
  const names = ["thickness", "slant", "width", "height", "length", "area", "holes"];
  const nothing = Object.fromEntries(names.map((name) => [name, NaN]));
  const [low, high] = [light.reduce((a, b) => Math.min(a, b)), light.reduce((a, b) => Math.max(a, b))];
  if (!(high - low > BLANK)) return nothing;
  const scale = Math.max(1, Math.min(MOST_ENLARGED, Math.floor(FINE / Math.max(height, width))));
  const fine = enlarged(light, height, width, scale);
  const middle = Math.fround((low + high) / 2);
  const ink = Uint8Array.from(fine, (value) => (value >= middle ? 1 : 0));
  const written = cutOut({ ink, height: height * scale, width: width * scale });
  if (!written) return nothing;
  const skeleton = { ...written, ink: skeletonised(written) };
  const box = boxOf(written);
  return {
    thickness: (2 * meanOn(distances(written), skeleton.ink) - 1) / scale,
    slant: box.slant,
    width: box.wide / scale,
    height: box.tall / scale,
    length: lengthOf(skeleton) / scale,
    area: sum(written.ink) / scale ** 2,
    holes: holesOf(written, scale ** 2),
  };
}

const sum = (values) => values.reduce((a, b) => a + b, 0);

/** @param {Float64Array} values @param {Uint8Array} mask */
const meanOn = (values, mask) => values.reduce((all, value, i) => all + (mask[i] ? value : 0), 0) / sum(mask);

/** Bilinear between the centres of pixels, first down, then across, in single precision. @returns {Float32Array} */
function enlarged(light, height, width, scale) {
  const places = (size) =>
    Array.from({ length: size * scale }, (_, i) => {
      const place = Math.min(size - 1, Math.max(0, (i + 0.5) / scale - 0.5));
      const first = Math.min(Math.floor(place), Math.max(size - 2, 0));
      return [first, Math.min(first + 1, size - 1), place - first];
    });
  const down = new Float32Array(height * scale * width);
  places(height).forEach(([a, b, share], y) => {
    for (let x = 0; x < width; x++)
      down[y * width + x] = (1 - share) * light[a * width + x] + share * light[b * width + x];
  });
  const wide = width * scale;
  const fine = new Float32Array(height * scale * wide);
  places(width).forEach(([a, b, share], x) => {
    for (let y = 0; y < height * scale; y++)
      fine[y * wide + x] = (1 - share) * down[y * width + a] + share * down[y * width + b];
  });
  return fine;
}

/** The box of the ink with a pixel of ground around it; null without ink. @param {Writing} whole @returns {Writing|null} */
function cutOut({ ink, height, width }) {
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let i = 0; i < ink.length; i++) {
    if (!ink[i]) continue;
    const [y, x] = [Math.floor(i / width), i % width];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
  }
  if (bottom < 0) return null;
  const [tall, wide] = [bottom - top + 3, right - left + 3];
  const out = new Uint8Array(tall * wide);
  for (let y = top; y <= bottom; y++)
    out.set(ink.subarray(y * width + left, y * width + right + 1), (y - top + 1) * wide + 1);
  return { ink: out, height: tall, width: wide };
}

/** Slant in degrees, positive to the right; width and height of the parallelogram that leans alike. @param {Writing} writing */
function boxOf({ ink, width }) {
  /** @type {[number[], number[]]} */
  const [xs, ys] = [[], []];
  ink.forEach((on, i) => {
    if (!on) return;
    xs.push(i % width);
    ys.push(Math.floor(i / width));
  });
  const count = xs.length;
  const [middleX, middleY] = [sum(xs) / count, sum(ys) / count];
  let [spread, shear] = [0, 0];
  for (let k = 0; k < count; k++) {
    xs[k] -= middleX;
    ys[k] -= middleY;
    spread += ys[k] ** 2 / count;
    shear += (xs[k] * ys[k]) / count;
  }
  const lean = spread > 0 ? -shear / spread : 0;
  const extent = (values) => {
    const sorted = Float64Array.from(values).sort();
    return quantile(sorted, 1 - MOST_TRIMMED) - quantile(sorted, MOST_TRIMMED) + 1;
  };
  return {
    slant: (Math.atan(lean) * 180) / Math.PI,
    wide: extent(xs.map((x, k) => x + lean * ys[k])),
    tall: extent(ys),
  };
}

/** @param {Float64Array} sorted ascending */
function quantile(sorted, share) {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + (place - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}

/** Of the links between neighbours on a skeleton; a diagonal one counts where no corner joins the two. @param {Writing} skeleton */
function lengthOf({ ink, width }) {
  let [straight, diagonal] = [0, 0];
  for (let i = 0; i < ink.length - width; i++) {
    const [here, next, below, beyond] = [ink[i], ink[i + 1], ink[i + width], ink[i + width + 1]]; // the rim is ground
    straight += (here & next) + (here & below);
    diagonal += (here & beyond & ~next & ~below & 1) + (next & below & ~here & ~beyond & 1);
  }
  return straight + Math.SQRT2 * diagonal + 1;
}

/** Parts of the ground that the ink encloses, of at least so many pixels. @param {Writing} writing */
function holesOf({ ink, height, width }, smallest) {
  const seen = Uint8Array.from(ink);
  let holes = -1; // what surrounds the ink is none
  const stack = [];
  for (let start = 0; start < seen.length; start++) {
    if (seen[start]) continue;
    let size = 0;
    stack.push(start);
    seen[start] = 1;
    while (stack.length) {
      const i = stack.pop();
      size++;
      const [y, x] = [Math.floor(i / width), i % width];
      for (const [to, inside] of [
        [i - 1, x > 0],
        [i + 1, x < width - 1],
        [i - width, y > 0],
        [i + width, y < height - 1],
      ])
        if (inside && !seen[Number(to)]) {
          seen[Number(to)] = 1;
          stack.push(to);
        }
    }
    if (size >= smallest) holes++;
  }
  return holes;
}

// ---- distance from the ground --------------------------------------------------------------------------------------

/** Euclidean distance of each pixel of ink from the nearest one of ground. @param {Writing} writing @returns {Float64Array} */
function distances({ ink, height, width }) {
  const squared = Float64Array.from(ink, (on) => (on ? FAR : 0));
  for (let x = 0; x < width; x++) lowerEnvelope(squared, x, width, height);
  for (let y = 0; y < height; y++) lowerEnvelope(squared, y * width, 1, width);
  return squared.map(Math.sqrt);
}

/**
 * In place along a line: the smallest of value + squared distance, by the lower envelope of parabolas (Felzenszwalb and
 * Huttenlocher, 2012).
 */
function lowerEnvelope(values, start, stride, count) {
  const line = Float64Array.from({ length: count }, (_, i) => values[start + i * stride]);
  const [tips, from] = [new Int32Array(count), new Float64Array(count + 1)];
  const meet = (p, q) => (line[q] + q * q - line[p] - p * p) / (2 * (q - p));
  let k = 0;
  from[0] = -Infinity;
  from[1] = Infinity;
  for (let q = 1; q < count; q++) {
    while (meet(tips[k], q) <= from[k]) k--;
    from[k + 1] = meet(tips[k], q);
    tips[++k] = q;
    from[k + 1] = Infinity;
  }
  for (let i = 0, j = 0; i < count; i++) {
    while (from[j + 1] < i) j++;
    values[start + i * stride] = (i - tips[j]) ** 2 + line[tips[j]];
  }
}

// ---- skeleton ------------------------------------------------------------------------------------------------------

/**
 * Patterns of eight neighbours (bits clockwise from the upper left) that are treated otherwise than by the conditions of
 * Zhang and Suen (1984) in each of the two turns, so that the result is scikit-image's `skeletonize`: some ends and
 * corners stay, corners of stairs go.
 */
const STAY = [
  [24, 48, 56, 96, 129, 192, 224],
  [3, 6, 12, 14, 48, 129, 131],
];
const GO = [
  [10, 11, 40, 130, 134, 160, 161, 194, 198],
  [10, 26, 40, 104, 108, 130, 160, 176],
];
const TURNS = [0, 1].map((turn) =>
  Uint8Array.from({ length: 256 }, (_, pattern) =>
    GO[turn].includes(pattern) || (thins(pattern, turn) && !STAY[turn].includes(pattern)) ? 1 : 0,
  ),
);

/** Whether Zhang and Suen's conditions let a pixel with these neighbours go. */
function thins(pattern, turn) {
  const at = Array.from({ length: 8 }, (_, k) => (pattern >> k) & 1);
  const rises = at.filter((on, k) => !on && at[(k + 1) % 8]).length;
  const [north, east, south, west] = [at[1], at[3], at[5], at[7]];
  const open = turn ? !(north && west && (east || south)) : !(east && south && (north || west));
  return rises === 1 && sum(at) >= 2 && sum(at) <= 6 && open;
}

/** Lines of one pixel. @param {Writing} writing whose rim is ground @returns {Uint8Array} */
function skeletonised({ ink, width }) {
  const now = Uint8Array.from(ink);
  const around = [-width - 1, -width, -width + 1, 1, width + 1, width, width - 1, -1];
  let pixels = Array.from(now.keys()).filter((i) => now[i]);
  for (let still = 0, turn = 0; still < 2; turn = 1 - turn) {
    const gone = pixels.filter((i) => {
      let pattern = 0;
      for (let k = 0; k < 8; k++) pattern |= now[i + around[k]] << k;
      return TURNS[turn][pattern];
    });
    for (const i of gone) now[i] = 0;
    if (gone.length) pixels = pixels.filter((i) => now[i]);
    still = gone.length ? 0 : still + 1;
  }
  return now;
}
