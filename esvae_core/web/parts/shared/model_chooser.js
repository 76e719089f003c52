/** Which model is at work, and all others with small pictures and what they are in plain words. */

import { h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { fromBytes } from "../../math/image.js";
import { drawPixels } from "./draw_pixels.js";
import { sheetBelow } from "./menu.js";
import { checkpointField } from "./open_checkpoint.js";
import { dataName, kindName } from "./plain_names.js";

const PICTURES = 4;
/** Pictures of models, by name, as long as the page is open. @type {Map<string, Promise<ByteArray>>} */
const kept = new Map();

/**
 * A button that names the model at work and opens the list of all.
 * @param {Session} session
 */
export function modelChooser(session) {
  const name = h("span", { class: "model-name" });
  const button = h("button", { type: "button", class: "model-button" }, name);
  const place = sheetBelow(button, (close) => modelList(session, close));
  place.classList.add("model-chooser");
  return Object.assign(place, {
    /** Show a model as the chosen one. @param {string} chosen */
    show(chosen) {
      name.textContent = chosen;
      button.setAttribute("aria-label", msg`Model: ${chosen}`);
    },
  });
}

/** @param {Session} session @param {() => void} close */
function modelList(session, close) {
  /** @type {WeakMap<Element, () => void>} */
  const fills = new WeakMap();
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      fills.get(target)?.();
    }
  });
  const cards = session.models.map((model) => {
    const pictures = h("span", { class: "model-pictures" });
    const card = model.problem ? closedCard(model) : openCard(session, model, pictures, close);
    if (model.atlas) {
      fills.set(pictures, () => fill(session, model, pictures));
      seen.observe(pictures);
    }
    return h("li", {}, card);
  });
  const list = h("ul", { class: "model-list", "aria-label": msg`Models` }, cards);
  return h("div", {}, list, session.backend.open ? checkpointField(session, close) : null);
}

/** @param {Session} session @param {ModelListing} model */
function openCard(session, model, pictures, close) {
  const choose = () => {
    close();
    session.choose(model.name);
  };
  return h(
    "button",
    {
      type: "button",
      class: "model-card-button",
      "aria-current": model.name === session.entry.name ? "true" : null,
      onclick: choose,
    },
    pictures,
    words(model),
  );
}

/** @param {ModelListing} model */
const closedCard = (model) => h("div", { class: "model-card-closed" }, words(model), h("p", {}, whyClosed(model)));

/** @param {ModelListing} model */
const whyClosed = ({ frames, problem }) => (frames ? msg`A model of recordings: the view Models plays them.` : problem);

/** @param {ModelListing} model */
function words({ name, kind, dims, steps, size, dataset, sampler, taught }) {
  if (!kind) return h("strong", {}, name);
  const facts = [
    dataset ? dataName(dataset) : "",
    `${size} × ${size}`,
    `${dims} ${steps ? msg`neurons` : msg`numbers`}`,
    sampler === "bernoulli" ? msg`random spikes` : sampler === "systematic" ? msg`even spikes` : "",
    taught?.length ? msg`taught ${taught.join(", ")}` : "",
  ];
  return h(
    "span",
    { class: "model-words" },
    h("strong", {}, name),
    h("span", {}, kindName(kind)),
    h("span", {}, facts.filter(Boolean).join(" · ")),
  );
}

/** Paint a model's pictures; where they do not come, their place stays empty. @param {Session} session */
async function fill(session, model, place) {
  try {
    const { shape, values } = await tilesOf(session, model.name);
    const [count, height, width, channels] = shape;
    const length = height * width * channels;
    const canvases = Array.from({ length: Math.min(PICTURES, count) }, (_, i) => {
      const canvas = pixels(width, height, "", "thumb");
      drawPixels(canvas, fromBytes(values.subarray(i * length, (i + 1) * length), channels), channels);
      return canvas;
    });
    place.replaceChildren(...canvases);
  } catch {
    place.replaceChildren();
  }
}

/** @param {Session} session @param {string} name @returns {Promise<ByteArray>} */
function tilesOf({ backend, entry, atlas }, name) {
  if (name === entry.name && atlas) return Promise.resolve(atlas.tiles);
  if (!backend.thumbnails) return Promise.reject(new Error(msg`no pictures`));
  const known = kept.get(name);
  if (known) return known;
  const tiles = backend.thumbnails(name);
  tiles.catch(() => kept.delete(name)); // asked again when the list opens
  kept.set(name, tiles);
  return tiles;
}
