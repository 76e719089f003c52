/**
 * What can be exported: files that carry their recipe, a table, the lines of Python, the link.
 *
 *     exportMenu(session)                                      // the picture on the screen
 *     exportMenu(session, () => ({ kind: "grid", name: "samples", cells, seeds, columns: 8, captions }))
 *
 * @typedef {{kind: "picture"|"grid"|"strip", name: string, cells: Uint16Array[], seeds: number[],
 *   flips?: [number, number, number][], upto?: number[], damage?: Damage|null, columns?: number, captions?: string[], frame_ms?: number} |
 *   {why: string}} Offer
 *   rates of each picture, seeds of the noise: one for each or one for all, spikes that are turned by hand, steps
 *   after which a picture is seen, and damage to the spikes
 */

import { h } from "../../dom.js";
import { counted } from "../../math/axis.js";
import { joined, utf8 } from "../../formats/bytes.js";
import { encodeGif } from "../../formats/gif.js";
import { encodeNpz } from "../../formats/npz.js";
import { encodePng } from "../../formats/png.js";
import { uptoIn } from "../../state/url_state.js";
import { pythonFor } from "../../formats/python.js";
import { fromGrid, GRID } from "../../math/rates.js";
import { cellRates, MAX_PIXELS, pixelCount, recipeOf, seedOf, seenIn, textOf, uptoOf } from "../../formats/recipe.js";
import { rgba, imageGrid, toBytes } from "../../formats/image_grid.js";
import { encodeSvg } from "../../formats/svg.js";
import { dimensionsCsv, picturesCsv } from "../../formats/csv.js";
import { joinWebp } from "../../formats/webp.js";
import { chartExports } from "./chart_export.js";
import { download } from "./download.js";
import { menu } from "./menu.js";
import { inWords } from "./damage_words.js";
import { encodeMp4, writesMp4 } from "./video_encoder.js";

const SCALES = [1, 2, 4, 8, 10, 16, 32];
const GAPS = [0, 1, 2, 4, 8];
const IN_TIME = ["spikes", "how"]; // views that can show the picture before all steps are over
const FRAME = 100; // ms of a film's picture
const FEW = 8; // pictures that are decoded here, without waking the workers

/**
 * @param {Session} session
 * @param {() => Offer} [offer] asked when the menu opens; without one, the picture on the screen and the page's charts
 */
export function exportMenu(session, offer = null, label = "Export", view = "") {
  const page = () => {
    const root = place.getRootNode();
    return { root: root instanceof ShadowRoot ? root : document, view };
  };
  const place = menu(label, "export", () =>
    offer ? sheetOf(session, offer(), null) : sheetOf(session, onScreen(session, view), page()),
  );
  return place;
}

/** @param {Session} session */
function onScreen({ store, live, engine }, view) {
  const { rates, seed, steps } = store.state;
  const upto = engine && IN_TIME.includes(view) ? uptoIn(store.state) : steps;
  const flips = Array.from(live.now?.flips ?? [], (cell) => [0, Math.floor(cell / rates.length), cell % rates.length]);
  return {
    kind: "picture",
    name: "picture",
    cells: [rates],
    seeds: [seed],
    flips,
    upto: upto < steps ? [upto] : [],
    damage: live.now?.damage ?? null,
    columns: 1,
  };
}

/**
 * @param {Session} session
 * @param {{root: Document|ShadowRoot, view: string}|null} page whose charts are offered, too
 */
