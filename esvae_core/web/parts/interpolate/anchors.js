/** The pictures between which one walks: two to eight, in a row that can be changed; kept in the link. */

import { h, icon, pixels } from "../../dom.js";
import { LinkError, readSource, sourceText } from "../../state/url_state.js";
import { fromGrid } from "../../math/rates.js";
import { newSeed } from "../shared/noise_controls.js";
import { paint } from "../shared/paint.js";

const MOST = 8;
const LEAST = 2;

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

  const write = (next, label) => {
    const text = next.map(({ source }) => sourceText(source)).join("|");
    store.change({ view: { ...store.state.view, anchors: text } }, label);
  };
  const add = (source) => write([...list, { source }], "add an anchor");
  const swap = (i, k) => {
    const next = [...list];
    [next[i], next[k]] = [next[k], next[i]];
    write(next, "move an anchor");
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
  ].filter(Boolean);
  adds.append(...buttons);

  function draw() {
    const { seed, sampler, steps, view } = store.state;
    const key = JSON.stringify([view.anchors, seed, sampler, steps]);
    if (key === shown) return false;
    shown = key;
    list = anchorsOf(session);
    row.replaceChildren(
      ...list.map((anchor, i) => {
        const canvas = pixels(entry.size, entry.size, `Anchor ${i + 1}: ${said(anchor)}`, "thumb");
        paint(
          canvas,
          engine.decode(engine.sample(fromGrid(anchor.rates), seed, sampler, steps), steps),
          entry.channels,
        );
        const act = (label, text, onclick, off) =>
          h(
            "button",
            {
              type: "button",
              class: "bare",
              "aria-label": `${label} anchor ${i + 1}`,
              title: label,
              onclick,
              disabled: off,
            },
            text,
          );
        const remove = () =>
          write(
            list.filter((_, k) => k !== i),
            "remove an anchor",
          );
        const open = () => store.change({ source: anchor.source, rates: anchor.rates }, said(anchor));
        return h(
          "li",
          {},
          h("button", { type: "button", class: "picked", title: "Make it the current code", onclick: open }, canvas),
          h("p", { class: "quiet" }, said(anchor)),
          h(
            "div",
            { class: "anchor-acts" },
            act("Move left", "‹", () => swap(i, i - 1), i === 0),
            act("Remove", icon("close"), remove, list.length <= LEAST),
            act("Move right", "›", () => swap(i, i + 1), i === list.length - 1),
          ),
        );
      }),
    );
    for (const button of buttons) button.disabled = list.length >= MOST;
    return true;
  }

  const stop = store.on("state", (state) => {
    if (state.model === entry.name && draw()) changed(list);
  });
  draw();
  return Object.assign(element, {
    dispose: stop,
    /** The anchors now. */
    list: () => list,
  });
}
