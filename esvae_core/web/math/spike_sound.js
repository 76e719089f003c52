/** What one time step sounds like: a short click for each spike, higher for neurons further up in the raster. */

const [LOWEST, HIGHEST] = [220, 1760]; // Hz
const CLICK = 0.03; // s
const FADE = 0.006; // s in which a click falls to 1/e
const LOUD = 0.4; // at most

/**
 * The clicks one after the other, over the first four fifths of the step.
 * @param {number[]} places of the neurons that spike, 0 at the top of the raster
 * @param {number} neurons in all
 * @param {number} seconds of the step
 * @param {number} rate samples a second
 * @returns {Float32Array} samples in [-1, 1]
 */
export function clicks(places, neurons, seconds, rate) {
  const samples = new Float32Array(Math.ceil((seconds + CLICK) * rate));
  places.forEach((place, k) => {
    const height = neurons > 1 ? 1 - place / (neurons - 1) : 1;
    const turns = (2 * Math.PI * LOWEST * (HIGHEST / LOWEST) ** height) / rate;
    const start = Math.floor((0.8 * seconds * rate * k) / places.length);
    for (let i = 0; i < CLICK * rate; i++) samples[start + i] += Math.sin(turns * i) * Math.exp(-i / (FADE * rate));
  });
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return loudest ? samples.map((value) => (value * LOUD) / Math.max(1, loudest)) : samples;
}
