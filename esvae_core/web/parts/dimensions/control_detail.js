/** The chosen control: the present rates on their way along it, and the evidence on images that it was not fitted to. */

import { focusedBeside, h, pixels } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { formatNumber } from "../../math/axis.js";
import { fromGrid } from "../../math/rates.js";
import { changeOf, labelOf } from "../explore/controls.js";
import { activatingImages } from "../shared/activating_images.js";
import { drawPixels } from "../shared/draw_pixels.js";
import { helpMark } from "../shared/help.js";

const FRAMES = 9;
const IMAGES = 8; // real ones at either end

/** @param {Session} session */
export function controlDetail(session) {
  const { store, entry } = session;
  const element = h("section", { class: "detail-part control-detail", "data-figure": msg`Control` });
  const images = has(session, "atlas") ? activatingImages(session, IMAGES) : null;
  let turn = 0;
  let gone = false;

  /** The chosen control; without a choice, the first one. */
  const chosen = () => session.controls.find(({ name }) => name === store.state.view.control) ?? session.controls[0];

  async function show() {
    const { state } = store;
    const control = chosen();
    if (state.model !== entry.name || !control) return;
    const mine = ++turn;
    const frames = control.steerable ? amountsOf(control).map((amount) => frameOf(session, control, amount)) : [];
    if (control.steerable) images?.show(control);
    fill(element, control, frames, images);
    if (!session.engine) return;
    const pool = await session.pool().catch(() => null);
    const current = () => !gone && mine === turn;
    if (!pool || !current()) return;
    frames.forEach(({ canvas, rates, amount }, i) =>
      pool.latest(`control-${i}`, "play", fromGrid(rates), state.seed, state.sampler, state.steps).then(
        (answer) => {
          if (!answer || !current()) return;
          drawPixels(canvas, answer.image, entry.channels);
          canvas.dataset.amount = String(amount);
        },
        () => canvas.classList.add("missing"),
      ),
    );
  }

  const stop = store.on("state", () => show());
  show();
  element.dispose = () => {
    gone = true;
    stop();
    images?.dispose();
  };
  return element;
}

/**
 * Put what is said of a control into the element; the focus stays on the same button.
 * @param {HTMLElement} element
 * @param {Control} control
 * @param {ReturnType<typeof frameOf>[]} frames
 * @param {HTMLElement|null} images real ones at either end
 */
function fill(element, control, frames, images) {
  const focused = [...element.querySelectorAll("button")].findIndex((each) => each === focusedBeside(element));
  const figures = frames.map(({ figure }) => figure);
  element.replaceChildren(
    h("div", { class: "head" }, h("h2", {}, labelOf(control)), helpMark("control")),
    h("p", { class: "quiet" }, sentence(control)),
    control.steerable ? h("div", { class: "traversal-frames", "data-strip": "control" }, figures) : "",
    ...(control.steerable && images ? [h("h3", {}, msg`Real images that lie furthest along it`), images] : []),
    evidenceTable(control) ?? "",
  );
  element.querySelectorAll("button")[focused]?.focus();
}

/** From one end of its reach to the other. @param {Control} control @returns {number[]} */
const amountsOf = ({ reach: [low, high] }) =>
  Array.from({ length: FRAMES }, (_, i) => low + (i / (FRAMES - 1)) * (high - low));

/** A picture of the present rates with an amount of a control, to be taken. @param {Session} session @param {Control} control */
function frameOf({ store, entry }, control, amount) {
  const rates = control.apply(store.state.rates, amount);
  const words = changeOf(control, amount);
  const canvas = pixels(entry.size, entry.size, `${labelOf(control)} ${words}`, "thumb");
  const take = () => store.change({ rates }, `${control.name} ${words}`);
  const button = h("button", { type: "button", class: "picked", title: msg`Take ${words}`, onclick: take }, canvas);
  return { canvas, rates, amount, figure: h("figure", {}, button, h("figcaption", {}, words)) };
}

/** @param {Control} control */
function sentence(control) {
  if (!control.steerable) return msg`Pictures do not follow it: ${control.why}.`;
  const from = msg`From the present rates, as far as at least half of what is asked is given.`;
  if (control.source === "hand")
    return msg`Your own: from the mean of the other images to that of a selection. ${from}`;
  const size = control.source === "attribute" ? msg` An amount of 1 asks for ${changeOf(control, 1)}.` : "";
  return `${from}${size}`;
}

/** @param {Control} control */
function evidenceTable({ source, evidence }) {
  if (!evidence.length) return null;
  const heads = [IMAGES_HEAD, READ, ASKED, GIVEN[source] ?? GOT, ...OTHERS];
  const rows = evidence.flatMap(({ split, images, reading, responses }) =>
    responses.map((each, i) => [
      i ? "" : `${images} ${split}`,
      i ? "" : reading.toFixed(2),
      signed(each.asked, 0),
      source === "category" ? `${Math.round(100 * each.got)} %` : signed(each.got, source === "component" ? 3 : 2),
      each.deviation.toFixed(2),
      each.side ? `${each.side} ${signed(each.side_effect)}` : "",
      each.class_kept === null ? "" : `${Math.round(100 * each.class_kept)} %`,
      `× ${formatNumber(each.distance)}`,
    ]),
  );
  const cells = (row) => row.map((text, i) => h("td", { title: text && heads[i].help }, text));
  return h(
    "div",
    { class: "evidence", tabindex: 0, role: "region", "aria-label": msg`Evidence` },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map(({ title, help }) => h("th", { scope: "col", title: help }, title)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) => h("tr", {}, cells(row))),
      ),
    ),
  );
}

/** @typedef {{title: string, help: string}} Head of a column */
/** @type {Head} */
const IMAGES_HEAD = {
  title: msg`images`,
  help: msg`How many images it was measured on, and of which split; it was not fitted to them`,
};
/** What was got, of controls that are no numbers. @type {Record<string, Head>} */
const GIVEN = {
  category: { title: msg`read as it`, help: msg`Share of the pictures of others that come to be read as it` },
  component: { title: msg`change per pixel`, help: msg`Mean change of a pixel, where black to white is 2` },
};
/** @type {Head} */
const READ = { title: msg`read`, help: msg`How well the attribute is read from the latent linearly` };
/** @type {Head} */
const ASKED = { title: msg`asked`, help: msg`In standard deviations of the training images` };
/** @type {Head} */
const GOT = { title: msg`got`, help: msg`Mean change of the decoded pictures, measured again, in the same units` };
/** @type {Head[]} */
const OTHERS = [
  { title: msg`deviation`, help: msg`Standard deviation over the images` },
  { title: msg`side effect`, help: msg`The other attribute that changes most, in its own standard deviations` },
  { title: msg`class kept`, help: msg`Share of pictures that are read as the same class as before` },
  { title: msg`distance`, help: msg`To the nearest training image's latent, over that before the move` },
];

const signed = (value, digits = 2) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
