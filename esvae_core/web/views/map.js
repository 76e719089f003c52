/** Map: the test images by their rates, where the present rates lie among them, and what lies between. */

import { choice, contextOf, describe, h, icon, pixels } from "../dom.js";
import { hasMap } from "../having.js";
import { msg } from "../messages.js";
import { nearestWeights, blended } from "../math/map_geometry.js";
import { toGrid } from "../math/rates.js";
import { distance } from "../parts/explore/distance.js";
import { mapCanvas } from "../parts/map/canvas.js";
import { pathOf } from "../parts/map/control_path.js";
import { colourBy, legend } from "../parts/map/legend.js";
import { MapModel } from "../parts/map/map_model.js";
import { NEAR } from "../parts/map/map_overlay.js";
import { ownControlPanel } from "../parts/map/own_controls.js";
import { Pictures } from "../parts/map/pictures.js";
import { selection } from "../parts/map/selection.js";
import { settings } from "../parts/map/settings.js";
import { helpMark } from "../parts/shared/help.js";
import { mixer } from "../parts/shared/mixer.js";
import { drawPixels } from "../parts/shared/draw_pixels.js";

export const styles = ["map.css"];

const TOUCH = matchMedia("(hover: none)"); // fingers alone

/** @param {Session} session */
export function mount(root, session) {
  if (!hasMap(session)) return nothing(root, session);
  const model = new MapModel(session);
  const pictures = new Pictures(session, () => {
    hand.again();
    if (model.kept("as") === "pictures") canvas.refresh();
  });
  const hand = underTheHand(model, pictures);
  const canvas = mapCanvas(model, pictures, {
    hover: hand.show,
    pick: (row) => session.startFrom(session.atlas.indices[row]),
    travel: (x, y) => session.store.change({ rates: toGrid(ratesAt(model, x, y).rates) }, msg`a place on the map`),
  });
  const parts = {
    tools: mapTools(model, canvas),
    canvas,
    legend: legend(model),
    trust: trust(model),
    present: present(session),
    hand,
    selection: selection(model, canvas),
    own: ownControlPanel(model),
    distance: distance(session),
    bars: mixer(session),
    settings: session.backend.maps ? settings(model, session.backend.maps) : null,
  };
  const forget = arrange(root, parts, session.latent);
  return () => {
    forget();
    model.stop();
    pictures.dispose();
    Object.values(parts).forEach((part) => part?.dispose?.());
  };
}

/**
 * Map on the left, what is read off it on the right. Where there is one column, the pictures come right below the map,
 * before what is said of it.
 * @param {Record<string, HTMLElement|null> & {trust: HTMLElement}} parts
 * @param {Latent} latent
 * @returns {() => void} stop
 */
function arrange(root, parts, latent) {
  const small = h("small", {}, msg`move a bar and watch the marker travel`);
  const title = h("h2", {}, latent.key === "rates" ? msg`Rates` : msg`Latent`, " ", small);
  const head = h("div", { class: "head" }, title, helpMark("mapBars"));
  const bars = h("section", { class: "rates-part" }, head, parts.bars);
  const pair = h("div", { class: "pair" }, parts.present, parts.hand);
  const left = h("div", { class: "map-left", "data-figure": msg`Map` }, parts.tools, parts.canvas, parts.legend);
  const right = [pair, parts.selection, parts.own, parts.distance, bars, parts.settings];
  root.append(h("div", { class: "map-view" }, left, h("div", { class: "map-right" }, right)));
  const narrow = matchMedia("(max-width: 800px)");
  const place = () => (narrow.matches ? pair.after(parts.trust) : left.append(parts.trust));
  narrow.addEventListener("change", place);
  place();
  return () => narrow.removeEventListener("change", place);
}

/** What an atlas without a map says instead. */
function nothing(root, { atlas, entry }) {
  const why = atlas
    ? msg`Its atlas has no map: it was built by an earlier version, or holds too few images.`
    : msg`This model has no atlas of test images, so there is nothing to lay out.`;
  root.append(
    h(
      "div",
      { class: "message", role: "status" },
      h("p", {}, msg`${why} Build it with`),
      h("p", {}, h("code", {}, `esvae atlas ${entry.path ?? "CHECKPOINT"}`)),
      h("p", {}, msg`and open the model again.`),
    ),
  );
  return () => {};
}

/**
 * Rates between points, and the points.
 * @param {MapModel} model
 */
function ratesAt({ places, shown, atlas }, x, y) {
  const { rows, weights } = nearestWeights(places, x, y, NEAR, shown);
  return { rates: blended(atlas.counts, atlas.steps, atlas.dims, rows, weights), rows };
}

/** @param {MapModel} model */
function mapTools(model, canvas) {
  const axes = choice(
    msg`Dimensions of the map`,
    [
      ["2", "2-D"],
      ["3", "3-D", msg`Drag to turn, with Shift to move`],
    ],
    model.kept("axes"),
    (value) => model.keep("axes", value, msg`map in ${value} dimensions`),
  );
  const as = choice(
    msg`Show as`,
    [
      ["points", msg`Points`],
      ["pictures", msg`Pictures`],
    ],
    model.kept("as"),
    (value) => model.keep("as", value, msg`map of ${value}`),
  );
  const by = colourBy(model);
  const path = pathOf(model);
  const button = (title, text, onclick) => h("button", { type: "button", title, "aria-label": title, onclick }, text);
  const lasso = h(
    "button",
    {
      type: "button",
      class: "lasso",
      "aria-pressed": "false",
      title: msg`Draw around points (L)`,
      onclick: () => canvas.lasso(!model.lassoing),
    },
    icon("lasso"),
    msg`Lasso`,
  );
  const zoom = h(
    "div",
    { class: "choice" },
    button(msg`Zoom in`, "+", () => canvas.zoom(1.4)),
    button(msg`Zoom out`, "−", () => canvas.zoom(1 / 1.4)),
    button(msg`Show all`, msg`all`, () => canvas.showAll()),
  );
  const element = h("div", { class: "row map-tools" }, axes, as, by, path, lasso, zoom, helpMark("map"));
  const off = model.on((what) => {
    axes.choose(model.kept("axes"));
    as.choose(model.kept("as"));
    if (what === "lasso") lasso.setAttribute("aria-pressed", String(model.lassoing));
  });
  element.dispose = () => {
    off();
    by.dispose?.();
    path.dispose?.();
  };
  return element;
}

