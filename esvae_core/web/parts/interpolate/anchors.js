/** The pictures between which one walks: two to eight, in a row that can be changed; kept in the link. */

import { h, icon, pixels } from "../../dom.js";
import { LinkError, MAX_VALUE, readSource, sourceText } from "../../state/url_state.js";
import { fromGrid } from "../../math/rates.js";
import { labelOf } from "../explore/controls.js";
import { stageOf } from "../shared/help.js";
import { newSeed } from "../shared/noise_controls.js";
import { paint } from "../shared/paint.js";
import { pickAnchor } from "./anchor_picker.js";
import { dragOrder } from "./drag_order.js";

const MOST = 8;
const LEAST = 2;
const ALONG = 5; // anchors along a control

/**
 * The anchors that the state names, or a first choice: [{source, rates}]; rates on the grid.
 * @param {Session} session
 */
export function anchorsOf(session) {
  const text = session.store.state.view.anchors;
  if (text) {
    try {
      const read = text.split("|").map((part) => {
        const source = readSource(part);
        const rates = session.ratesOf(source);
        if (rates.length !== session.entry.dims) throw new LinkError("anchor: rates of another model");
        return { source, rates };
      });
      if (read.length >= LEAST && read.length <= MOST) return read;
    } catch {
      // a link from another model; a fresh choice is better than none
    }
  }
  return first(session).map((source) => ({ source, rates: session.ratesOf(source) }));
}

/** @param {Session} session */
function first({ atlas, entry }) {
  if (atlas && atlas.count >= 4) {
    const rows = [...atlas.tilePositions, ...Array(4).keys()];
    return [...new Set(rows)].slice(0, 4).map((row) => ({ kind: "test", index: atlas.indices[row] }));
  }
  return Array.from({ length: 4 }, (_, seed) => ({ kind: "prior", seed: seed + entry.dims }));
}

/** Five places of a control's reach, from the present rates. @param {Session} session @param {Control} control */
export function alongControl({ store }, control) {
  const [low, high] = control.reach;
  return Array.from({ length: ALONG }, (_, k) => ({
    kind: /** @type {const} */ ("own"),
    rates: control.apply(store.state.rates, low + ((high - low) * k) / (ALONG - 1)),
  }));
}

/**
 * @param {Session} session
 * @param {(anchors: {source: object, rates: Uint16Array}[]) => void} changed told after every change, not at first
 */
