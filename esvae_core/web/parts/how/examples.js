/** A few examples to choose from in one line: test images of different classes, the prior, and new noise. */

import { h, icon, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { fromBytes } from "../../math/image.js";
import { newSeed } from "../shared/noise_controls.js";
import { drawPixels } from "../shared/draw_pixels.js";

const SHOWN = 10;

/** @param {Session} session */
export function examples(session) {
  const { store, atlas } = session;
  const rows = atlas ? Array.from(atlas.tilePositions.subarray(0, SHOWN)) : [];
  const tiles = has(session, "atlas") ? rows.map((row, place) => tileOf(session, row, place)) : [];
  const prior = h(
    "button",
    {
      type: "button",
      title: msg`A draw of the prior: the model invents a picture`,
      onclick: () => session.invent(newSeed()),
    },
    icon("dice"),
    msg`Prior`,
  );
  const noise =
    session.latent.spiking &&
    h(
      "button",
      {
        type: "button",
        onclick: () => {
          const seed = newSeed();
          store.change({ seed }, msg`noise ${seed}`);
        },
      },
      icon("dice"),
      msg`New noise`,
    );
  const element = h("div", { class: "row examples", role: "group", "aria-label": msg`Example` }, tiles, prior, noise);

  function mark({ source }) {
    tiles.forEach((tile, place) =>
      tile.setAttribute("aria-pressed", String(source.kind === "test" && source.index === atlas?.indices[rows[place]])),
    );
    prior.setAttribute("aria-pressed", String(source.kind === "prior"));
  }
  element.dispose = store.on("state", mark);
  mark(store.state);
  return element;
}

/** @param {Having<"atlas">} session @param {number} row @param {number} place among the stored pictures */
function tileOf(session, row, place) {
  const { atlas, entry } = session;
  const length = entry.size ** 2 * entry.channels;
  const canvas = pixels(entry.size, entry.size, "", "thumb");
  canvas.setAttribute("aria-hidden", "true");
  drawPixels(
    canvas,
    fromBytes(atlas.tiles.values.subarray(place * length, (place + 1) * length), entry.channels),
    entry.channels,
  );
  const label = msg`${atlas.label(row)}, test image ${atlas.indices[row]}`;
  return h(
    "button",
    {
      type: "button",
      class: "picked",
      title: label,
      "aria-label": label,
      onclick: () => session.startFrom(atlas.indices[row]),
    },
    canvas,
  );
}
