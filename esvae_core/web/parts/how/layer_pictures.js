/** Pictures of what layers do, beside each other. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { layerName, paintMaps } from "../shared/layer_maps.js";
import { firingRates } from "../spikes/layer_charts.js";

const SEEN = 16; // channels of a layer, so that each can be made out

/** @typedef {{layer: Layer, canvas: HTMLCanvasElement, caption: HTMLElement}} LayerPicture */

/** A picture for each layer, and one element with all. @param {Layer[]} layers */
export function layerMaps(layers) {
  const maps = layers.map((layer) => ({
    layer,
    canvas: h("canvas", { class: "maps still", role: "img" }),
    caption: h("figcaption", {}),
  }));
  const element = h(
    "div",
    { class: "layer-maps" },
    maps.map(({ canvas, caption }) => h("figure", {}, canvas, caption)),
  );
  return { element, maps };
}

/**
 * Paint what layers did: rates over all steps, or the spikes of one.
 * @param {LayerPicture[]} shown
 * @param {Record<string, LayerActivity>} did
 * @param {number} steps
 * @param {number|null} step from 1; null: all
 * @returns {{spikes: number, neurons: number}} in all of them, over all steps
 */
export function paintLayers(shown, did, steps, step) {
  let [spikes, neurons] = [0, 0];
  for (const { layer, canvas, caption } of shown) {
    const { spikes: fired } = did[layer.name];
    const rates = firingRates(fired, steps);
    const area = rates.length;
    const cells = layer.sideOut ** 2;
    const [seen, columns] =
      layer.kind === "collect"
        ? [layer.channelsOut, Math.ceil(layer.channelsOut / 2)]
        : [Math.min(SEEN, layer.channelsOut), SEEN / 2];
    paintMaps(
      canvas,
      seen,
      layer.sideOut,
      (c, p) => (step ? fired[(step - 1) * area + c * cells + p] : rates[c * cells + p]),
      columns,
    );
    const own = fired.reduce((a, b) => a + b, 0);
    canvas.classList.toggle("fine", layer.sideOut > 12); // these are made smaller: not by leaving pixels out
    const some = seen < layer.channelsOut ? msg`, ${seen} shown` : "";
    caption.textContent =
      layer.kind === "collect"
        ? msg`${layer.channelsOut} neurons`
        : `${layer.channelsOut} × ${layer.sideOut} × ${layer.sideOut}${some}`;
    canvas.setAttribute(
      "aria-label",
      msg`${layerName(layer)}: ${((100 * own) / fired.length).toFixed(0)} percent fire at a step`,
    );
    spikes += own;
    neurons += area;
  }
  return { spikes, neurons };
}
