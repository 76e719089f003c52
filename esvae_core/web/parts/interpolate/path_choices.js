/** What a path is like: the way between anchors, the noise of its frames, and how many there are. */

import { choice, h } from "../../dom.js";
import { msg } from "../../messages.js";
import { FRAMES, NOISES } from "./path_frames.js";

/** @type {[string, string, string][]} */
const WAYS = [
  ["arcsine", msg`path: arcsine`, msg`Straight in arcsin √r: equal steps are equally visible through Bernoulli noise`],
  ["logit", msg`logit`, msg`Straight in log odds`],
  ["linear", msg`linear`, msg`Straight in the rates`],
];

/** @typedef {import("./path_frames.js").PathSettings} PathSettings */

/**
 * @param {PathSettings} first
 * @param {Pick<Latent, "paths">} latent
 * @param {(patch: Record<string, string>, label: string) => void} remember keeps what is chosen in the link
 */
export function pathChoices(first, { paths }, remember) {
  const ways = choice(msg`Path`, WAYS, first.path, (path) => remember({ path }, msg`${path} path`));
  const noises = choice(msg`Noise between frames`, NOISES, first.noise, (noise) =>
    remember({ noise }, msg`${noise} noise`),
  );
  const frames = h(
    "select",
    {
      "aria-label": msg`Number of frames`,
      onchange: () => remember({ frames: frames.value }, msg`${frames.value} frames`),
    },
    FRAMES.map((n) => h("option", { value: n }, msg`${n} frames`)),
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
