/** What a path is like: the way between anchors, the noise of its frames, and how many there are. */

import { choice, h } from "../../dom.js";
import { FRAMES, NOISES } from "./path_frames.js";

/** @type {[string, string, string][]} */
const WAYS = [
  ["arcsine", "path: arcsine", "Straight in arcsin √r: equal steps are equally visible through Bernoulli noise"],
  ["logit", "logit", "Straight in log odds"],
  ["linear", "linear", "Straight in the rates"],
];

/** @typedef {import("./path_frames.js").PathSettings} PathSettings */

/**
 * @param {PathSettings} first
 * @param {Pick<Latent, "paths">} latent
 * @param {(patch: Record<string, string>, label: string) => void} remember keeps what is chosen in the link
 */
export function pathChoices(first, { paths }, remember) {
  const ways = choice("Path", WAYS, first.path, (path) => remember({ path }, `${path} path`));
  const noises = choice("Noise between frames", NOISES, first.noise, (noise) => remember({ noise }, `${noise} noise`));
  const frames = h(
    "select",
    { "aria-label": "Number of frames", onchange: () => remember({ frames: frames.value }, `${frames.value} frames`) },
    FRAMES.map((n) => h("option", { value: n }, `${n} frames`)),
  );
  frames.value = String(first.frames);
  const element = h("div", { class: "row tight" }, paths.length > 1 ? [ways, noises] : null, frames);
  return Object.assign(element, {
    /** @param {PathSettings} settings */
    show(settings) {
      ways.choose(settings.path);
      noises.choose(settings.noise);
      frames.value = String(settings.frames);
    },
  });
}
