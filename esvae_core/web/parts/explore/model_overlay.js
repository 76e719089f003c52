/** The same image in another model of the same data: each reads it into a latent of its own and decodes that. */

import { h, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { fromBytes, resize } from "../../math/image.js";
import { toGrid } from "../../math/rates.js";
import { ownImage } from "../shared/own_images.js";
import { drawPixels } from "../shared/draw_pixels.js";

/**
 * The other model's latent of the image that is the source.
 * @param {Session} session
 * @param {Having<"engine", OpenedModel>} other
 * @param {Source} source
 * @returns {Uint16Array|string} on the grid; or why there is none
 */
function latentIn(session, other, source) {
  const { entry, atlas } = session;
  if (source.kind === "prior")
    return msg`The source is a draw of this model's prior: there is no image to show another.`;
  if (source.kind === "test") {
    const row = other.atlas?.dataset === atlas?.dataset ? (other.atlas?.rowOf(source.index) ?? -1) : -1;
    return !other.atlas || row < 0
      ? msg`Test image ${source.index} is not in the atlas of ${other.entry.name}.`
      : other.atlas.rates(row);
  }
  const image = ownImage(session, source);
  if (!image) return msg`Only the rates of the source are here, not its picture.`;
  const { size, channels } = other.entry;
  if (channels !== entry.channels)
    return msg`${other.entry.name} takes ${channels === 1 ? msg`gray` : msg`colour`} images.`;
  const bytes = resize(image.bytes, [entry.size, entry.size], [size, size], channels);
  return toGrid(other.engine.encode(fromBytes(bytes, channels)).rates);
}

/** Models of the same data that know their test images. @param {Session} session */
const othersOf = ({ models, entry }) =>
  models.filter((m) => !m.problem && m.name !== entry.name && m.atlas && m.dataset === entry.dataset);

/** @param {Session} session */
export function modelOverlay(session) {
  const { store, entry } = session;
  const others = othersOf(session);
  const element = h("section", { class: "beside-part" });
  element.dispose = () => {};
  if (!others.length || !session.atlas || !session.engine) return element;
  const place = h("div", {});
  const select = h(
    "select",
    {
      "aria-label": msg`Compare with another model`,
      onchange() {
        asked = true;
        store.change({ view: { ...store.state.view, beside: select.value } }, select.value || msg`alone`);
      },
    },
    h("option", { value: "" }, msg`compare with ...`),
    others.map((m) => h("option", { value: m.name }, msg`the same image in ${m.name}`)),
  );
  element.append(select, place);
  /** @type {((state: State) => void)|null} */
  let draw = null;
  let [shown, turn, asked] = ["", 0, false];

  /** @param {State} state */
  async function follow(state) {
    const name = others.some((m) => m.name === state.view.beside) ? state.view.beside : "";
    if (state.model !== entry.name) return;
    if (name === shown) return draw?.(state);
    [shown, draw] = [name, null];
    const mine = ++turn;
    select.value = name;
    place.replaceChildren();
    if (!name) return;
    try {
      const other = await session.peek(name);
      if (mine !== turn) return;
      if (!has(other, "engine")) throw new Error(msg`this page cannot run it`);
      await session.need("encoder", other);
      if (mine !== turn) return;
      draw = drawingOf(session, other, place);
      if (store.state.model === entry.name) draw(store.state);
      if (asked) place.scrollIntoView({ block: "nearest" }); // whoever asks for it sees it; a link leaves the page where it is
      asked = false;
    } catch (error) {
      session.say(msg`${name} cannot be shown beside: ${error.message}`, "warning");
    }
  }
  const stop = store.on("state", follow);
  follow(store.state);
  element.dispose = () => {
    turn++;
    stop();
  };
  return element;
}

/**
 * Draws the source's image in another model, when it or the noise has changed.
 * @param {Session} session
 * @param {Having<"engine", OpenedModel>} other
 * @param {HTMLElement} place
 * @returns {(state: State) => void}
 */
function drawingOf(session, other, place) {
  /** @type {Source|null} */
  let source = null;
  /** @type {Uint16Array|string} */
  let latent = "";
  /** What the picture is of. */
  let drawn = "";
  return (state) => {
    if (state.source !== source) {
      source = state.source;
      latent = latentIn(session, other, source);
    }
    const key = [latent, state.seed, state.sampler, state.steps].join();
    if (key === drawn) return;
    drawn = key;
    if (typeof latent === "string") return place.replaceChildren(h("p", { class: "quiet" }, latent));
    const { name, size, channels } = other.entry;
    const canvas = pixels(size, size, msg`The same image in ${name}`, "other");
    drawPixels(canvas, session.pictureIn(other, latent), channels);
    place.replaceChildren(
      canvas,
      h(
        "p",
        { class: "quiet" },
        msg`${name} has a latent of its own for this image; bars of this model do not move it.`,
      ),
    );
  };
}