function sheetOf(session, offer, page) {
  if ("why" in offer) return h("p", { class: "quiet" }, offer.why);
  const { entry, store, engine, latent } = session;
  const { cells, seeds, flips, upto, damage, kind } = offer;
  const { sampler, steps, rates, source } = store.state; // as they are now, whatever changes meanwhile
  const single = cells.length === 1;
  const scale = select("Scale", SCALES, single ? 10 : 4, (n) => `${n} ×`);
  const gap = select("Gap", GAPS, 2, (n) => `${n} px`);
  const captions = h("input", { type: "checkbox", checked: true });
  const said = h("p", { class: "quiet", role: "status" });
  const code = h("pre", { class: "code", hidden: true, tabindex: 0 });

  const recipe = (as = kind) =>
    recipeOf(cells, seeds, {
      kind: as,
      checkpoint: { name: entry.name, sha256: entry.hash },
      sampler,
      steps,
      flips,
      upto,
      damage,
      layout: {
        columns: offer.columns ?? cells.length,
        gap: single ? 0 : Number(gap.value),
        scale: Number(scale.value),
        captions: as !== "film" && offer.captions && captions.checked ? offer.captions : [],
        frame_ms: offer.frame_ms ?? FRAME,
      },
      versions: entry.versions ?? {},
    });

  const writers = {
    png: async () => {
      const made = recipe();
      return encodePng(laidOut(made, await tilesOf(session, made), entry)[0], textOf(made));
    },
    svg: async () => {
      const made = recipe();
      const [whole] = laidOut(made, await tilesOf(session, made), entry);
      return encodeSvg(await encodePng(whole), whole, textOf(made));
    },
    npz: async () => {
      const made = recipe();
      return tables(made, await tilesOf(session, made), cells, session);
    },
    csv: async () => (single ? dimensionsCsv(session.ratesOf(source), rates, latent) : picturesCsv(cells, latent)),
    gif: async () => {
      const made = recipe("film");
      return encodeGif(laidOut(made, await tilesOf(session, made), entry), made.layout.frame_ms, textOf(made));
    },
    webp: async () => {
      const made = recipe("film");
      const frames = laidOut(made, await tilesOf(session, made), entry);
      const stills = await Promise.all(frames.map(still));
      return joinWebp(stills, frames[0], made.layout.frame_ms, textOf(made));
    },
    mp4: async () => {
      const made = recipe("film");
      return encodeMp4(laidOut(made, await tilesOf(session, made), entry), made.layout.frame_ms, textOf(made));
    },
  };

  const attempt = (work) => async () => {
    said.textContent = "One moment …";
    try {
      said.textContent = (await work()) ?? "";
    } catch (error) {
      said.textContent = `That did not work: ${error.message}.`;
    }
  };
  const file = (suffix, help) => {
    const save = attempt(async () => {
      const name = `${entry.name.replaceAll("/", "-")}-${offer.name}.${suffix}`;
      const content = await writers[suffix]();
      download(name, content);
      return `${name}, ${Math.ceil(content.length / 1024)} kB.`;
    });
    return h(
      "button",
      { type: "button", title: help, onclick: save },
      suffix === "npz" || suffix === "csv" ? `.${suffix}` : suffix.toUpperCase(),
    );
  };
  const copy = (text, what) => attempt(async () => (await copied(text()), `${what} copied.`));
  const python = attempt(async () => {
    code.textContent = pythonFor(recipe(), entry.path ?? `${entry.name}.safetensors`, entry.latent);
    code.hidden = false;
    await copied(code.textContent);
    return "The lines are copied.";
  });

  const standalone = attempt(async () => {
    const content = await session.backend.page(entry.hash, page.view, store.settled);
    const name = `${entry.name.replaceAll("/", "-")}-${page.view}.html`;
    download(name, content);
    return `${name}, ${(content.length / 2 ** 20).toFixed(1)} MB.`;
  });

  const film = file("mp4", "A film for slides and players, with a little loss; where the browser can write it");
  film.hidden = true;
  const side = entry.size * Number(scale.value);
  if (engine && !single)
    writesMp4({ width: side, height: side }, offer.frame_ms ?? FRAME).then((can) => (film.hidden = !can));

  return h(
    "div",
    { class: "export-sheet" },
    h(
      "div",
      { class: "row" },
      field("Scale", scale),
      single ? null : field("Gap", gap),
      offer.captions ? field("Captions", captions) : null,
    ),
    h(
      "div",
      { class: "row tight" },
      engine
        ? [file("png", "A picture; its recipe is inside"), file("svg", "A picture that stays sharp at any size")]
        : null,
      engine && !single
        ? [file("gif", "A film, one picture after the other"), file("webp", "A film without loss of colours"), film]
        : null,
      engine ? file("npz", `Pictures, ${latent.whole} and recipe for NumPy`) : null,
      file("csv", `A table of the ${latent.whole}, a line for each ${single ? "dimension" : "picture"}`),
    ),
    h(
      "div",
      { class: "row tight" },
      h(
        "button",
        { type: "button", title: "The lines that make this again with esvae_core", onclick: python },
        "as Python",
      ),
      h(
        "button",
        {
          type: "button",
          title: "What makes this again, as JSON",
          onclick: copy(() => textOf(recipe()), "The recipe is"),
        },
        "Recipe",
      ),
      !session.backend.addressable
        ? null
        : h(
            "button",
            {
              type: "button",
              title: "A link to what is on the screen",
              onclick: copy(() => session.link, "The link is"),
            },
            "Link",
          ),
      session.backend.pages?.includes(page?.view)
        ? h(
            "button",
            {
              type: "button",
              title: "One file that opens this view from disk, with the model in it and without a server",
              onclick: standalone,
            },
            "HTML",
          )
        : null,
    ),
    upto?.length === 1 ? h("p", { class: "quiet" }, `After ${upto[0]} of ${counted(steps, "step")}.`) : null,
    flips?.length ? h("p", { class: "quiet" }, `With ${counted(flips.length, "spike")} turned by hand.`) : null,
    damage ? h("p", { class: "quiet" }, `With damage: ${inWords(damage)}.`) : null,
    h(
      "p",
      { class: "quiet" },
      "Pictures, films and .npz carry their recipe: ",
      h("code", {}, "esvae replay FILE"),
      ` makes them again. ${page ? "Charts and HTML carry the link. Dropped" : "Dropped"} on this page, each opens. A table (.csv) carries neither.`,
    ),
    page && chartExports(session, page.root, attempt),
    said,
    code,
  );
}

