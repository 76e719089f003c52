/** Two models on the same test images and on the same prior seeds, under the same noise. */

import { h, pixels } from "../../dom.js";
import { fromBytes } from "../../math/image.js";
import { paint } from "../shared/paint.js";

const SHOWN = 10;

/** Resolved when the browser has had its turn, so that no gesture waits for more than one picture. */
const pause = () => new Promise((done) => setTimeout(done));

/** @typedef {{title: string, labels: string[], about: ModelListing, images: (() => Float32Array)[]}} ComparedRow */

/** Whether a file of the list is no checkpoint that can be read. */
export const unreadable = (model) => model.problem && !model.kind;

/** @param {Session} session */
export function sideBySide(session) {
  const { store, entry, engine, atlas } = session;
  const others = session.models.filter((m) => !m.problem && m.name !== entry.name);
  const body = h("div", { class: "side" });
  const note = h("p", { class: "quiet", role: "status" });
  const select = h(
    "select",
    { "aria-label": "The other model", onchange: () => compare(select.value) },
    h("option", { value: "" }, "choose a model"),
    others.map((m) => h("option", { value: m.name }, m.name)),
  );
  const element = h(
    "section",
    {},
    h("div", { class: "head" }, h("h2", {}, "Side by side ", h("small", {}, `${entry.name} and`)), select),
    body,
    note,
  );
  let turn = 0;

  async function compare(name) {
    const mine = ++turn;
    body.replaceChildren();
    note.textContent = "";
    if (!name || !engine) return;
    note.textContent = "Opening the other model …";
    try {
      const images = await session.originals();
      const { lines, words } = beside(await withPrior(await session.peek(name)), images);
      if (mine !== turn) return;
      const drawings = [];
      body.replaceChildren(...lines.flatMap((line) => lineOf(line, drawings)));
      for (const draw of drawings) {
        await pause();
        if (mine !== turn) return;
        draw();
      }
      note.textContent = words;
    } catch (error) {
      if (mine === turn) note.textContent = `${name} cannot be shown beside it: ${error.message}.`;
    }
  }

  /** That model, when draws of both priors can be made. @param {OpenedModel} other */
  async function withPrior(other) {
    await Promise.all([session, other].map((model) => session.need("prior", model)));
    return other;
  }

  const length = entry.size ** 2 * entry.channels;
  const seeds = Array.from({ length: SHOWN }, (_, k) => k);
  const test = (images, rows) => ({
    title: "test images",
    about: entry,
    images: rows.map(
      (row) => () => fromBytes(images.values.subarray(row * length, (row + 1) * length), entry.channels),
    ),
    labels: rows.map((row) => atlas.label(row)),
  });
  const decoded = (model, rows) => ({
    title: `${model.entry.name}, decoded`,
    about: model.entry,
    images: rows.map((row) => () => session.pictureIn(model, model.atlas.rates(model.atlas.rowOf(atlas.indices[row])))),
    labels: rows.map((row) => atlas.label(row)),
  });
  const samples = (model) => ({
    title: `${model.entry.name}, samples`,
    about: model.entry,
    images: seeds.map((seed) => () => session.pictureIn(model, session.priorRates(seed, 1, model.engine))),
    labels: seeds.map((seed) => `prior seed ${seed}`),
  });

  /**
   * Rows of pictures of this model and another that is decoded here, too, and what to say of them.
   * @param {OpenedModel} other
   * @param {ByteArray|null} images
   * @returns {{lines: ComparedRow[], words: string}}
   */
  function beside(other, images) {
    if (!other.engine) throw new Error("this page cannot run it");
    const { seed, sampler, steps } = store.state;
    /** @type {OpenedModel[]} */
    const both = [session, other];
    const shared = atlas && other.atlas && atlas.dataset === other.atlas.dataset;
    const rows = shared
      ? [...atlas.tilePositions].filter((row) => other.atlas.rowOf(atlas.indices[row]) >= 0).slice(0, SHOWN)
      : [];
    const noise = both.some(({ latent }) => latent.sampled)
      ? `Noise seed ${seed}${both.every(({ latent }) => latent.spiking) ? `, ${sampler}, T = ${steps}` : "; a model without spikes has no noise, and of counts T says nothing"}`
      : "No noise in either";
    const words = `${noise}; the first ${SHOWN} of each; nothing chosen.${shared ? "" : " The two know no test images in common, so only samples are shown."}`;
    const ofImages = rows.length
      ? [...(images ? [test(images, rows)] : []), ...both.map((model) => decoded(model, rows))]
      : [];
    return { lines: [...ofImages, ...both.map(samples)], words };
  }

  /**
   * Elements of a row of pictures; how each of them is drawn, once it has a place, is added to `drawings`.
   * @param {ComparedRow} row
   * @param {(() => void)[]} drawings
   */
  function lineOf({ title, about, images, labels }, drawings) {
    const pictures = labels.map((label, k) => {
      const canvas = pixels(about.size, about.size, `${title}: ${label}`, "thumb");
      drawings.push(() => paint(canvas, images[k](), about.channels));
      return canvas;
    });
    return [h("p", { class: "quiet" }, title), h("div", { class: "side-row" }, pictures)];
  }

  const again = () => compare(select.value);
  const stop = store.on("commit", again);
  if (others.length) {
    const same = others.filter((m) => m.dataset === entry.dataset && m.dims);
    const twin = same.find((m) => m.kind === entry.kind) ?? same[0];
    if (twin) {
      select.value = twin.name;
      again();
    }
  } else note.textContent = "There is no other model here.";
  element.dispose = () => {
    turn++;
    stop();
  };
  return element;
}