export function anchors(session, changed) {
  const { store, entry, engine, atlas } = session;
  const row = h("ol", { class: "anchors" });
  const adds = h("div", { class: "row tight" });
  const element = h("div", { class: "anchors-part" }, row, adds);
  let list = anchorsOf(session);
  let shown = "";

  /** @param {{source: Source}[]} next @param {string} label @param {number} [focused] place that gets the focus */
  const write = async (next, label, focused = -1) => {
    const text = next.map(({ source }) => sourceText(source)).join("|");
    if (text.length > MAX_VALUE) return session.say("A link holds no more anchors of this model; remove one first.");
    if (!(await drawable(next))) return;
    store.change({ view: { ...store.state.view, anchors: text } }, label);
    row.children[focused]?.querySelector("button").focus();
  };
  /** Whether what is drawn of the prior can be. @param {{source: Source}[]} next */
  const drawable = async (next) => {
    try {
      if (next.some(({ source }) => source.kind === "prior")) await session.need("prior");
      return session.entry === entry;
    } catch (error) {
      return session.say(error.message, "warning");
    }
  };
  const add = (source) => write([...list, { source }], "add an anchor", list.length);
  const put = (i, source) => write(list.with(i, { source, rates: null }), "replace an anchor", i);
  const move = (from, to) => {
    const next = list.toSpliced(from, 1);
    write(next.toSpliced(to, 0, list[from]), "move an anchor", to);
  };
  const said = ({ source }) => {
    if (source.kind === "test") return `${atlas?.label(atlas.rowOf(source.index)) ?? ""} · test ${source.index}`;
    return source.kind === "prior" ? `prior ${source.seed}` : `own ${session.latent.whole}`;
  };
  const random = () => {
    const index = atlas.indices[Math.floor(Math.random() * atlas.count)];
    add({ kind: "test", index });
  };
  const buttons = [
    h(
      "button",
      {
        type: "button",
        title: `The ${session.latent.whole} that Explore shows now`,
        onclick: () => add({ kind: "own", rates: store.state.rates }),
      },
      "+ current code",
    ),
    atlas ? h("button", { type: "button", onclick: random }, "+ test image") : null,
    h("button", { type: "button", onclick: () => add({ kind: "prior", seed: newSeed() }) }, "+ draw of the prior"),
    h(
      "button",
      { type: "button", onclick: () => pickAnchor(session, stageOf(element), "Add an anchor", add) },
      "+ choose …",
    ),
  ].filter(Boolean);
  adds.append(...buttons);
  const way = controlWay(session, (control) =>
    write(
      alongControl(session, control).map((source) => ({ source })),
      `along ${control.name}`,
    ),
  );
  if (way) adds.append(way);

  /** @param {{source: Source, rates: Uint16Array}} anchor @param {number} i */
  function replace(anchor, i) {
    const show = () => {
      sheet.close();
      store.change({ source: anchor.source, rates: anchor.rates }, said(anchor));
    };
    const sheet = pickAnchor(
      session,
      stageOf(element),
      `Replace anchor ${i + 1}`,
      (source) => put(i, source),
      h("button", { type: "button", onclick: show }, "Show this anchor in all views"),
    );
  }

  function item(anchor, i) {
    const { seed, sampler, steps } = store.state;
    const canvas = pixels(entry.size, entry.size, `Anchor ${i + 1}: ${said(anchor)}`, "thumb");
    paint(canvas, engine.decode(engine.sample(fromGrid(anchor.rates), seed, sampler, steps), steps), entry.channels);
    const act = (label, text, onclick, disabled) =>
      h(
        "button",
        { type: "button", class: "bare", "aria-label": `${label} anchor ${i + 1}`, title: label, onclick, disabled },
        text,
      );
    const onkey = (event) => {
      const by = event.shiftKey ? ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0) : 0;
      if (!by || i + by < 0 || i + by >= list.length) return;
      event.preventDefault();
      move(i, i + by);
    };
    return h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: "picked",
          title: "Press to replace it; drag, or Shift with an arrow key, to move it",
          onclick: () => replace(anchor, i),
          onkeydown: onkey,
        },
        canvas,
      ),
      h("p", { class: "quiet" }, said(anchor)),
      h(
        "div",
        { class: "anchor-acts" },
        act("Move left", "‹", () => move(i, i - 1), i === 0),
        act("Remove", icon("close"), () => write(list.toSpliced(i, 1), "remove an anchor"), list.length <= LEAST),
        act("Move right", "›", () => move(i, i + 1), i === list.length - 1),
      ),
    );
  }

  function draw() {
    const { seed, sampler, steps, view } = store.state;
    const key = JSON.stringify([view.anchors, seed, sampler, steps]);
    if (key === shown) return false;
    shown = key;
    list = anchorsOf(session);
    row.replaceChildren(...list.map(item));
    for (const button of buttons) button.disabled = list.length >= MOST;
    return true;
  }

  const stop = store.on("state", (state) => {
    if (state.model === entry.name && draw()) changed(list);
  });
  dragOrder(row, ".picked", move);
  draw();
  return Object.assign(element, {
    dispose: stop,
    /** The anchors now. */
    list: () => list,
  });
}

/** The choice of a control whose path the anchors become. @param {Session} session @param {(control: Control) => void} take */
function controlWay({ controls }, take) {
  const steerable = controls.filter((control) => control.steerable);
  if (!steerable.length) return null;
  const select = h(
    "select",
    {
      "aria-label": "Anchors along a control",
      title: "The anchors become places along a control, from the present code",
      onchange: () => {
        const control = steerable.find(({ name }) => name === select.value);
        select.value = "";
        if (control) take(control);
      },
    },
    h("option", { value: "" }, "along a control …"),
    steerable.map((control) => h("option", { value: control.name }, labelOf(control))),
  );
  return select;
}
