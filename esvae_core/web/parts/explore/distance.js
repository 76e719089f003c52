/** How far the rates are from those of real images, and which images are nearest. */

import { describe, h, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { nearest, rank } from "../../math/neighbours.js";
import { fromBytes } from "../../math/image.js";
import { fromGrid } from "../../math/rates.js";
import { helpMark } from "../shared/help.js";
import { drawPixels } from "../shared/draw_pixels.js";

const SHOWN = 3;

/** @param {Session} session */
export function distance(session) {
  if (!has(session, "atlas")) return Object.assign(h("div", {}), { dispose: () => {} });
  const { live, store, atlas, entry, engine, latent } = session;
  const meter = h("i", { class: "meter-fill" });
  const words = h("p", { class: "quiet" });
  const canvases = Array.from({ length: SHOWN }, () => pixels(entry.size, entry.size, "", "thumb"));
  const buttons = canvases.map((canvas) => h("button", { type: "button", class: "picked" }, canvas));
  const element = h(
    "section",
    { class: "distance-part" },
    h("div", { class: "head" }, h("h2", {}, msg`Distance from real images`), helpMark("distance")),
    h("div", { class: "meter", role: "img", "aria-label": msg`Distance from real images` }, meter),
    words,
    h("div", { class: "thumbs nearest" }, buttons),
  );
  /** @type {ByteArray|null} */
  let originals = null;
  let shown = [];
  session.originals().then((found) => {
    originals = found;
    shown = [];
    if (live.now) draw(live.now);
  });

  let [begun, gone] = [false, false];
  /** After the first picture is on the screen: the distances of all images among each other take a while. */
  function begin() {
    begun = !gone;
    if (live.now) draw(live.now);
  }

  /** @param {Decoded} now */
  function draw(now) {
    if (!begun || now.state.model !== entry.name) return;
    const found = nearest(now.rates, atlas.counts, atlas.steps, SHOWN);
    const own = atlas.ownDistances();
    const share = rank(own, found[0].distance);
    const reach = own.length ? own[own.length - 1] : 1;
    meter.style.width = `${Math.min(100, (100 * found[0].distance) / (1.5 * reach || 1)).toFixed(1)}%`;
    meter.classList.toggle("far", share >= 0.95);
    words.textContent = `${latent.apart(found[0].distance)}: ${wordsFor(share)}`;
    found.forEach(({ row }, k) => shown[k] === row || show(k, row));
  }

  function show(k, row) {
    shown[k] = row;
    const label = msg`Near: test image ${atlas.indices[row]}, ${atlas.label(row)}`;
    describe(canvases[k], label);
    buttons[k].title = msg`${label}; start from it`;
    buttons[k].onclick = () => session.startFrom(atlas.indices[row]);
    if (originals) {
      const length = entry.size ** 2 * entry.channels;
      drawPixels(
        canvases[k],
        fromBytes(originals.values.subarray(row * length, (row + 1) * length), entry.channels),
        entry.channels,
      );
    } else if (engine) {
      const { seed, sampler, steps } = store.state;
      drawPixels(
        canvases[k],
        engine.decode(engine.sample(fromGrid(atlas.rates(row)), seed, sampler, steps), steps),
        entry.channels,
      );
    }
  }

  const stop = live.on(draw);
  requestAnimationFrame(() => setTimeout(begin));
  element.dispose = () => {
    stop();
    [begun, gone] = [false, true];
  };
  return element;
}

/** @param {number} share of test images that are nearer to another than the present values are to any */
function wordsFor(share) {
  const rest = Math.round(100 * (1 - share));
  if (share >= 0.999) return msg`far out: no real image lies this far from all others`;
  if (share >= 0.95) return msg`unusual: only ${rest} % of real images lie this far from all others`;
  if (rest === 100) return msg`close to real images (closer than any of them is to another)`;
  return msg`close to real images (closer than ${rest} % of them are to each other)`;
}
