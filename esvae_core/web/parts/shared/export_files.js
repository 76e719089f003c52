/**
 * Pictures as files that carry their recipe, tables, and the lines of Python that make them again.
 *
 * @typedef {{kind: "picture"|"grid"|"strip", name: string, cells: Uint16Array[], seeds: number[],
 *   flips?: [number, number, number][], upto?: number[], damage?: Damage|null, columns?: number, captions?: string[], frame_ms?: number}} Pictures
 *   rates of each picture, seeds of the noise: one for each or one for all, spikes that are edited by hand, steps
 *   after which a picture is seen, and damage to the spikes
 */

import { contextOf } from "../../dom.js";
import { msg } from "../../messages.js";
import { joined, utf8 } from "../../formats/bytes.js";
import { dimensionsCsv, picturesCsv } from "../../formats/csv.js";
import { encodeGif } from "../../formats/gif.js";
import { imageGrid, rgba, toBytes } from "../../formats/image_grid.js";
import { encodeNpz } from "../../formats/npz.js";
import { encodePng } from "../../formats/png.js";
import { pythonFor } from "../../formats/python.js";
import {
  cellRates,
  MAX_PIXELS,
  pixelCount,
  recipeOf,
  seedOf,
  seenIn,
  spikesIn,
  textOf,
  uptoOf,
} from "../../formats/recipe.js";
import { encodeSvg } from "../../formats/svg.js";
import { joinWebp } from "../../formats/webp.js";
import { fromGrid, GRID } from "../../math/rates.js";
import { encodeMp4 } from "./video_encoder.js";

const MAX_SPIKES = 2 ** 26; // as in `decode_rates.py`
const FEW = 8; // pictures that are decoded here, without waking the workers
export const FRAME = 100; // ms of a film's picture

/**
 * How pictures are laid out in a file.
 * @typedef {{scale: number, gap: number, captions: boolean}} ChosenLayout
 */

/** Files of some pictures, as they are now, whatever changes meanwhile; the layout is asked for when one is made. */
export class PictureFiles {
  #session;
  #pictures;
  #layout;
  #state;

