/**
 * Attributes of images beside a model's latent, as `esvae_core/controls/measured.py` tells: correlations with every
 * number of the latent over training images, and values of the atlas' test images.
 */

import { msg } from "../messages.js";
import { strongest } from "./dimensions.js";

/** Absolute correlation from which a neuron may be called after what it goes with. */
export const NAMED_FROM = 0.3;
const SUGGESTED = 3;
const UNITS = { deg: "°", px2: "px²" }; // as the screen writes them

/**
 * @param {{about: ControlsAbout, arrays: NamedArrays}|null} read
 * @param {Atlas|null} atlas
 * @returns {Measured|null}
 */
export function measuredOf(read, atlas) {
  const told = read?.about.measured;
  if (!told) return null;
  const { correlation, images, values } = read.arrays;
  const [count, dims] = correlation.shape;
  const rows = new Map(Array.from(images.values, (image, row) => [image, row]));
  const fits = atlas !== null && atlas.dataset === told.dataset && images.values.length > 0;
  return {
    trainImages: told.trainImages,
    attributes: told.attributes,
    correlation: Array.from({ length: count }, (_, k) => correlation.values.subarray(k * dims, (k + 1) * dims)),
    column(name) {
      const k = told.attributes.findIndex((each) => each.name === name);
      if (k < 0 || !fits) return null;
      const of = (image) => {
        const row = rows.get(image);
        return row === undefined ? NaN : values.values[row * count + k];
      };
      return { attribute: told.attributes[k], values: Float32Array.from(atlas.indices, of) };
    },
  };
}

/** A unit as the screen writes it. @param {string} unit */
export const unitText = (unit) => UNITS[unit] ?? unit;

/** A value with its unit, or its word. @param {Pick<MeasuredAttribute, "kind"|"unit"|"categories">} attribute */
export function valueText({ kind, unit, categories }, value) {
  if (Number.isNaN(value)) return msg`undefined`;
  if (kind === "category") return categories[value] ?? "";
  const size = Math.abs(value);
  const digits = size >= 100 || (Number.isInteger(value) && size >= 10) ? 0 : size >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${unit === "deg" ? "" : " "}${unitText(unit)}`.trimEnd().replace("-", "−");
}

/** A correlation with its sign; that of an attribute with several regressors has none. */
export function correlationText({ kind, categories }, value) {
  const unsigned = kind === "circular" || (kind === "category" && categories.length > 2);
  return `${value < 0 ? "−" : unsigned ? "" : "+"}${Math.abs(value).toFixed(2)}`;
}

/**
 * Names that would suit a dimension, with the correlation behind each: attributes that are numbers or have two words,
 * and the class that it goes with most.
 * @param {Measured|null} measured
 * @param {{correlation: number[][]}} facts of the classes, from the atlas
 * @param {string[]} classNames
 * @returns {{name: string, value: number, of: string}[]} the strongest first
 */
export function suggestions(measured, facts, classNames, j) {
  const found = [];
  measured?.attributes.forEach(({ name, kind, categories }, k) => {
    const value = measured.correlation[k][j];
    if (kind === "category" && categories.length !== 2) return;
    const called =
      kind === "category" ? `${name} ${categories[value < 0 ? 0 : 1]}` : value < 0 ? msg`less ${name}` : name;
    const turned = kind === "category" ? Math.abs(value) : value;
    found.push({
      name: kind === "circular" ? name : called,
      value: turned,
      of: msg`${measured.trainImages} training images`,
    });
  });
  if (classNames.length > 1) {
    const { label, value } = strongest(facts.correlation, j);
    found.push({
      name: value < 0 ? msg`not class ${classNames[label]}` : msg`class ${classNames[label]}`,
      value,
      of: msg`the test images of the atlas`,
    });
  }
  const strength = ({ value }) => Math.abs(value);
  return found
    .filter((each) => strength(each) >= NAMED_FROM)
    .sort((a, b) => strength(b) - strength(a))
    .slice(0, SUGGESTED);
}
