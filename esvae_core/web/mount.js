/** Places a view in a page: what `app/component.py` calls. */

import { serverBackend } from "./backend.js";
import { Session } from "./session.js";
import { focusedBeside, h } from "./dom.js";
import { ENGLISH } from "./language.js";
import { language, msg } from "./messages.js";
import { titleOf, toolbar } from "./parts/shared/toolbar.js";
import { message } from "./parts/shared/message.js";
import { fileDrop } from "./parts/shared/file_drop.js";

// ms since a model was opened until the script is told; by then the page has drawn all of it
const REST = 300;
const ASK_AGAIN = 4000; // ms between two questions whether the server is back

/** One session per document; a failed one is tried again. @type {Promise<Session>|null} */
let opening = null;

/**
 * The document's session, for whoever measures the page; null before a view was placed.
 * @returns {Promise<Session>|null}
 */
export const openedSession = () => opening;

/**
 * @param {ShadowRoot|HTMLElement} parent where
 * @param {{view: string, base: string, pages: string[], tellsModel?: boolean}} data
 * @param {(name: string, value: any) => void} tell gives the script a value, which makes it run again
 * @returns {Promise<() => void>} take it away again
 */
export async function mountView(parent, data, tell) {
  const root = h(
    "div",
    { class: `stage view-${data.view}`, lang: language === ENGLISH ? null : language },
    h("p", { class: "skeleton", role: "status" }, msg`Opening the model …`),
  );
  parent.replaceChildren(root);
  const styled = Promise.all([sheet(parent, "look.css"), sheet(parent, "help.css")]);
  try {
    opening ??= Session.open(serverBackend(data.base, data.pages));
    const [session, view] = await Promise.all([opening, import(`./views/${data.view}.js`), styled]);
    await Promise.all((view.styles ?? []).map((name) => sheet(parent, name))); // what only this view needs
    return showView(root, session, view, data, tell);
  } catch (error) {
    opening = null;
    root.replaceChildren(
      h(
        "p",
        { class: "message warning", role: "alert" },
        msg`The explorer cannot start: ${error.message}. A reload may help.`,
      ),
    );
    return () => {};
  }
}

/** Add a style sheet; resolved when it is there, or will not come. */
function sheet(parent, name) {
  const link = h("link", { rel: "stylesheet", href: new URL(`./${name}`, import.meta.url).href });
  const there = new Promise((done) => {
    link.onload = link.onerror = done;
  });
  parent.append(link);
  return there;
}

/**
 * Show a view of a session, below the line that all views share.
 * @param {Session} session
 * @returns {() => void} take it away again
 */
export function showView(root, session, view, data, tell) {
  if (!session.usable) {
    root.replaceChildren(nothing(session));
    return () => {};
  }
  let leave = () => {};
  const dropped = fileDrop(session);
  const alive = stayAlive(session);
  const build = () => {
    leave();
    const body = h("section", { class: "view", tabindex: -1, "aria-label": titleOf(data.view) });
    const skip = skipLink(body);
    const choosing = Boolean(focusedBeside(root)?.closest(".model-chooser"));
    const top = toolbar(session, data.view);
    const line = message(session);
    const opening = () => {
      top.showOpening();
      body.inert = Boolean(session.opening); // it is of the model at work, which is about to go
    };
    session.onOpening = opening;
    session.onProgress = top.showProgress;
    opening();
    root.replaceChildren(skip, top, line, alive, dropped, body);
    if (choosing) top.querySelector("button")?.focus();
    const dispose = view.mount(body, session, data);
    leave = () => {
      dispose?.();
      if (session.onOpening === opening) session.onOpening = session.onProgress = null;
      top.dispose?.();
      line.dispose?.();
    };
  };
  build();
  session.writeLink(); // the page may have changed the address
  const stops = [
    session.onModel(build),
    data.tellsModel ? tellModel(root, session, tell) : () => {},
    alive.stop,
    closeDrawer(),
  ];
  return () => {
    stops.forEach((stop) => stop());
    dropped.dispose?.();
    leave();
  };
}

