/** The network as a row of blocks, and in each how much it fires for the present example. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { decoderLayers } from "../../engine/network.js";

const PAUSE = 200; // ms of rest before the layers are measured: a trace costs several pictures

const NAMES = { spread: msg`linear`, up: msg`up`, same: msg`readout` };

const worded = (l) => `${NAMES[l.kind]}, ${l.channelsOut} × ${l.sideOut}²`;

/** The layers from latent to picture, in words alone. @param {EngineSettings|AnnSettings} model its settings */
export const layerList = (model) =>
  h(
    "ol",
    { class: "layers-list plain" },
    [msg`latent, ${model.latent_dim}`, ...decoderLayers(model).map(worded)].map((words) => h("li", {}, words)),
  );

/** @param {Session} session */
export function diagram(session) {
  const { live, engine, spikingEngine, entry } = session;
  const { spiking } = session.latent;
  const title = spiking ? msg`Firing of each layer, current picture` : msg`Layers`;
  const element = h(
    "div",
    { class: "diagram", "data-figure": spiking ? msg`Firing of each layer` : null },
    h("h3", {}, title),
  );
  if (!engine) {
    delete element.dataset.figure;
    element.append(h("p", { class: "quiet" }, msg`The layers can be seen where the page can run the model.`));
    return Object.assign(element, { dispose: () => {} });
  }
  if (!spiking) {
    element.append(
      layerList(engine.model),
      h("p", { class: "quiet" }, msg`No spikes: every number of every layer is computed, once.`),
    );
    return Object.assign(element, { dispose: () => {} });
  }
  const layers = decoderLayers(engine.model).slice(0, -1);
  const bars = new Map();
  const row = (name, words) => {
    const fill = h("i", { class: "meter-fill" });
    const value = h("span", {}, "–");
    bars.set(name, { fill, value });
    return h("li", {}, h("span", {}, words), h("div", { class: "meter" }, fill), value);
  };
  element.append(
    h(
      "ol",
      { class: "layers-list" },
      row("latent", msg`latent spikes, ${entry.dims}`),
      layers.map((l) => row(l.name, worded(l))),
    ),
    h("p", { class: "quiet" }, msg`Share of neurons and steps that fire; what does not fire costs nothing.`),
  );
  const show = (name, share) => {
    const { fill, value } = bars.get(name);
    fill.style.width = `${(100 * share).toFixed(1)}%`;
    value.textContent = `${(100 * share).toFixed(1)} %`;
  };
  const mean = (spikes) => spikes.reduce((a, b) => a + b, 0) / spikes.length;
  let timer = 0;
  const stop = live.on(({ spikes, state }) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (session.engine !== engine || state.model !== entry.name) return;
      show("latent", mean(spikes));
      for (const [name, run] of Object.entries(spikingEngine?.trace(spikes, state.steps).layers ?? {}))
        show(name, mean(run.spikes));
    }, PAUSE);
  });
  element.dispose = () => {
    clearTimeout(timer);
    stop();
  };
  return element;
}
