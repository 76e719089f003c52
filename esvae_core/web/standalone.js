/** A page of its own: model, engine, atlas and views in one file, without a server. `esvae page` writes it. */

import { Session } from "./session.js";
import { h } from "./dom.js";
import { connect } from "./embedded.js";
import { hasMap } from "./having.js";
import { msg } from "./messages.js";
import { serve } from "./engine/protocol.js";
import { readArrays } from "./formats/array_format.js";
import { inflated } from "./formats/bytes.js";
import { showView } from "./mount.js";
import { titleOf } from "./parts/shared/toolbar.js";

const MOST_ORIGINALS = 2 ** 28; // bytes

/**
 * @typedef {{
 *   entry: ModelEntry, bundle: string, atlas: string|null, originals: string|null, controls: string|null, view: string, link: string, wasm: string,
 *   embedded: boolean
 * }} Held what the file holds, bytes as base64; which view it opens at, and the link to what it shows first; whether the
 *   page around it is told what is on the screen
 */

/**
 * @param {HTMLElement} root where
 * @param {Held} held
 * @param {{name: string, title: string, tab: string, module: View}[]} views as `esvae_core/explore/views.py` lists them;
 *   `tab` is which tab of the view is opened, "" for the one that was open
 */
export async function start(root, held, views) {
  try {
    const session = await Session.open(heldBackend(held));
    if (held.embedded) connect(session);
    const stage = h("main", {});
    const shown = views.filter(({ name }) => name !== "map" || hasMap(session));
    const tabs = shown.map(({ name }) =>
      h("button", { type: "button", role: "tab", onclick: () => open(name) }, titleOf(name)),
    );
    let leave = () => {};
    const open = (wanted) => {
      leave();
      const { name, module, tab } = shown.find((view) => view.name === wanted) ?? shown[0];
      shown.forEach((view, i) => tabs[i].setAttribute("aria-selected", String(view.name === name)));
      stage.className = `stage view-${name}`;
      session.store.set({ view: { ...session.store.state.view, ...(tab ? { tab } : {}) } });
      leave = showView(stage, session, module, { view: name }, () => {});
    };
    root.replaceChildren(
      h("nav", { class: "stage tabs" }, h("strong", {}, msg`ESVAE explorer`), h("div", { role: "tablist" }, tabs)),
      stage,
    );
    open(held.view === "explore" && session.store.state.view.tab === "draw" ? "draw" : held.view);
  } catch (error) {
    root.replaceChildren(h("p", { role: "alert" }, msg`This page cannot start: ${error.message}.`));
  }
}

/**
 * What the file holds, as a session asks for it.
 * @param {Held} held
 * @returns {Backend}
 */
function heldBackend({ entry, bundle, atlas, originals, controls, link, wasm }) {
  const [model, code] = [bytes(bundle), bytes(wasm)];
  return {
    addressable: location.protocol.startsWith("http"), // neither a file's address nor that of a frame's own text can change
    link,
    wasm: code,
    models: async () => [entry],
    model: async () => entry,
    bundle: async () => model,
    atlas: async () => readArrays(bytes(atlas)),
    controls: async () => readArrays(bytes(controls)),
    originals: async () => readArrays((await inflated(bytes(originals), MOST_ORIGINALS)).buffer).arrays.images,
    pool: { size: 1, spawn: inPage },
  };
}

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;

/**
 * A worker that is none: a file from disk may start no workers, so many pictures are drawn here, one after the other.
 */
function inPage() {
  const worker = { terminate: () => {}, postMessage: (data) => setTimeout(() => port.onmessage({ data })) };
  const port = { postMessage: (data) => worker.onmessage({ data }) };
  serve(port);
  return worker;
}