/**
 * Tell the script which model is open, now and after each change, for what it draws below the view. Nothing else on the
 * page concerns it, so no gesture makes it run.
 * @param {HTMLElement} root of the view
 * @param {Session} session
 * @param {(name: string, value: any) => void} tell
 * @returns {() => void} stop
 */
function tellModel(root, session, tell) {
  let telling = 0;
  const report = () => tell("model", session.store.state.model);
  const later = () => {
    clearTimeout(telling);
    telling = setTimeout(report, REST);
  };
  // A click beside the view may lead to another page; a word from this one on the way would call Streamlit back to it.
  const away = (event) => event.composedPath().includes(root) || clearTimeout(telling);
  addEventListener("click", away, true);
  addEventListener("popstate", away);
  const stop = session.onModel(later);
  report();
  return () => {
    stop();
    clearTimeout(telling);
    removeEventListener("click", away, true);
    removeEventListener("popstate", away);
  };
}

/**
 * Streamlit tells in a dialog that its server is away, or that the address names no page, and all else is locked while
 * it stands. What is in the page needs no server, so the dialog is closed, and a line says it for as long as it is so.
 * @param {Session} session
 */
function stayAlive(session) {
  const line = h("div", { class: "away-place", "aria-live": "polite" });
  let asking = 0;
  const away = () => {
    line.replaceChildren(
      h(
        "p",
        { class: "message warning", role: "alert" },
        msg`The server does not answer. This view goes on: drag, draw, undo, copy the link. The other views, other models and some exports open when it is back.`,
      ),
    );
    asking ||= setInterval(() => session.backend.models().then(back, () => {}), ASK_AGAIN);
  };
  const back = () => {
    clearInterval(asking);
    asking = 0;
    line.replaceChildren();
  };
  const look = () => {
    const dialog = document.querySelector(".stDialog");
    /** @type {HTMLButtonElement|null} */
    const close = dialog?.querySelector("button[aria-label='Close']") ?? null;
    if (!dialog || !close) return;
    const gone = dialog.textContent.includes("Connection error");
    close.click();
    if (gone) away();
    else session.say(msg`The address names no page of the explorer, so this is the first one.`, "warning");
  };
  const watch = new MutationObserver(look);
  watch.observe(document.body, { subtree: true, childList: true });
  look(); // it may have been there first
  return Object.assign(line, {
    stop() {
      watch.disconnect();
      clearInterval(asking);
    },
  });
}

/**
 * The first stop of the tab key: past navigation, toolbar and choice of images, to the first bar or the view itself.
 * @param {HTMLElement} body
 */
function skipLink(body) {
  const go = (event) => {
    event.preventDefault();
    /** @type {HTMLElement} */
    const bar = body.querySelector("[role=slider][tabindex='0']") ?? body;
    bar.focus();
    bar.scrollIntoView({ block: "nearest" });
  };
  return h("a", { class: "skip", href: "#", onclick: go }, msg`Skip to the view`);
}

/**
 * On a narrow screen Streamlit's navigation is a drawer above the page, which stays open after a view was chosen.
 * @returns {() => void} stop
 */
function closeDrawer() {
  const chosen = ({ target }) => {
    const drawer =
      target instanceof Element ? target.closest("a") && target.closest("[data-testid='stSidebar']") : null;
    if (!drawer) return;
    /** @type {HTMLButtonElement|null} */
    const close = drawer.querySelector("[data-testid='stSidebarCollapseButton'] button");
    setTimeout(() => close?.click()); // when the navigation has had its turn
  };
  addEventListener("click", chosen);
  return () => removeEventListener("click", chosen);
}

/** @param {Session} session */
function nothing(session) {
  return h(
    "div",
    { class: "message", role: "status" },
    h("p", {}, msg`There is no checkpoint that can be opened. Train one with `),
    h("p", {}, h("code", {}, "esvae train --preset digits")),
    h("p", {}, msg`or name a folder that has one in the environment variable ESVAE_CHECKPOINTS, and reload this page.`),
    session.models.map((m) => h("p", { class: "quiet" }, `${m.name}: ${m.problem}`)),
  );
}
