/** Where a dimension changes the picture: the change of each pixel as a colour, dark where nothing happens. */

import { contextOf, describe, h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { colourBytes } from "../../math/discs.js";
import { rampColour } from "../../math/colour.js";

const DARK = [30, 28, 40]; // of no change

/**
 * The colours of changes, the darker the less.
 * @param {Float32Array} found (H, W), changes from 0 on
 * @returns {Uint8ClampedArray<ArrayBuffer>} (H, W, 4)
 */
export function changeColours(found) {
  const most = Math.max(...found);
  const out = new Uint8ClampedArray(4 * found.length);
  found.forEach((v, p) => {
    const share = most > 0 ? v / most : 0;
    const colour = share > 0 ? colourBytes(rampColour(share)) : DARK;
    const mixed = DARK.map((dark, c) => dark + (colour[c] - dark) * Math.sqrt(share));
    out.set([...mixed, 255], 4 * p);
  });
  return out;
}

/** @param {Session} session @param {number} draws of noise, of which the change is the mean */
export function sensitivityMap({ entry, latent }, draws) {
  const map = pixels(entry.size, entry.size, "", "sensitivity");
  const words = h("figcaption", {});
  const element = h(
    "div",
    { class: "traversal" },
    h("h3", {}, msg`Where it changes the picture`),
    h("figure", { class: "sensitivity-figure" }, map, words),
  );
  let shown = -1;
  return Object.assign(element, {
    /** @param {string} text */
    say: (text) => (words.textContent = text),
    /** Say that the map of a dimension is on its way, unless it is there. @param {number} j */
    await(j) {
      if (j === shown) return;
      map.classList.add("missing");
      words.textContent = "…";
    },
    /**
     * @param {number} j
     * @param {Float32Array} found (H, W)
     * @param {string} low value at the one end
     * @param {string} high
     */
    show(j, found, low, high) {
      shown = j;
      contextOf(map).putImageData(new ImageData(changeColours(found), entry.size), 0, 0);
      const most = Math.max(...found);
      const mean = found.reduce((a, b) => a + b, 0) / found.length;
      map.dataset.most = most.toFixed(4);
      map.dataset.dimension = String(j);
      map.classList.remove("missing");
      describe(map, msg`Change of each pixel, at most ${most.toFixed(2)}, ${mean.toFixed(3)} on average`);
      const averaged = draws > 1 ? msg`, mean of ${draws} draws` : "";
      words.textContent = msg`At the present ${latent.whole}, when it goes from ${low} to ${high} (5 to 95 % of the test images)${averaged}: at most ${most.toFixed(2)}, on average ${mean.toFixed(3)}, where black to white is 2.`;
    },
  });
}
