/** Colours that the colour-blind can tell apart: one for each class, and a ramp for numbers. */

/**
 * Ten colours by M. A. Petroff (arXiv 2107.02270), made so that they differ for every kind of sight; in his order. The
 * last one is darker than his, which is hardly seen on white.
 */
const CLASSES = [
  "#3f90da",
  "#ffa90e",
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#e76300",
  "#b9ac70",
  "#717581",
  "#1f9da3",
];

/** From violet to yellow, the lightness always rising, both ends readable on white and on near black. */
const RAMP = [
  [91, 63, 214],
  [168, 63, 184],
  [224, 86, 122],
  [240, 138, 60],
  [242, 193, 78],
];

/** How many classes have a colour of their own; further ones begin again. */
export const OWN_COLOURS = CLASSES.length;

/** The colour of a class. */
export const classColour = (label) => CLASSES[label % CLASSES.length];

/** The colour of a number from 0 to 1. */
export function rampColour(share) {
  const at = Math.min(1, Math.max(0, share || 0)) * (RAMP.length - 1);
  const low = Math.min(RAMP.length - 2, Math.floor(at));
  const mixed = RAMP[low].map((v, c) => Math.round(v + (RAMP[low + 1][c] - v) * (at - low)));
  return `rgb(${mixed.join(" ")})`;
}

/** The ramp as a CSS gradient from left to right. */
export const rampGradient = () => `linear-gradient(to right, ${RAMP.map((c) => `rgb(${c.join(" ")})`).join(", ")})`;

/** The colour of a number that starts again after 1: once round the hues, all of one lightness. */
export function circularColour(share) {
  const turn = (share - Math.floor(share)) * 2 * Math.PI;
  const [l, a, b] = [0.68, 0.13 * Math.cos(turn), 0.13 * Math.sin(turn)]; // Oklab
  const [x, y, z] = [l + 0.3963 * a + 0.2158 * b, l - 0.1056 * a - 0.0639 * b, l - 0.0895 * a - 1.2915 * b].map(
    (v) => v ** 3,
  );
  const linear = [
    4.0767 * x - 3.3077 * y + 0.231 * z,
    -1.2684 * x + 2.6098 * y - 0.3413 * z,
    -0.0042 * x - 0.7034 * y + 1.7076 * z,
  ];
  const bytes = linear.map((v) => Math.round(255 * Math.min(1, Math.max(0, v)) ** (1 / 2.2)));
  return `rgb(${bytes.join(" ")})`;
}

/** These colours once round, as a CSS gradient. */
export const circularGradient = () =>
  `linear-gradient(to right, ${Array.from({ length: 13 }, (_, i) => circularColour(i / 12)).join(", ")})`;

/** Numbers -> {low, high}: their 2nd and 98th percentile, so that one odd point does not make all others alike. */
export function extent(values) {
  const sorted = Float32Array.from(values).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [at(0.02), at(0.98)];
  return high > low ? { low, high } : { low: sorted[0], high: sorted[sorted.length - 1] };
}

/** From blue over gray to orange: numbers from -1 to 1, both ends readable on white and on near black. */
const SIGNED = [
  [45, 110, 230],
  [128, 132, 145],
  [226, 96, 12],
];

/** Of a number from -1 to 1: its hue is the sign, and the nearer to 0, the fainter. */
export function signedColour(value) {
  const size = Math.min(1, Math.abs(value || 0));
  const mixed = SIGNED[1].map((v, c) => Math.round(v + (SIGNED[value < 0 ? 0 : 2][c] - v) * Math.sqrt(size)));
  return `rgb(${mixed.join(" ")} / ${Math.round(12 + 88 * size ** 0.75)}%)`;
}

/** These colours as a CSS gradient from -1 to 1. */
export const signedGradient = () =>
  `linear-gradient(to right, ${Array.from({ length: 9 }, (_, i) => signedColour(i / 4 - 1)).join(", ")})`;
