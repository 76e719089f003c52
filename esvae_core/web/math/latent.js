/**
 * What the numbers of a model's latent are: firing rates, or a latent of another kind; how they are called and written.
 *
 * The state keeps heights from 0 to 1. Of a spiking model a height is a rate; of any other it is the place of a latent
 * number in its range, which `esvae_core/engine/ann.py` explains and the model's entry brings along.
 */

const fixed = (value, digits) => {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) ? `\u2212${text}` : text;
};

/** @type {Latent} */
const RATES = {
  spiking: true,
  name: "rate",
  names: "rates",
  whole: "rates",
  value: (j, height) => height,
  text: (j, height, digits = 2) => height.toFixed(digits),
  size: (j, share) => share.toFixed(2),
  apart: (distance) => distance.toFixed(3),
  rest: 0,
};

/** @param {Pick<ModelEntry, "latent">} entry @returns {Latent} */
export function latentOf({ latent }) {
  if (!latent) return RATES;
  const { name, low, high, span } = latent;
  const value = (j, height) => low[j] + Math.fround(height) * (high[j] - low[j]); // in single precision, as Python
  return {
    spiking: false,
    name,
    names: `${name}s`,
    whole: "latent",
    value,
    text: (j, height, digits = 2) => fixed(value(j, height), digits),
    size: (j, share) => (share * (high[j] - low[j])).toFixed(2),
    apart: (distance) => `${(span * distance).toFixed(2)} deviations`,
    rest: 0.5,
  };
}
