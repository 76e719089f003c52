/** Interpolate: walks between latents, with the data beside the path. */

import { prefersReducedMotion, choice, h, icon, pixels } from "../dom.js";
import { bernoulli, normal, systematic } from "../engine/noise.js";
import { along, drifting, PATHS } from "../math/interpolation.js";
import { fromGrid, same, toGrid } from "../math/rates.js";
import { anchors } from "../parts/interpolate/anchors.js";
import { corners } from "../parts/interpolate/corners.js";
import { noiseControls } from "../parts/shared/noise_controls.js";
import { paint } from "../parts/shared/paint.js";
import { noSpikesNotice } from "../parts/shared/no_spikes.js";
import { raster } from "../parts/shared/raster.js";
import { shownFrame } from "../parts/interpolate/shown_frame.js";
import { commitSlides } from "../parts/shared/slide.js";
import { strip } from "../parts/interpolate/strip.js";
import { exportMenu } from "../parts/shared/export_menu.js";

export const styles = ["interpolate.css"];

const [BEAT, REDUCED_BEAT] = [120, 600]; // ms a frame
const FRAMES = [8, 12, 16, 24];
/** @type {[string, string, string][]} */
const WAYS = [
  ["arcsine", "path: arcsine", "Straight in arcsin √r: equal steps are equally visible through Bernoulli noise"],
  ["logit", "logit", "Straight in log odds"],
  ["linear", "linear", "Straight in the rates"],
];
/** @type {[string, string, string][]} */
const NOISES = [
  ["frozen", "noise: same", "One noise for all frames: what changes comes from the rates alone"],
  ["drifting", "drifting", "Noise that drifts: neighbouring frames share most of their random numbers"],
  ["fresh", "new each frame", "New noise for every frame"],
];

