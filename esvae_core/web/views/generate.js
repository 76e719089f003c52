/** Generate: a grid of samples from the prior, and what to do with each. */

import { h, icon } from "../dom.js";
import { MAX_SEED } from "../state/url_state.js";
import { newSeed, noiseControls } from "../parts/shared/noise_controls.js";
import { chosenSample } from "../parts/generate/chosen_sample.js";
import { besideData, otherSeed, sampleCells, sampleGrid } from "../parts/generate/sample_grid.js";
import { steering } from "../parts/generate/steering.js";
import { commitSlides } from "../parts/shared/slide.js";
import { exportMenu } from "../parts/shared/export_menu.js";
import { HOTTEST, readPins, writePins } from "../parts/generate/pins.js";
import { counted } from "../math/axis.js";
import { same } from "../math/rates.js";

export const styles = ["generate.css"];

const SIDES = { rows: [1, 12, 5], columns: [1, 16, 10] };

/** @param {Session} session */
export function mount(root, session) {
  const { store, entry, engine, atlas } = session;
  if (!engine) {
    root.append(
      h("p", { class: "message" }, "Sampling the prior needs the model in the page, and this browser cannot run it."),
    );
    return () => {};
  }
  const view = () => store.state.view;
  /** What the link keeps of this view, changed; null and "" forget an entry. */
  const viewWith = (patch) =>
    Object.fromEntries(Object.entries({ ...view(), ...patch }).filter(([, value]) => value !== null && value !== ""));
  const remember = (patch, label) => store.change({ view: viewWith(patch) }, label);
  /** @param {string} name @param {number[]} limits lowest, highest, usual */
  const number = (name, [low, high, usual]) =>
    Math.min(high, Math.max(low, Math.round(Number(view()[name] ?? usual) || usual)));
  const heat = () => Math.min(HOTTEST, Math.max(0, Number(view().heat ?? 1)));
  const firstSeed = () => number("from", [0, MAX_SEED, 0]);
  const pinned = () => readPins(view().pins ?? "", heat());

  /** Keep a seed at a place, at the temperature that it is seen at; null: no longer. */
  function pin(place, seed, temperature = heat()) {
    const pins = pinned();
    if (seed === null) pins.delete(place);
    else pins.set(place, { seed, temperature });
    remember({ pins: writePins(pins), sort: null }, seed === null ? "unpin" : "pin");
  }
  /**
   * The state that shows one sample; counts are drawn anew for each, with its own seed.
   * @param {Uint16Array} rates @param {number} seed @returns {Partial<State>}
   */
  const asSource = (rates, seed) => ({
    source: { kind: "own", rates },
    rates,
    ...(session.latent.counts ? { seed } : {}),
  });

  /** Another sample in a place, which becomes the chosen one. */
  async function replace(place) {
    if (!(await drawable()) || session.entry !== entry) return;
    const [seed, temperature] = [otherSeed(), heat()];
    const pins = writePins(pinned().set(place, { seed, temperature }));
    const rates = steer.move(session.priorRates(seed, temperature));
    store.change({ ...asSource(rates, seed), view: viewWith({ pins, sort: null }) }, "another sample");
  }
  const grid = sampleGrid(session, {
    onpin: pin,
    onchoose: ({ seed, rates }) => store.change(asSource(rates, seed), `sample ${seed}`),
  });
  const chosen = chosenSample(session, { onpin: pin, onreplace: replace });
  const field = (label, name, limits) => {
    const input = h("input", { type: "number", min: limits[0], max: limits[1], step: 1, "aria-label": label });
    input.onchange = () =>
      remember(
        { [name]: String(Math.min(limits[1], Math.max(limits[0], Math.round(Number(input.value) || 0)))) },
        label,
      );
    return Object.assign(input, { show: () => (input.value = String(number(name, limits))) });
  };
  const rows = field("Rows", "rows", SIDES.rows);
  const columns = field("Columns", "columns", SIDES.columns);
  const seed = field("First seed", "from", [0, MAX_SEED, 0]);
  const fresh = h(
    "button",
    { type: "button", onclick: () => remember({ from: String(newSeed()) }, "new samples") },
    icon("dice"),
    "New samples",
  );
  const warmth = h("input", {
    type: "range",
    min: 0,
    max: HOTTEST,
    step: 0.05,
    "aria-label": "Temperature of the prior",
    title: "Below 1 the samples lie nearer to the prior's middle, above 1 farther out; pinned ones stay as they are",
  });
  const degrees = h("output", {});
  warmth.oninput = () => {
    degrees.textContent = Number(warmth.value).toFixed(2);
    draw(Number(warmth.value));
  };
  warmth.onchange = () => store.set({ view: viewWith({ heat: warmth.value === "1" ? null : warmth.value }) });
  commitSlides(session, warmth, () => "temperature");
  const classes = h(
    "select",
    {
      "aria-label": "Class",
      onchange: () => remember({ like: classes.value }, classes.value ? `like ${classes.value}` : "all classes"),
    },
    h("option", { value: "" }, "all classes"),
    atlas?.classNames.map((name) => h("option", { value: name }, `like “${name}”`)),
  );
  const sort = h("input", { type: "checkbox", onchange: () => remember({ sort: sort.checked ? "1" : null }, "sort") });
  const steer = steering(session, viewWith);
  const sampling = session.latent.sampled ? noiseControls(session) : null;
  let shown = [];
  /** @returns {import("../parts/shared/export_menu.js").Offer} */
  const offer = () => ({
    kind: "grid",
    name: "samples",
    cells: shown.map((cell) => cell.rates),
    seeds: session.latent.counts ? shown.map((cell) => cell.seed) : [store.state.seed],
    columns: number("columns", SIDES.columns),
    captions: shown.map((cell) => String(cell.seed)),
  });
  const note = h("p", { class: "quiet", role: "status" });
  root.append(
    h(
      "div",
      { class: "generate" },
      h(
        "section",
        { class: "controls" },
        h("div", { class: "head" }, h("h2", {}, "Samples of the prior")),
        h("p", { class: "quiet" }, "Pictures that the model invents; some will not look like anything."),
        session.latent.stepwise &&
          h(
            "p",
            { class: "quiet" },
            "Its prior makes spikes step by step, each from those before; how often each neuron spikes is kept, and its spikes are placed by the noise below.",
          ),
        h("label", { class: "field" }, "Rows", rows),
        h("label", { class: "field" }, "Columns", columns),
        h("label", { class: "field" }, "First seed", seed),
        fresh,
        session.latent.stepwise ? null : h("label", { class: "field grow" }, "Temperature", warmth, degrees),
        steer,
        atlas ? [classes, h("label", { class: "field" }, sort, "closest to real images first")] : null,
        sampling ? [h("div", { class: "head" }, h("h2", {}, "Noise")), sampling] : null,
        exportMenu(
          session,
          () => (shown.length ? offer() : { why: "There are no samples to export." }),
          "Export the grid",
        ),
        note,
      ),
      h("section", { class: "samples" }, chosen, grid),
    ),
  );

  /** Whether the prior is here. */
  async function drawable() {
    try {
      if (!engine.has("prior")) note.textContent = "Loading the prior …";
      await session.need("prior");
    } catch (error) {
      note.textContent = `There are no samples: ${error.message}.`;
    }
    return engine.has("prior");
  }

  let turn = 0;
  async function draw(temperature = heat()) {
    const mine = ++turn;
    if (!(await drawable()) || mine !== turn) return;
    const count = number("rows", SIDES.rows) * number("columns", SIDES.columns);
    const label = atlas?.classNames.includes(view().like) ? view().like : "";
    const priorRates = (each, at = temperature) => steer.move(session.priorRates(each, at));
    let cells = sampleCells(session, {
      count,
      seed: firstSeed(),
      label,
      sort: view().sort === "1",
      pinned: pinned(),
      priorRates,
    });
    const words = [`${counted(cells.length, "sample")}, seeds from ${firstSeed()} on`];
    if (label) words.push(`those whose ${5} nearest test images are mostly “${label}”`);
    if (cells.length < count) words.push("more of that class were not found");
    if (steer.holds()) {
      note.textContent = "Measuring and moving the samples …";
      const { seed } = store.state;
      const held = await steer
        .hold(cells.map((cell) => ({ rates: cell.rates, seed: session.latent.counts ? cell.seed : seed })))
        .catch(() => null); // the workers went with their model
      if (mine !== turn || !held) return;
      cells = cells.map((cell, k) => ({ ...cell, ...besideData(atlas, held[k]) }));
    }
    note.textContent = `${words.join("; ")}.`;
    shown = cells;
    grid.show(cells, number("columns", SIDES.columns));
    mark();
  }

  /** Say which of them is the source. */
  function mark() {
    const { source } = store.state;
    const place = source.kind === "own" ? shown.findIndex((cell) => same(cell.rates, source.rates)) : -1;
    grid.mark(place);
    chosen.show(place, shown[place] ?? null);
  }

  let key = "";
  function follow(state) {
    if (state.model !== entry.name) return;
    const { rows: r, columns: c, from, heat: t, like, sort: s, pins } = state.view;
    const noise = [state.seed, state.sampler, state.steps];
    const now = JSON.stringify([r, c, from, t, like, s, pins, steer.key(), ...noise]);
    if (now === key) return mark();
    key = now;
    for (const input of [rows, columns, seed, steer]) input.show();
    warmth.value = String(heat());
    degrees.textContent = heat().toFixed(2);
    classes.value = view().like ?? "";
    sort.checked = view().sort === "1";
    draw();
  }
  const stop = store.on("state", follow);
  follow(store.state);
  return () => {
    turn++;
    stop();
    grid.dispose();
    sampling?.dispose();
  };
}
