/** Which pictures two models are compared by: the same test images, and draws of both priors by the same seeds. */

import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { fromBytes } from "../../math/image.js";

const SHOWN = 10;

/** @typedef {Having<"engine", OpenedModel>} RunningModel */

/**
 * A row of pictures, each made when it is its turn.
 * @typedef {{title: string, labels: string[], about: ModelEntry, images: (() => Float32Array)[]}} ComparedRow
 */

/**
 * Rows of pictures of this model and another that is decoded here, too, and what to say of them.
 * @param {Having<"engine">} session
 * @param {OpenedModel} other
 * @param {ByteArray|null} originals of this model's atlas
 * @returns {{rows: ComparedRow[], words: string}}
 */
export function comparedRows(session, other, originals) {
  if (!has(other, "engine")) throw new Error(msg`this page cannot run it`);
  /** @type {RunningModel[]} */
  const both = [session, other];
  const shared = has(session, "atlas") && has(other, "atlas") && session.atlas.dataset === other.atlas.dataset;
  const images = shared ? sharedRows(session.atlas, other.atlas) : [];
  const test = shared && images.length && originals ? [testImages(session, originals, images)] : [];
  const decoded = shared && images.length ? [session, other].map((model) => decodedImages(session, model, images)) : [];
  return {
    rows: [...test, ...decoded, ...both.map((model) => priorSamples(session, model))],
    words: comparisonWords(both, session.store.state, shared),
  };
}

/**
 * Rows of an atlas whose images are in the other's, too, and have a picture.
 * @param {Atlas} atlas
 * @param {Atlas} other
 * @returns {number[]}
 */
export function sharedRows(atlas, other) {
  return [...atlas.tilePositions].filter((row) => other.rowOf(atlas.indices[row]) >= 0).slice(0, SHOWN);
}

/** @param {Having<"atlas">} session @param {ByteArray} originals @param {number[]} rows @returns {ComparedRow} */
function testImages({ entry, atlas }, originals, rows) {
  const length = entry.size ** 2 * entry.channels;
  const image = (row) => fromBytes(originals.values.subarray(row * length, (row + 1) * length), entry.channels);
  return {
    title: msg`test images`,
    about: entry,
    images: rows.map((row) => () => image(row)),
    labels: rows.map((row) => atlas.label(row)),
  };
}

/**
 * @param {Having<"atlas">} session
 * @param {Having<"engine"|"atlas", OpenedModel>} model
 * @param {number[]} rows of the session's atlas
 * @returns {ComparedRow}
 */
function decodedImages(session, model, rows) {
  const { atlas } = session;
  const ratesOf = (row) => model.atlas.rates(model.atlas.rowOf(atlas.indices[row]));
  return {
    title: msg`${model.entry.name}, decoded`,
    about: model.entry,
    images: rows.map((row) => () => session.pictureIn(model, ratesOf(row))),
    labels: rows.map((row) => atlas.label(row)),
  };
}

/** @param {Session} session @param {RunningModel} model @returns {ComparedRow} */
function priorSamples(session, model) {
  const seeds = Array.from({ length: SHOWN }, (_, k) => k);
  return {
    title: msg`${model.entry.name}, samples`,
    about: model.entry,
    images: seeds.map((seed) => () => session.pictureIn(model, session.priorRates(seed, 1, model.engine))),
    labels: seeds.map((seed) => msg`prior seed ${seed}`),
  };
}

/**
 * @param {Pick<OpenedModel, "latent">[]} both
 * @param {Pick<State, "seed"|"sampler"|"steps">} state
 * @param {boolean} shared whether they know test images in common
 */
export function comparisonWords(both, { seed, sampler, steps }, shared) {
  const noise = both.every(({ latent }) => latent.spiking)
    ? msg`, ${sampler}, T = ${steps}`
    : msg`; a model without spikes has no noise, and of counts T says nothing`;
  const all = both.some(({ latent }) => latent.sampled) ? msg`Noise seed ${seed}${noise}` : msg`No noise in either`;
  const lacking = shared ? "" : msg` The two know no test images in common, so only samples are shown.`;
  return msg`${all}; the first ${SHOWN} of each; nothing chosen.${lacking}`;
}

/**
 * The model that is shown beside another one at first: of the same data, and if there is one of the same kind.
 * @param {ModelListing[]} others
 * @param {Pick<ModelListing, "dataset"|"kind">} entry
 */
export function firstBeside(others, { dataset, kind }) {
  const same = others.filter((model) => model.dataset === dataset && model.dims);
  return same.find((model) => model.kind === kind) ?? same[0];
}
