/** How far a path's pictures move from frame to frame, and how many real images are near each frame; in words, too. */

import { msg } from "../../messages.js";
import { counted } from "../../math/axis.js";
import { change } from "../../math/interpolation.js";
import { within } from "../../math/neighbours.js";

/** Images that are not there yet are null. @typedef {{rates: Float32Array, image: Float32Array|null}} Frame */

/**
 * Of each frame how far its picture is from that before, 0 where one is not there, and how many test images are near,
 * null without an atlas; and the radius within which these are.
 * @typedef {{changes: number[], most: number, near: (number|null)[], radius: number|undefined}} StripStatistics
 */

/** @param {Frame[]} frames @param {Atlas|null} atlas @returns {StripStatistics} */
export function stripStatistics(frames, atlas) {
  const own = atlas?.ownDistances();
  const radius = own?.[Math.floor(0.9 * (own.length - 1))];
  const changes = frames.map(({ image }, k) => {
    const before = frames[k - 1]?.image;
    return image && before ? change(image, before) : 0;
  });
  return {
    changes,
    most: Math.max(...changes, 1e-9),
    near: frames.map(({ rates }) => (atlas ? within(rates, atlas.counts, atlas.steps, radius) : null)),
    radius,
  };
}

/** What frame k is. @param {StripStatistics} statistics @param {number} k @param {Atlas|null} atlas */
export function frameWords({ changes, near }, k, atlas) {
  const images = near[k] === null || !atlas ? "" : msg`, ${near[k]} of ${atlas.count} test images near`;
  return msg`Frame ${k + 1} of ${changes.length}: change ${changes[k].toFixed(2)} per pixel${images}`;
}

/** What the numbers below the frames are. @param {StripStatistics} statistics @param {Pick<Latent, "within">} latent */
export function stripWords({ changes, most, near, radius }, latent) {
  const moved = msg`Change: of the picture from the frame before, root mean square on [-1, 1], at most ${most.toFixed(2)}.`;
  if (radius === undefined) return moved;
  const alone = near.filter((count) => count === 0).length;
  const leaves = alone
    ? msg` On ${alone} of ${counted(changes.length, msg`frame`, msg`frames`)} there is none: the path has left the data.`
    : "";
  return msg`${moved} Real images nearby: test images within ${latent.within(radius)}, where 90 % of them have a neighbour.${leaves}`;
}
