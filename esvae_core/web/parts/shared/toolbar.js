/** The line above every view: which model, undo and redo, link and export. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { menu } from "./menu.js";
import { exportMenu } from "./export_menu.js";
import { helpButton } from "./help.js";
import { modelChooser } from "./model_chooser.js";
import { tray } from "./tray.js";
import { askedByKey, undoRedo } from "./undo_redo.js";

/** @param {Session} session */
export function toolbar(session, view) {
  const chooser = modelChooser(session);
  const facts = h("p", { class: "quiet about" }, about(session));
  const opening = h("p", { class: "opening", role: "status" });
  const progress = h("progress", { "aria-label": msg`How much of the model is here` });
  const amount = h("span", { class: "quiet", "aria-hidden": "true" }); // the bar says it to screen readers
  const history = historyButtons(session);
  const link = labelled(msg`Copy a link to what is on the screen`, "link", msg`Link`, () => copy(session, link));
  const pictures = tray(session);
  const help = helpButton(session, view);
  const actions = h(
    "div",
    { class: "actions" },
    history.elements,
    pictures,
    location.protocol === "about:" ? null : link, // a page in a notebook's cell has no address
    exportMenu(session, null, msg`Export`, view),
    help,
  );
  const element = h("header", { class: "bar" }, h("h1", {}, titleOf(view)), chooser, facts, opening, actions);

  /** Say which model is being opened, and that what is shown is still the one at work. */
  function showOpening() {
    const name = session.opening;
    chooser.show(name ?? session.entry.name);
    facts.hidden = Boolean(name);
    actions.inert = Boolean(name);
    opening.hidden = !name;
    const words = msg`Opening ${name ?? ""} … ${session.entry.name} is still shown.`;
    progress.removeAttribute("value");
    amount.textContent = "";
    opening.replaceChildren(
      ...(name
        ? [
            h("span", { class: "spinner", "aria-hidden": "true" }),
            h("span", { class: "opening-words", title: words }, words),
            progress,
            amount,
            h("button", { type: "button", class: "small", onclick: () => session.stay() }, msg`Cancel`),
          ]
        : []),
    );
  }

  /** Say how much of it is there, in bytes. @type {Told} */
  function showProgress(there, size) {
    [progress.value, progress.max] = [there, size];
    amount.textContent = msg`${megabytes(there)} of ${megabytes(size)} MB`;
  }

  showOpening();
  element.dispose = () => {
    history.dispose();
    help.dispose?.();
    pictures.dispose?.();
  };
  return Object.assign(element, { showOpening, showProgress });
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(1);

const labelled = (title, sign, text, onclick) =>
  h("button", { type: "button", title, onclick }, icon(sign), h("span", {}, text));

/** Undo and redo, as buttons and keys, and the list of all steps. @param {Session} session */
function historyButtons(session) {
  const { store } = session;
  const { buttons, dispose } = undoRedo(store);
  /** @param {KeyboardEvent} event */
  const onkey = (event) => {
    const asked = askedByKey(event);
    if (!asked) return;
    event.preventDefault();
    if (!session.opening) store[asked]();
  };
  addEventListener("keydown", onkey);
  return {
    elements: [...buttons, menu(msg`Steps`, "history", () => stepList(session))],
    dispose() {
      dispose();
      removeEventListener("keydown", onkey);
    },
  };
}

/** As `esvae_core/explore/views.py` has them. @type {Record<string, string>} */
const TITLES = {
  explore: msg`Explore`,
  draw: msg`Draw`,
  spikes: msg`Spikes`,
  interpolate: msg`Interpolate`,
  map: msg`Map`,
  generate: msg`Generate`,
  dimensions: msg`Dimensions`,
  models: msg`Models`,
  how: msg`How it works`,
};

/** A view's title, from its name. @param {string} view */
export const titleOf = (view) => TITLES[view];

/** @param {Session} session */
function about({ entry, engine, latent }) {
  const colour = entry.channels === 1 ? msg`gray` : msg`colour`;
  const where = engine ? "" : msg` · decoded by the server when you let go, since this browser cannot run the model`;
  return `${entry.dims} ${latent.brief} · ${entry.size} × ${entry.size} ${colour}${where}`;
}

/** @param {Session} session */
function stepList({ store }) {
  const { steps, at } = store.history;
  const rows = steps.map(({ label }, i) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "bare", "aria-current": i === at ? "step" : null, onclick: () => store.jump(i) },
        `${i}. ${label}`,
      ),
    ),
  );
  return h("ol", { class: "steps", reversed: true }, rows.reverse().slice(0, 100));
}

/** @param {Session} session */
async function copy(session, button) {
  try {
    await navigator.clipboard.writeText(session.link);
    button.dataset.done = msg`Copied`; // shown over icon and word, so that the button keeps its width
    setTimeout(() => delete button.dataset.done, 1500);
  } catch {
    session.say(msg`The link could not be copied; it is in the address bar.`);
  }
}
