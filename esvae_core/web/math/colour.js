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

/** Numbers -> {low, high}: their 2nd and 98th percentile, so that one odd point does not make all others alike. */
export function extent(values) {
  const sorted = Float32Array.from(values).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [at(0.02), at(0.98)];
  return high > low ? { low, high } : { low: sorted[0], high: sorted[sorted.length - 1] };
}