const field = (label, control) => h("label", { class: "field" }, label, control);

function select(label, values, chosen, text) {
  const element = h(
    "select",
    { "aria-label": label },
    values.map((value) => h("option", { value }, text(value))),
  );
  element.value = chosen;
  return element;
}

/**
 * The recipe's pictures, (H, W, C) bytes each.
 * @param {Session} session
 * @returns {Promise<Uint8Array[]>}
 */
async function tilesOf(session, recipe) {
  const { engine, entry } = session;
  const { sampler, steps } = recipe;
  if (pixelCount(recipe, entry.size) > MAX_PIXELS) throw new Error("more than 67 million pixels; take a smaller scale");
  const cells = cellRates(recipe);
  const pool = cells.length > FEW ? await session.pool() : null;
  const asDrawn = !recipe.flips && !recipe.upto && !recipe.damage;
  const drawn = async (rates, seed, i) =>
    pool && asDrawn
      ? (await pool.run("play", rates, seed, sampler, steps)).image
      : engine.decode(seenIn(recipe, i, engine.sample(rates, seed, sampler, steps)), uptoOf(recipe, i));
  const images = await Promise.all(cells.map((rates, i) => drawn(fromGrid(rates), seedOf(recipe, i), i)));
  return images.map((image) => toBytes(image, entry.channels));
}

/** The frames of the file. @returns {import("../../formats/image_grid.js").ImageGrid[]} */
function laidOut({ kind, layout }, tiles, { size, channels }) {
  const { scale } = layout;
  if (kind === "film") return tiles.map((tile) => imageGrid([tile], { size, channels, scale }));
  return [imageGrid(tiles, { size, channels, ...layout })];
}

function tables(recipe, tiles, cells, { latent, entry: { size, channels, dims } }) {
  const shape = [tiles.length, size, size, ...(channels === 1 ? [] : [channels])];
  const text = utf8(textOf(recipe));
  return encodeNpz({
    images: { values: joined(tiles), shape },
    [latent.spiking ? "rates" : "latent"]: {
      values: Float32Array.from(
        cells.flatMap((rates) => Array.from(rates, (rate, j) => latent.number(j, rate / GRID))),
      ),
      shape: [cells.length, dims],
    },
    recipe: { values: text, shape: [text.length] },
  });
}

/** One frame as WebP, by the browser. @returns {Promise<Uint8Array>} */
async function still(frame) {
  const canvas = new OffscreenCanvas(frame.width, frame.height);
  canvas.getContext("2d").putImageData(new ImageData(rgba(frame), frame.width), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality: 1 });
  if (blob.type !== "image/webp") throw new Error("this browser does not write WebP");
  return new Uint8Array(await blob.arrayBuffer());
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    throw new Error("this browser lets nothing be copied here");
  }
}
