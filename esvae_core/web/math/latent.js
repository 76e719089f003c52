/**
 * What the numbers of a model's latent are: firing rates, or a latent of another kind; how they are called and written.
 *
 * The state keeps heights from 0 to 1. Of a spiking model a height is a rate; of any other it is the place of a latent
 * number in its range, which `esvae_core/engine/ann.py` explains and the model's entry brings along.
 */

import { msg } from "../messages.js";

const fixed = (value, digits) => {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) ? `\u2212${text}` : text;
};

/** @type {Latent} */
const RATES = {
  spiking: true,
  sampled: true,
  counts: false,
  stepwise: false,
  steps: 1,
  coordinates: "arcsine",
  title: msg`Firing rates, spikes per time step`,
  heading: [msg`Firing rates`, msg`how often each neuron spikes`],
  marks: ["1", "½", "0"],
  ends: ["0", "1"],
  axisDigits: 0,
  carrier: msg`neuron`,
  name: msg`rate`,
  names: msg`rates`,
  whole: msg`rates`,
  mean: msg`mean rate`,
  means: msg`mean rates`,
  single: msg`a neuron's rate`,
  all: msg`All latent neurons`,
  brief: msg`latent neurons`,
  key: "rates",
  value: (j, height) => height,
  number: (j, height) => height,
  text: (j, height, digits = 2) => height.toFixed(digits),
  size: (j, share) => share.toFixed(2),
  apart: (distance) => distance.toFixed(3),
  expected: (height, steps) => msg`${(height * steps).toFixed(1)} of ${steps} spikes`,
  place: () => "",
  rest: 0,
  atRest: { one: msg`Rate 0`, others: "0" },
  paths: ["arcsine", "logit", "linear"],
  drawn: msg`Rates`,
  within: (distance) => msg`${distance.toFixed(2)} in rate space`,
  caption: (j, height) => String(height),
  introduction: (pull) =>
    msg`A network of spiking neurons draws this picture from firing rates: how often each neuron spikes (0 never, 1 always). ${pull}: spikes and picture follow.`,
};

/** Of a model that makes spikes step by step, each from those before. @type {Latent} */
const STEPWISE = {
  ...RATES,
  stepwise: true,
  introduction: (pull) =>
    msg`A network of spiking neurons draws this picture from spike trains. A bar is how often a neuron spikes, over T; ${pull.toLowerCase()}, and its spikes are placed in time anew.`,
};

/** What latents have in common whose numbers are no rates of spikes per step. */
const NUMBERS = {
  spiking: false,
  stepwise: false,
  coordinates: /** @type {const} */ ("plain"),
  ends: /** @type {[string, string]} */ ([msg`low end`, msg`high end of its range`]),
  axisDigits: 1,
  carrier: msg`number`,
  mean: msg`mean`,
  means: msg`means`,
  single: msg`a number`,
  all: msg`All numbers of the latent`,
  key: /** @type {const} */ ("latent"),
  expected: () => "",
  place: () => "",
  rest: 0.5,
  atRest: { one: msg`The prior's mean`, others: msg`at the prior's mean` },
  paths: ["linear"],
  drawn: msg`A latent`,
};

/** What the server calls a number of a latent, in words. @type {Record<string, string>} */
const NAMES = { "posterior mean": msg`posterior mean`, "code value": msg`code value` };

/** @param {Pick<ModelEntry, "latent"> & {kind?: string}} entry @returns {Latent} */
export function latentOf({ latent, kind }) {
  if (!latent) return kind === "fsvae" ? STEPWISE : RATES;
  if (latent.counts) return countsOf(latent);
  const { low, high, span } = latent;
  const name = NAMES[latent.name] ?? latent.name;
  const value = (j, height) => low[j] + Math.fround(height) * (high[j] - low[j]); // in single precision, as Python
  return {
    ...NUMBERS,
    sampled: false,
    counts: false,
    steps: 1,
    title: msg`Latent: ${name}s`,
    brief: msg`${name}s, no spikes`,
    heading: [msg`Latent`, msg`${name}s; the middle is the prior's mean, an end ${span / 2} of its deviations away`],
    marks: ["+4σ", "0", "−4σ"],
    name,
    names: msg`${name}s`,
    whole: msg`latent`,
    value,
    number: value,
    text: (j, height, digits = 2) => fixed(value(j, height), digits),
    size: (j, share) => (share * (high[j] - low[j])).toFixed(2),
    apart: (distance) => msg`${(span * distance).toFixed(2)} deviations`,
    place: (height) => msg`${fixed(span * (height - 0.5), 2)} σ from the prior's mean`,
    within: (distance) => msg`${(span * distance).toFixed(2)} deviations in the latent`,
    caption: (j, height) => fixed(value(j, height), 1),
    introduction: (pull) =>
      msg`A network without spikes draws this picture from a vector of ${name}s. ${pull}: the picture follows.`,
  };
}

const COUNT_STEPS = 16; // over which counts are spread at first; it changes the raster, not the picture

/** Rates of Poisson counts on a log scale. @param {NonNullable<ModelEntry["latent"]>} latent @returns {Latent} */
function countsOf({ low, high, span }) {
  const number = (j, height) => low[j] + Math.fround(height) * (high[j] - low[j]); // in single precision, as Python
  const value = (j, height) => Math.exp(number(j, height));
  const most = Math.exp(span / 2).toFixed(0);
  const significant = (x, digits) => (x < 0.001 ? x.toExponential(1) : Number(x.toPrecision(digits + 1)).toString());
  return {
    ...NUMBERS,
    sampled: true,
    counts: true,
    steps: COUNT_STEPS,
    title: msg`Latent: rates`,
    brief: msg`Poisson counts`,
    heading: [
      msg`Rates`,
      msg`expected spikes a picture, log scale; the middle is the prior's rate, an end ${most} times or 1/${most} of it`,
    ],
    marks: [`×${most}`, "×1", `÷${most}`],
    name: msg`rate`,
    names: msg`rates`,
    whole: msg`rates`,
    value,
    number,
    text: (j, height, digits = 2) => significant(value(j, height), digits),
    size: (j, share) => `\u00d7${Math.exp(share * (high[j] - low[j])).toFixed(2)}`,
    apart: (distance) => msg`${(span * distance).toFixed(2)} in log-rate`,
    within: (distance) => msg`${(span * distance).toFixed(2)} in log-rate in the latent`,
    caption: (j, height) => significant(value(j, height), 1),
    introduction: (pull) =>
      msg`A network draws this picture from spike counts: each neuron's count is drawn at random, and its rate is the count on average. ${pull}: counts and picture follow.`,
  };
}
