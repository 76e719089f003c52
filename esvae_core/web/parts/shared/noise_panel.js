/** The noise with its help: it has no heading for the mark to be beside. */

import { helpMark } from "./help.js";
import { noiseControls } from "./noise_controls.js";

/** @param {Session} session @param {Parameters<typeof noiseControls>[1]} [shown] */
export function noisePanel(session, shown) {
  const noise = noiseControls(session, shown);
  noise.querySelector(".row:last-child")?.append(helpMark("noise"));
  return noise;
}
