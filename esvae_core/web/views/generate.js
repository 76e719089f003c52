/** Generate: a grid of samples from the prior, and what to do with each. */

import { h } from "../dom.js";
import { msg } from "../messages.js";
import { helpMark } from "../parts/shared/help.js";
import { noiseControls } from "../parts/shared/noise_controls.js";
import { chosenSample } from "../parts/generate/chosen_sample.js";
import { DrawnSamples } from "../parts/generate/drawn_samples.js";
import { sampleActs } from "../parts/generate/sample_actions.js";
import { sampleControls } from "../parts/generate/sample_controls.js";
import { sampleGrid } from "../parts/generate/sample_grid.js";
import { sampleSettings, samplesKey } from "../parts/generate/sample_settings.js";
import { viewWith } from "../state/store.js";
import { steering } from "../parts/generate/steering.js";
import { exportMenu } from "../parts/shared/export_menu.js";
import { same } from "../math/rates.js";

export const styles = ["generate.css"];

/** @param {Session} session */
export function mount(root, session) {
  const { store, entry, engine, atlas, latent } = session;
  if (!engine) {
    root.append(
      h(
        "p",
        { class: "message" },
        msg`Sampling the prior needs the model in the page, and this browser cannot run it.`,
      ),
    );
    return () => {};
  }
  const settings = () => sampleSettings(store.state.view, atlas?.classNames ?? []);
  /** @type {import("../parts/generate/sample_controls.js").Remember} */
  const remember = (patch, label, keys) => store.change({ view: viewWith(store.state.view, patch) }, label, keys);
  const note = h("p", { class: "quiet", role: "status" });
  const steer = steering(session);
  const samples = new DrawnSamples(session, steer, (words) => void (note.textContent = words));
  const acts = sampleActs(session, samples, settings);
  const grid = sampleGrid(session, acts);
  const chosen = chosenSample(session, acts);
  const controls = sampleControls(session, remember, (heat) => draw({ ...settings(), heat }));
  const noise = latent.sampled ? noiseControls(session) : null;
  const save = exportMenu(session, () => offer(samples, settings().columns), msg`Export the grid`);
  root.append(elementOf(session, { controls, steer, noise, save, note, samples: [chosen, grid] }));

  async function draw(wanted) {
    if (!(await samples.draw(wanted))) return;
    grid.show(samples.cells, settings().columns);
    mark();
  }

  /** Say which of them is the source. */
  function mark() {
    const { source } = store.state;
    const place = source.kind === "own" ? samples.cells.findIndex((cell) => same(cell.rates, source.rates)) : -1;
    grid.mark(place);
    chosen.show(place, samples.cells[place] ?? null);
  }

  let key = "";
  function follow(state) {
    if (state.model !== entry.name) return;
    const now = samplesKey(state, steer.key());
    if (now === key) return mark();
    key = now;
    controls.show(settings(), state.view.like);
    steer.show();
    draw(settings());
  }
  const stop = store.on("state", follow);
  follow(store.state);
  return () => {
    samples.stop();
    stop();
    grid.dispose();
    noise?.dispose?.();
  };
}

/**
 * What is exported; counts have a noise seed for each.
 * @param {DrawnSamples} samples
 * @param {number} columns
 * @returns {import("../parts/shared/export_menu.js").Offer}
 */
function offer(samples, columns) {
  const { cells } = samples;
  if (!cells.length) return { why: msg`There are no samples to export.` };
  return {
    kind: "grid",
    name: "samples",
    cells: cells.map((cell) => cell.rates),
    seeds: samples.noiseSeeds(),
    columns,
    captions: cells.map((cell) => String(cell.seed)),
  };
}

/**
 * @param {Session} session
 * @param {{controls: ReturnType<typeof sampleControls>, steer: HTMLElement, noise: HTMLElement|null,
 *   save: HTMLElement, note: HTMLElement, samples: HTMLElement[]}} parts
 */
function elementOf({ latent }, { controls, steer, noise, save, note, samples }) {
  const stepwise = msg`Its prior makes spikes step by step, each from those before; how often each neuron spikes is kept, and its spikes are placed by the noise below.`;
  return h(
    "div",
    { class: "generate" },
    h(
      "section",
      { class: "controls" },
      h("div", { class: "head" }, h("h2", {}, msg`Samples of the prior`), helpMark("samples")),
      h("p", { class: "quiet" }, msg`Pictures that the model invents; some will not look like anything.`),
      latent.stepwise && h("p", { class: "quiet" }, stepwise),
      controls.draws,
      steer,
      controls.data,
      noise ? [h("div", { class: "head" }, h("h2", {}, msg`Noise`), helpMark("noise")), noise] : null,
      save,
      note,
    ),
    h("section", { class: "samples" }, samples),
  );
}