  /**
   * @param {Session} session
   * @param {Pictures} pictures
   * @param {() => ChosenLayout} layout
   */
  constructor(session, pictures, layout) {
    [this.#session, this.#pictures, this.#layout] = [session, pictures, layout];
    this.#state = session.store.state;
  }

  /** What makes the file again. @param {Recipe["kind"]} [kind] @returns {Recipe} */
  recipe(kind = this.#pictures.kind) {
    const { cells, seeds, flips, upto, damage, columns, captions, frame_ms: frame } = this.#pictures;
    const { entry } = this.#session;
    const { sampler, steps } = this.#state;
    const layout = this.#layout();
    return recipeOf(cells, seeds, {
      kind,
      checkpoint: { name: entry.name, sha256: entry.hash },
      sampler,
      steps,
      flips,
      upto,
      damage,
      layout: {
        columns: columns ?? cells.length,
        gap: cells.length === 1 ? 0 : layout.gap,
        scale: layout.scale,
        captions: kind !== "film" && captions && layout.captions ? captions : [],
        frame_ms: frame ?? FRAME,
      },
      versions: entry.versions ?? {},
    });
  }

  async png() {
    const { recipe, frames } = await this.#laidOut();
    return encodePng(frames[0], textOf(recipe));
  }

  async svg() {
    const { recipe, frames } = await this.#laidOut();
    return encodeSvg(await encodePng(frames[0]), frames[0], textOf(recipe));
  }

  async gif() {
    const { recipe, frames } = await this.#laidOut("film");
    return encodeGif(frames, recipe.layout.frame_ms, textOf(recipe));
  }

  async webp() {
    const { recipe, frames } = await this.#laidOut("film");
    return joinWebp(await Promise.all(frames.map(still)), frames[0], recipe.layout.frame_ms, textOf(recipe));
  }

  async mp4() {
    const { recipe, frames } = await this.#laidOut("film");
    return encodeMp4(frames, recipe.layout.frame_ms, textOf(recipe));
  }

  async npz() {
    const recipe = this.recipe();
    return tables(recipe, await tilesOf(this.#session, recipe), this.#pictures.cells, this.#session);
  }

  async csv() {
    const { cells } = this.#pictures;
    const { latent } = this.#session;
    const { source, rates } = this.#state;
    return cells.length === 1
      ? dimensionsCsv(this.#session.ratesOf(source), rates, latent)
      : picturesCsv(cells, latent);
  }

  /** The lines that make the file again. */
  python() {
    const { entry } = this.#session;
    return pythonFor(this.recipe(), entry.path ?? `${entry.name}.safetensors`, entry.latent);
  }

  /** @param {"film"} [kind] */
  async #laidOut(kind) {
    const recipe = this.recipe(kind);
    return { recipe, frames: laidOut(recipe, await tilesOf(this.#session, recipe), this.#session.entry) };
  }
}

/**
 * The recipe's pictures, (H, W, C) bytes each.
 * @param {Session} session
 * @returns {Promise<Uint8Array[]>}
 */
async function tilesOf(session, recipe) {
  const { engine, entry } = session;
  const { sampler, steps } = recipe;
  if (pixelCount(recipe, entry.size) > MAX_PIXELS)
    throw new Error(msg`more than 67 million pixels; take a smaller scale`);
  const cells = cellRates(recipe);
  const pool = cells.length > FEW ? await session.pool() : null;
  const asDrawn = !recipe.flips && !recipe.upto && !recipe.damage;
  const drawn = async (rates, seed, i) => {
    if (pool && asDrawn) return (await pool.run("play", rates, seed, sampler, steps)).image;
    if (!engine) throw new Error(msg`this page cannot run it`);
    return engine.decode(seenIn(recipe, i, engine.sample(rates, seed, sampler, steps)), uptoOf(recipe, i));
  };
  const images = await Promise.all(cells.map((rates, i) => drawn(fromGrid(rates), seedOf(recipe, i), i)));
  return images.map((image) => toBytes(image, entry.channels));
}

/** The frames of the file. @returns {import("../../formats/image_grid.js").ImageGrid[]} */
function laidOut({ kind, layout }, tiles, { size, channels }) {
  const { scale } = layout;
  if (kind === "film") return tiles.map((tile) => imageGrid([tile], { size, channels, scale }));
  return [imageGrid(tiles, { size, channels, ...layout })];
}

function tables(recipe, tiles, cells, session) {
  const { latent } = session;
  const { size, channels, dims } = session.entry;
  const shape = [tiles.length, size, size, ...(channels === 1 ? [] : [channels])];
  const text = utf8(textOf(recipe));
  return encodeNpz({
    images: { values: joined(tiles), shape },
    [latent.key]: {
      values: Float32Array.from(
        cells.flatMap((rates) => Array.from(rates, (rate, j) => latent.number(j, rate / GRID))),
      ),
      shape: [cells.length, dims],
    },
    ...spikesOf(session, recipe),
    recipe: { values: text, shape: [text.length] },
  });
}

/**
 * Spike trains (N, T, d) of 0 and 1, as an array; none where the model has none, and of more than `MAX_SPIKES` cells.
 * @param {Session} session
 * @param {Recipe} recipe
 * @returns {NamedArrays}
 */
function spikesOf({ spikingEngine: engine, entry: { dims } }, recipe) {
  const { sampler, steps } = recipe;
  const cells = cellRates(recipe);
  const shape = [cells.length, steps, dims];
  if (!engine || cells.length * steps * dims > MAX_SPIKES) return {};
  const values = new Uint8Array(cells.length * steps * dims);
  cells.forEach((rates, i) => {
    const drawn = engine.sample(fromGrid(rates), seedOf(recipe, i), sampler, steps);
    values.set(spikesIn(recipe, i, drawn), i * steps * dims);
  });
  return { spikes: { values, shape } };
}

/** One frame as WebP, by the browser. @returns {Promise<Uint8Array>} */
async function still(frame) {
  const canvas = new OffscreenCanvas(frame.width, frame.height);
  contextOf(canvas).putImageData(new ImageData(rgba(frame), frame.width), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality: 1 });
  if (blob.type !== "image/webp") throw new Error(msg`this browser does not write WebP`);
  return new Uint8Array(await blob.arrayBuffer());
}
