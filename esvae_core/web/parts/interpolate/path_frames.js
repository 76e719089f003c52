/** The path through the anchors, cut into frames: where each of them is, its rates and its noise. */

import { msg } from "../../messages.js";
import { bernoulli, normal, systematic } from "../../engine/noise.js";
import { along, drifting } from "../../math/interpolation.js";
import { fromGrid, toGrid } from "../../math/rates.js";

const SEEDS = 2 ** 31;

/** Numbers of frames that one can choose. */
export const FRAMES = [8, 12, 16, 24];
const USUAL = 16;

/** Kinds of noise between frames; the first is the usual one. @type {[string, string, string][]} */
export const NOISES = [
  ["frozen", msg`noise: same`, msg`One noise for all frames: what changes comes from the rates alone`],
  ["drifting", msg`drifting`, msg`Noise that drifts: neighbouring frames share most of their random numbers`],
  ["fresh", msg`new each frame`, msg`New noise for every frame`],
];

/** Way between anchors, noise, number of frames. @typedef {{path: string, noise: string, frames: number}} PathSettings */

/**
 * @param {State["view"]} view a link may hold anything
 * @param {Pick<Latent, "paths"|"spiking">} latent
 * @returns {PathSettings}
 */
export function pathSettings({ path, noise, frames }, { paths, spiking }) {
  return {
    path: paths.includes(path) ? path : paths[0],
    noise: spiking && NOISES.some(([name]) => name === noise) ? noise : NOISES[0][0],
    frames: FRAMES.includes(Number(frames)) ? Number(frames) : USUAL,
  };
}

export class PathFrames {
  /** @type {Float32Array[]} */
  #anchors;
  #way;

  /**
   * @param {Uint16Array[]} anchors two or more, on the grid
   * @param {Pick<PathSettings, "path"|"frames">} settings
   */
  constructor(anchors, { path, frames }) {
    this.#anchors = anchors.map(fromGrid);
    this.#way = path;
    this.count = frames;
    /** The last place on the path; the first is 0, and anchors lie at whole ones. */
    this.end = anchors.length - 1;
  }

  /** The place of a frame. @param {number} k from 0 */
  placeOf(k) {
    return (k / (this.count - 1)) * this.end;
  }

  /** The frame nearest to a place. @param {number} place */
  frameAt(place) {
    return Math.round((place / this.end) * (this.count - 1));
  }

  /** @param {number} place @returns {Uint16Array} on the grid */
  ratesAt(place) {
    return toGrid(along(this.#anchors, place, this.#way));
  }

  /** Rates of all frames, on the grid. */
  all() {
    return Array.from({ length: this.count }, (_, k) => this.ratesAt(this.placeOf(k)));
  }
}

/**
 * The frame after this one, there and back again.
 * @param {{k: number, step: number}} at a frame, and 1 or -1 for the direction
 * @param {number} count of frames; it may be smaller than it was
 */
export function nextFrame({ k, step }, count) {
  const turned = k + step < 0 || k + step >= count ? -step : step;
  return { k: Math.min(count - 1, k + turned), step: turned };
}

/** Noise seed of a frame. @param {string} noise @param {number} seed @param {number} k */
export const frameSeed = (noise, seed, k) => (noise === "fresh" ? (seed + k) % SEEDS : seed);

/**
 * Spikes of a frame under the noise that was chosen.
 * @param {Engine|AnnEngine} engine
 * @param {Float32Array} rates
 * @param {number} k
 * @param {PathSettings} settings
 * @param {Pick<State, "seed"|"sampler"|"steps">} state
 */
export function frameSpikes(engine, rates, k, { noise, frames }, { seed, sampler, steps }) {
  if (noise !== "drifting") return engine.sample(rates, frameSeed(noise, seed, k), sampler, steps);
  const size = steps * rates.length;
  const angle = (Math.PI * k) / (2 * (frames - 1));
  const numbers = drifting(normal(seed, size), normal((seed + 1) % SEEDS, size), angle);
  return sampler === "systematic" ? systematic(rates, numbers) : bernoulli(rates, numbers);
}