/** @param {Session} session */
export function mount(root, session) {
  const { store, live, entry, engine } = session;
  if (!engine) {
    root.append(
      h(
        "p",
        { class: "message" },
        "Interpolation needs the model in the page, and this browser cannot run it. Explore works, decoded by the server.",
      ),
    );
    return () => {};
  }
  const view = () => store.state.view;
  const { spiking } = session.latent;
  const path = () => (!spiking ? "linear" : PATHS.includes(view().path) ? view().path : "arcsine");
  const kind = () => (spiking && NOISES.some(([name]) => name === view().noise) ? view().noise : "frozen");
  const count = () => (FRAMES.includes(Number(view().frames)) ? Number(view().frames) : 16);
  const remember = (patch, label) => store.change({ view: { ...view(), ...patch } }, label);

  const row = anchors(session, () => refresh());
  let shown = [];
  let key = "";
  let turn = 0;
  let timer = 0;
  /** Where on the path the rates are, 0 to one less than there are anchors; null beside it. @type {number|null} */
  let at = null;
  const vectors = () => row.list().map(({ rates }) => fromGrid(rates));
  const placeOf = (k) => (k / (count() - 1)) * (row.list().length - 1);
  const frameAt = (place) => Math.round((place / (row.list().length - 1)) * (count() - 1));
  const ratesAt = (place) => toGrid(along(vectors(), place, path()));
  const onPath = (state) => at !== null && same(state.rates, ratesAt(at));

  const film = strip(session, { onpick: (k) => walk(placeOf(k), true) });
  const blend = corners(session, { anchors: row.list, path, onmove: leavePath });
  const frame = shownFrame(session, (state) =>
    kind() !== "frozen" && onPath(state) ? spikesOf(fromGrid(state.rates), frameAt(at)) : null,
  );
  const chance = spiking
    ? [noiseControls(session), raster(session, { live: frame })]
    : [noSpikesNotice(session, "The path is straight in the latent.")];
  const large = pixels(entry.size, entry.size, "Picture on the path", "large");
  const slider = h("input", { type: "range", min: 0, step: 0.001, "aria-label": "Place on the path" });
  const play = h("button", { type: "button", "aria-pressed": "false", onclick: () => run(!timer) });
  const ways = choice("Path", WAYS, path(), (value) => remember({ path: value }, `${value} path`));
  const kinds = choice("Noise between frames", NOISES, kind(), (value) => remember({ noise: value }, `${value} noise`));
  const frames = h(
    "select",
    { "aria-label": "Number of frames", onchange: () => remember({ frames: frames.value }, `${frames.value} frames`) },
    FRAMES.map((n) => h("option", { value: n }, `${n} frames`)),
  );
  frames.value = String(count());
  slider.value = "0";
  showPlay();
  root.append(
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Anchors"),
      h("div", { class: "row tight" }, spiking ? [ways, kinds] : null, frames),
    ),
    row,
    h("div", { class: "head" }, h("h2", {}, "Path"), exportMenu(session, offer, "Export the path")),
    film,
    h(
      "div",
      { class: "interpolate" },
      h(
        "section",
        {},
        h("div", { class: "head" }, h("h2", {}, "Picture ", h("small", {}, "at the chosen place"))),
        large,
        h("div", { class: "row" }, play, h("label", { class: "field grow" }, slider)),
      ),
      blend,
      h("div", {}, chance),
    ),
  );

  /** @returns {import("../parts/shared/export_menu.js").Offer} */
  function offer() {
    if (kind() === "drifting")
      return {
        why: "Drifting noise lies between two seeds, and a recipe has whole ones: choose the same noise, or new noise for each frame, to export the path.",
      };
    const cells = shown.map(({ rates }) => toGrid(rates));
    const { seed } = store.state;
    const seeds = kind() === "fresh" ? cells.map((_, k) => (seed + k) % 2 ** 31) : [seed];
    return { kind: "strip", name: "path", cells, seeds, columns: cells.length, frame_ms: 120 };
  }

  /** Spikes of frame k: its rates under the noise that the visitor chose. */
  function spikesOf(rates, k) {
    const { seed, sampler, steps } = store.state;
    if (kind() !== "drifting")
      return engine.sample(rates, kind() === "fresh" ? (seed + k) % 2 ** 31 : seed, sampler, steps);
    const size = steps * entry.dims;
    const angle = (Math.PI * k) / (2 * (count() - 1));
    const numbers = drifting(normal(seed, size), normal((seed + 1) % 2 ** 31, size), angle);
    return sampler === "systematic" ? systematic(rates, numbers) : bernoulli(rates, numbers);
  }

  async function refresh() {
    const mine = ++turn;
    slider.max = String(row.list().length - 1);
    if (at !== null) at = Math.min(at, row.list().length - 1);
    const list = Array.from({ length: count() }, (_, k) => ({
      rates: fromGrid(ratesAt(placeOf(k))),
      image: null,
    }));
    shown = list;
    film.show(list);
    try {
      const pool = await session.pool();
      await Promise.all(
        list.map(async (frame, k) => {
          const spikes = spikesOf(frame.rates, k);
          frame.image = await pool.run("decode", spikes, store.state.steps);
          if (mine === turn) film.show(list);
        }),
      );
      if (mine === turn) blend.refresh();
    } catch (error) {
      if (mine === turn) session.say(`The path is not shown: ${error.message}`);
    }
  }

  /** Make a place on the path the rates. */
  function walk(place, settle) {
    at = place;
    slider.value = String(place);
    store.set({ rates: ratesAt(place) });
    film.mark(frameAt(place));
    if (settle) store.commit("walk");
  }
  slider.oninput = (event) => {
    run(false);
    live.follow(event);
    walk(Number(slider.value), false);
  };
  commitSlides(session, slider, () => "walk");

  /** The hand takes the rates elsewhere. */
  function leavePath() {
    run(false);
    at = null;
    film.mark(-1);
  }

  /** Walk from frame to frame, there and back, from where the slider is. */
  function run(on) {
    if (on === Boolean(timer)) return;
    clearInterval(timer);
    timer = 0;
    if (on) {
      let k = frameAt(Number(slider.value));
      let step = 1;
      const next = () => {
        if (k + step < 0 || k + step >= count()) step = -step;
        k = Math.min(count() - 1, k + step); // there may be fewer frames than there were
        walk(placeOf(k), false);
      };
      timer = setInterval(next, prefersReducedMotion() ? REDUCED_BEAT : BEAT);
    } else store.commit("walk");
    showPlay();
  }
  function showPlay() {
    play.setAttribute("aria-pressed", String(Boolean(timer)));
    play.replaceChildren(icon(timer ? "pause" : "play"), timer ? "Pause" : "Play");
  }

  /** Undo and redo may lead to a frame, or away from the path. */
  function find(state) {
    if (onPath(state)) return;
    const k = shown.findIndex(({ rates }) => same(toGrid(rates), state.rates));
    at = k < 0 ? null : placeOf(k);
    if (k >= 0) slider.value = String(at);
    film.mark(k);
  }

  function follow(state) {
    if (state.model !== entry.name) return;
    ways.choose(path());
    kinds.choose(kind());
    frames.value = String(count());
    const now = JSON.stringify([path(), kind(), count(), state.seed, state.sampler, state.steps]);
    if (now !== key) {
      key = now;
      refresh();
    }
    find(state);
  }
  const stops = [
    store.on("state", follow),
    frame.on(({ image, state }) => state.model === entry.name && paint(large, image, entry.channels)),
  ];
  follow(store.state);
  return () => {
    turn++;
    run(false);
    frame.dispose();
    stops.forEach((stop) => stop());
    for (const part of [row, blend, ...chance]) part.dispose();
  };
}