/**
 * The picture of the present rates, live.
 * @param {Session} session
 */
function present({ live, entry, latent }) {
  const canvas = pixels(entry.size, entry.size, msg`Picture of the present ${latent.whole}`, "large");
  const element = h(
    "figure",
    { class: "now-part" },
    canvas,
    h("figcaption", {}, h("span", { class: "key now" }), msg` the present ${latent.whole}`),
  );
  element.dispose = live.on((now) => now.state.model === entry.name && drawPixels(canvas, now.image, entry.channels));
  return element;
}

/**
 * What is under the pointer: a test image, or what the model makes of the place between some.
 * @param {MapModel} model
 */
function underTheHand(model, pictures) {
  const { session, atlas, entry } = model;
  const canvas = pixels(entry.size, entry.size, msg`Nothing under the pointer`, "large");
  const words = h("figcaption", {});
  const element = h("figure", { class: "hand-part" }, canvas, words);
  /** @type {MapPointer["hover"]} */
  let over = null;

  /** @param {MapPointer["hover"]} what */
  function show(what) {
    over = what;
    if (what?.row !== undefined) image(what.row);
    else if (what) place(what);
    else {
      canvas.classList.add("missing");
      canvas.dataset.row = "";
      contextOf(canvas).clearRect(0, 0, canvas.width, canvas.height); // else it would be taken for what is there
      describe(canvas, msg`Nothing under the pointer`);
      words.textContent = TOUCH.matches
        ? msg`Hold a finger on the map to look around; a tap takes what is there.`
        : msg`Move over the map: a point shows its test image, the space between is decoded.`;
    }
  }

  function image(row) {
    const error = atlas.arrays.errors ? msg`, error ${atlas.arrays.errors.values[row].toFixed(3)}` : "";
    const label = msg`test image ${atlas.indices[row]}, “${atlas.label(row)}”`;
    const value = model.scale?.text ? `, ${model.scale.text(row)}` : "";
    words.textContent = msg`${label}${value}${error}, trust ${model.trust(row).toFixed(2)}; ${TOUCH.matches ? msg`tap` : msg`click`} to start from it`;
    describe(canvas, `${pictures.real ? "" : msg`What the model makes of `}${label}`);
    const picture = pictures.get(row);
    canvas.dataset.row = picture ? row : "";
    canvas.classList.toggle("missing", !picture);
    if (picture) contextOf(canvas).drawImage(picture, 0, 0);
  }

  async function place({ x, y }) {
    canvas.dataset.row = "";
    if (!session.engine) return void (words.textContent = msg`Between the points: this browser cannot decode here.`);
    const { rates, rows } = ratesAt(model, x, y);
    words.textContent = msg`Approximation: weighted mean of the ${session.latent.whole} of the ${rows.length} nearest on the map; ${TOUCH.matches ? msg`tap` : msg`click`} to take it`;
    const { seed, sampler, steps } = session.store.state;
    try {
      const pool = await session.pool();
      const answer = await pool.latest("map", "play", rates, seed, sampler, steps);
      if (!answer || over === null || over.row !== undefined) return;
      canvas.classList.remove("missing");
      describe(canvas, msg`Approximate picture of the place under the pointer`);
      drawPixels(canvas, answer.image, entry.channels);
      canvas.dataset.place = `${x.toFixed(4)} ${y.toFixed(4)}`;
    } catch (error) {
      words.textContent = msg`Not decoded: ${error.message}`;
    }
  }

  show(null);
  return Object.assign(element, { show, again: () => over?.row !== undefined && image(over.row) });
}

/**
 * The trustworthiness score of the map, in words.
 * @param {MapModel} model
 */
function trust(model) {
  const words = h("p", { class: "quiet" });
  const fade = h("input", {
    type: "checkbox",
    onchange: () => {
      model.faded = fade.checked;
      model.tell("faded");
    },
  });
  const element = h(
    "div",
    { class: "trust-part" },
    words,
    h("label", { class: "field" }, fade, msg`fade points that lie among the wrong neighbours`),
  );
  const show = () => {
    const value = model.about[`trust${model.axes}`];
    const verdict =
      value >= 0.95
        ? msg`nearly all neighbours here are neighbours in the latent`
        : value >= 0.85
          ? msg`most neighbours here are neighbours in the latent, some are not`
          : msg`a rough sketch: many neighbours here are none in the latent`;
    const { neighbors, min_dist: least, metric } = model.about;
    words.textContent = msg`Trustworthiness ${value.toFixed(3)} of 1: ${verdict}. How far groups lie apart, and how large they are, means little. UMAP of ${model.atlas.count.toLocaleString("en")} test images: ${neighbors} neighbours, least distance ${least}, ${metric}.`;
  };
  show();
  element.dispose = model.on((what) => (what === "layout" || what === "kept") && show());
  return element;
}
