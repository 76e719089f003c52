/** The picture that rates came from, and what the encoder is shown where that is not at hand. */

import { fromBytes } from "../../math/image.js";
import { fromGrid } from "../../math/rates.js";
import { ownImage } from "./own_images.js";

/** Tells sources apart. */
export const keyOf = (source) => `${source.kind} ${source.index ?? source.seed ?? source.rates}`;

/**
 * The picture that the rates came from, (C, H, W) in [-1, 1]; null where it is not at hand.
 * @param {Session} session
 */
export async function sourceImage(session, source) {
  const own = ownImage(session, source);
  if (own) return fromBytes(own.bytes, session.entry.channels);
  const row = source.kind === "test" ? (session.atlas?.rowOf(source.index) ?? -1) : -1;
  const { entry } = session;
  const originals = row >= 0 ? await session.originals() : null;
  if (!originals) return null;
  const length = entry.size ** 2 * entry.channels;
  return fromBytes(originals.values.subarray(row * length, (row + 1) * length), entry.channels);
}

/**
 * What the encoder can be shown, once it is here: that picture, or else the model's own picture of the source's rates.
 * @param {Having<"engine">} session
 * @returns {Promise<{image: Float32Array, painted: boolean}>} (C, H, W) in [-1, 1]; painted: by the model
 */
export async function encoderImage(session, source) {
  const [image] = await Promise.all([sourceImage(session, source), session.need("encoder")]);
  if (image) return { image, painted: false };
  const { engine, entry } = session;
  const steps = entry.steps ?? 1;
  // hardly any sampling noise
  const spikes = engine.sample(fromGrid(session.ratesOf(source)), 0, "systematic", steps);
  return { image: engine.decode(spikes, steps).slice(), painted: true };
}
