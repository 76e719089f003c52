/** What people call data sets and kinds of models, which have short names in files and links. */

import { msg } from "../../messages.js";

/** By the short name, as `esvae_core/data/table.py` has them. @type {Record<string, string>} */
export const DATA = {
  digits: msg`Digits (scikit-learn)`,
  sprites: msg`Sprites`,
  "sprites-rgb": msg`Sprites in colour`,
  mnist: msg`MNIST`,
  fashion_mnist: msg`Fashion-MNIST`,
  cifar10: msg`CIFAR-10`,
  emoji: msg`Noto emoji`,
  celeba: msg`CelebA`,
  folder: msg`A folder of pictures`,
  npz: msg`A NumPy file of images`,
  huggingface: msg`A Hugging Face data set on disk`,
  tar: msg`Tar files of pictures`,
  moving_digits: msg`Moving digits, as events`,
  events: msg`A folder of event recordings`,
};

/** @type {Record<string, string>} */
const KINDS = {
  esvae: msg`spiking network, firing rates`,
  pvae: msg`Poisson spike counts`,
  annvae: msg`network without spikes (VAE)`,
  ae: msg`network without spikes (autoencoder)`,
  fsvae: msg`spiking network, spikes step by step`,
};

/**
 * A data set, as a checkpoint names it: with what it was made of after a colon, where it has an option.
 * @param {string} name
 */
export function dataName(name) {
  const [known, ...option] = name.split(":");
  return [DATA[known] ?? known, ...option].join(": ");
}

/** @param {string} kind */
export const kindName = (kind) => KINDS[kind] ?? kind;
