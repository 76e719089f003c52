/** The pictures between which one walks: two to eight, in a row that can be changed; kept in the link. */

import { h, icon, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { fromGrid } from "../../math/rates.js";
import { labelOf } from "../explore/controls.js";
import { stageOf } from "../shared/help.js";
import { newSeed } from "../shared/noise_controls.js";
import { drawPixels } from "../shared/draw_pixels.js";
import * as anchorList from "./anchor_list.js";
import { pickAnchor } from "./anchor_picker.js";
import { dragOrder } from "./drag_order.js";

const { LEAST, MOST } = anchorList;

/** @typedef {import("./anchor_list.js").Anchor} Anchor */
/**
 * What can be done with an anchor.
 * @typedef {{move(from: number, to: number): void, remove(i: number): void, replace(i: number): void}} Acts
 */

/**
 * @param {Having<"engine">} session
 * @param {(anchors: Anchor[]) => void} changed called after every change, not at first
 * @param {() => () => void} hold called before an edit; what it gives, after it, as a part of the same step
 */
export function anchors(session, changed, hold) {
  const { store, entry } = session;
  const row = h("ol", { class: "anchors" });
  let list = anchorList.anchorsOf(session);
  let shown = "";

  /** @param {{source: Source}[]} next @param {string} label @param {number} [focused] place that gets the focus */
  async function write(next, label, focused = -1) {
    const text = anchorList.anchorsText(next);
    if (text === null) return session.say(msg`A link holds no more anchors of this model; remove one first.`);
    if (!(await drawable(session, next))) return;
    const settle = hold();
    store.set({ view: { ...store.state.view, anchors: text } });
    settle();
    store.commit(label);
    row.children[focused]?.querySelector("button")?.focus();
  }
  const add = (source) => write([...list, { source }], msg`add an anchor`, list.length);
  const buttons = addButtons(session, add, () => stageOf(element));
  const way = controlWay(session, (control) =>
    write(anchorList.alongControl(store.state.rates, control), msg`along ${control.name}`),
  );
  const element = h("div", { class: "anchors-part" }, row, h("div", { class: "row tight" }, buttons, way));

  /** @type {Acts} */
  const acts = {
    move: (from, to) => void write(anchorList.movedTo(list, from, to), msg`move an anchor`, to),
    remove: (i) => void write(list.toSpliced(i, 1), msg`remove an anchor`),
    replace(i) {
      const anchor = list[i];
      const show = () => {
        sheet.close();
        store.change({ source: anchor.source, rates: anchor.rates }, anchorList.sourceWords(anchor.source, session));
      };
      const put = (source) => {
        const next = list.map((each, k) => (k === i ? { source } : each));
        return write(next, msg`replace an anchor`, i);
      };
      const more = h("button", { type: "button", onclick: show }, msg`Show this anchor in all views`);
      const sheet = pickAnchor(session, stageOf(element), msg`Replace anchor ${i + 1}`, put, more);
    },
  };

  /** @returns {boolean} whether there was anything else to draw */
  function draw() {
    const { seed, sampler, steps, view } = store.state;
    const key = JSON.stringify([view.anchors, seed, sampler, steps]);
    if (key === shown) return false;
    shown = key;
    list = anchorList.anchorsOf(session);
    row.replaceChildren(...list.map((anchor, i) => item(session, anchor, i, list.length, acts)));
    for (const button of buttons) button.disabled = list.length >= MOST;
    return true;
  }

  const stop = store.on("state", (state) => {
    if (state.model === entry.name && draw()) changed(list);
  });
  dragOrder(row, ".picked", acts.move);
  draw();
  return Object.assign(element, {
    dispose: stop,
    /** The anchors now. */
    list: () => list,
  });
}

/** Whether what is drawn of the prior can be. @param {Session} session @param {{source: Source}[]} next */
async function drawable(session, next) {
  const { entry } = session;
  try {
    if (next.some(({ source }) => source.kind === "prior")) await session.need("prior");
    return session.entry === entry;
  } catch (error) {
    return session.say(error.message, "warning");
  }
}

/** @param {Session} session @param {(source: Source) => void} add @param {() => HTMLElement} stage */
function addButtons(session, add, stage) {
  const { store, atlas, latent } = session;
  const button = (words, onclick, title = "") => h("button", { type: "button", title: title || null, onclick }, words);
  const current = () => add({ kind: "own", rates: store.state.rates });
  const random = ({ indices, count }) => add({ kind: "test", index: indices[Math.floor(Math.random() * count)] });
  return [
    button(msg`+ current code`, current, msg`The ${latent.whole} that Explore shows now`),
    ...(atlas ? [button(msg`+ test image`, () => random(atlas))] : []),
    button(msg`+ draw of the prior`, () => add({ kind: "prior", seed: newSeed() })),
    button(msg`+ choose …`, () => pickAnchor(session, stage(), msg`Add an anchor`, add)),
  ];
}

/**
 * @param {Having<"engine">} session
 * @param {Anchor} anchor
 * @param {number} i
 * @param {number} count of anchors
 * @param {Acts} acts
 */
function item(session, { source, rates }, i, count, { move, remove, replace }) {
  const { entry, engine, store } = session;
  const { seed, sampler, steps } = store.state;
  const said = anchorList.sourceWords(source, session);
  const canvas = pixels(entry.size, entry.size, msg`Anchor ${i + 1}: ${said}`, "thumb");
  drawPixels(canvas, engine.decode(engine.sample(fromGrid(rates), seed, sampler, steps), steps), entry.channels);
  const act = (label, text, onclick, disabled) =>
    h(
      "button",
      { type: "button", class: "bare", "aria-label": msg`${label} anchor ${i + 1}`, title: label, onclick, disabled },
      text,
    );
  const onkeydown = (event) => {
    const to = anchorList.placeByKey(event, i, count);
    if (to < 0) return;
    event.preventDefault();
    move(i, to);
  };
  const title = msg`Press to replace it; drag, or Shift with an arrow key, to move it`;
  return h(
    "li",
    {},
    h("button", { type: "button", class: "picked", title, onclick: () => replace(i), onkeydown }, canvas),
    h("p", { class: "quiet" }, said),
    h(
      "div",
      { class: "anchor-acts" },
      act(msg`Move left`, "‹", () => move(i, i - 1), i === 0),
      act(msg`Remove`, icon("close"), () => remove(i), count <= LEAST),
      act(msg`Move right`, "›", () => move(i, i + 1), i === count - 1),
    ),
  );
}

/**
 * The choice of a control whose path the anchors become.
 * @param {Session} session
 * @param {(control: Control) => void} take
 */
function controlWay({ controls }, take) {
  const steerable = controls.filter((control) => control.steerable);
  if (!steerable.length) return null;
  const select = h(
    "select",
    {
      "aria-label": msg`Anchors along a control`,
      title: msg`The anchors become places along a control, from the present code`,
      onchange: () => {
        const control = steerable.find(({ name }) => name === select.value);
        select.value = "";
        if (control) take(control);
      },
    },
    h("option", { value: "" }, msg`along a control …`),
    steerable.map((control) => h("option", { value: control.name }, labelOf(control))),
  );
  return select;
}
