/** Interpolate: walks between latents, with the data beside the path. */

import { h, pixels } from "../dom.js";
import { has } from "../having.js";
import { msg } from "../messages.js";
import { fromGrid } from "../math/rates.js";
import { anchors } from "../parts/interpolate/anchors.js";
import { corners } from "../parts/interpolate/corners.js";
import { pathChoices } from "../parts/interpolate/path_choices.js";
import { DecodedFrames } from "../parts/interpolate/decoded_frames.js";
import { frameSeed, frameSpikes, PathFrames, pathSettings } from "../parts/interpolate/path_frames.js";
import { helpMark } from "../parts/shared/help.js";
import { noisePanel } from "../parts/shared/noise_panel.js";
import { drawPixels } from "../parts/shared/draw_pixels.js";
import { noSpikesNotice } from "../parts/shared/no_spikes.js";
import { raster } from "../parts/shared/raster.js";
import { shownFrame } from "../parts/interpolate/shown_frame.js";
import { pathPlayer } from "../parts/interpolate/path_player.js";
import { strip } from "../parts/interpolate/strip.js";
import { exportMenu } from "../parts/shared/export_menu.js";

export const styles = ["interpolate.css"];

/** @param {Session} session */
export function mount(root, session) {
  if (!has(session, "engine")) {
    root.append(h("p", { class: "message" }, LACKING));
    return () => {};
  }
  const { store, latent } = session;
  const settings = () => pathSettings(store.state.view, latent);
  const row = anchors(session, refresh, () => walk.hold());
  const rowRates = () => row.list().map(({ rates }) => rates);
  const path = () => new PathFrames(rowRates(), settings());
  const film = strip(session, { onpick: (k) => walk.pick(k) });
  const frames = new DecodedFrames(session, film.show);
  const walk = pathPlayer(session, path, film.mark);
  const blend = corners(session, { anchors: row.list, path: () => settings().path, onmove: walk.leave });
  const picture = framePicture(session, (state) => {
    if (settings().noise === "frozen" || !walk.place.holds(state.rates)) return null;
    return frameSpikes(session.engine, fromGrid(state.rates), walk.place.frame(), settings(), state);
  });
  const choices = pathChoices(settings(), latent, (patch, label) =>
    store.change({ view: { ...store.state.view, ...patch } }, label),
  );
  const save = exportMenu(session, () => offer(frames.rates, settings().noise, store.state.seed), msg`Export the path`);
  root.append(...elementsOf({ choices, row, save, film, walk: walk.element, blend, picture }));

  /** Decode the frames of another path. */
  async function refresh() {
    walk.fit();
    if (await frames.decode(path().all(), settings)) blend.refresh();
  }

  let key = "";
  const stop = follow(session, (state) => {
    choices.show(settings());
    const now = JSON.stringify([settings(), state.seed, state.sampler, state.steps]);
    if (now !== key) {
      key = now;
      refresh();
    }
    walk.find(state.rates, frames.rates);
  });
  return () => {
    frames.stop();
    walk.stop();
    stop();
    for (const part of [row, blend, picture]) part.dispose();
  };
}

const LACKING = msg`Interpolation needs the model in the page, and this browser cannot run it. Explore works, decoded by the server.`;

/**
 * Tells of each state of the model at work, and of the present one.
 * @param {Session} session
 * @param {(state: State) => void} tell
 */
function follow({ store, entry }, tell) {
  const listener = (state) => state.model === entry.name && tell(state);
  const stop = store.on("state", listener);
  listener(store.state);
  return stop;
}

/**
 * The large picture of the present rates, and beside it their spikes, where there are any.
 * @param {Having<"engine">} session
 * @param {(state: State) => Decoded["spikes"]|null} spikesOf spikes of the frame at the state's rates; null: of none
 */
function framePicture(session, spikesOf) {
  const { entry, latent } = session;
  const frame = shownFrame(session, spikesOf);
  const large = pixels(entry.size, entry.size, msg`Picture on the path`, "large");
  const beside = latent.spiking
    ? [noisePanel(session), raster(session, { live: frame, beside: [helpMark("placeSpikes")] })]
    : [noSpikesNotice(session, msg`The path is straight in the latent.`)];
  const stop = frame.on(({ image, state }) => state.model === entry.name && drawPixels(large, image, entry.channels));
  return {
    large,
    beside,
    dispose() {
      frame.dispose();
      stop();
      for (const part of beside) part.dispose?.();
    },
  };
}

/**
 * @param {Uint16Array[]} cells rates of the frames
 * @param {string} noise
 * @param {number} seed
 * @returns {import("../parts/shared/export_menu.js").Offer}
 */
function offer(cells, noise, seed) {
  if (noise === "drifting")
    return {
      why: msg`Drifting noise lies between two seeds, and a recipe has whole ones: choose the same noise, or new noise for each frame, to export the path.`,
    };
  const seeds = noise === "fresh" ? cells.map((_, k) => frameSeed(noise, seed, k)) : [seed];
  return { kind: "strip", name: "path", cells, seeds, columns: cells.length, frame_ms: 120 };
}

/**
 * @param {Record<"choices"|"row"|"save"|"film"|"walk"|"blend", HTMLElement>
 *   & {picture: ReturnType<typeof framePicture>}} parts
 */
function elementsOf({ choices, row, save, film, walk, blend, picture }) {
  return [
    h("div", { class: "head" }, h("h2", {}, msg`Anchors`), helpMark("anchors"), choices),
    row,
    h("div", { class: "head" }, h("h2", {}, msg`Path`), helpMark("path"), save),
    film,
    h(
      "div",
      { class: "interpolate" },
      h(
        "section",
        {},
        h(
          "div",
          { class: "head" },
          h("h2", {}, msg`Picture `, h("small", {}, msg`at the chosen place`)),
          helpMark("place"),
        ),
        picture.large,
        walk,
      ),
      blend,
      h("div", {}, picture.beside),
    ),
  ];
}
