/**
 * Pictures that were encoded in this page, as the model was given them: a link keeps their rates alone. The last ones
 * are kept as long as the page is open, so that they can be shown beside what the model makes of them.
 */

const MOST = 60;

/**
 * @typedef {{bytes: Uint8Array, name: string, pad?: ImageData}} OwnImage
 *   (H, W, C) bytes at the model's size; what it is called; the drawing pad that it comes from
 */

/** @type {WeakMap<Session, Map<string, OwnImage>>} */
const kept = new WeakMap();

const keyOf = (model, rates) => `${model} ${rates}`;

/**
 * Keep the picture that these rates of the model at work are of.
 * @param {Session} session
 * @param {Uint16Array} rates on the grid
 * @param {OwnImage} image
 */
export function keepOwn(session, rates, image) {
  const images = kept.get(session) ?? new Map();
  kept.set(session, images);
  const key = keyOf(session.entry.name, rates);
  images.delete(key);
  images.set(key, image); // the newest is last
  if (images.size > MOST) images.delete(images.keys().next().value);
}

/**
 * The picture of a source; null where it is none of the visitor's own, or is no longer kept.
 * @param {Session} session
 * @param {Source} source
 * @returns {OwnImage|null}
 */
export function ownImage(session, source) {
  return source.kind === "own" ? (kept.get(session)?.get(keyOf(session.entry.name, source.rates)) ?? null) : null;
}
