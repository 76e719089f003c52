/** The name of a dimension: a field, a file of all names, and names that would suit it, each with its reason. */

import { focusedBeside, h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { NAMED_FROM, suggestions } from "../../math/measured.js";
import { nameOf } from "../shared/dimension_names.js";
import { download } from "../shared/download.js";
import { namesJson } from "./dimension_files.js";

const LONGEST = 24; // letters of a name, so that links stay short
const NO_NAME = msg`It goes with no attribute or class alone (no correlation of ${NAMED_FROM} or more), so no name is suggested.`;

/**
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts
 */
export function nameField(session, facts) {
  const { store, entry } = session;
  const input = h("input", {
    type: "text",
    maxlength: LONGEST,
    "aria-label": msg`Name of the dimension`,
    placeholder: msg`name it`,
    onchange: () => rename(input.value),
  });
  const save = () => download(`${entry.name}-dimensions.json`, namesJson(session));
  const offers = h("p", { class: "row tight suggestions" });
  let chosen = -1;

  /** @param {string} name */
  function rename(name) {
    const view = { ...store.state.view, [`name${chosen}`]: name.trim().slice(0, LONGEST) };
    if (!view[`name${chosen}`]) delete view[`name${chosen}`];
    store.change({ view }, msg`name of d${chosen}`);
  }

  return {
    element: h(
      "div",
      { class: "row tight" },
      h("label", { class: "field" }, msg`Name`, input),
      h("button", { type: "button", title: msg`Save all names, JSON`, onclick: save }, icon("export"), msg`Names`),
    ),
    offers,
    /** Show the name as it is in a state. @param {number} j @param {State} state */
    show(j, state) {
      if (focusedBeside(input) !== input) input.value = state.view[`name${j}`] ?? "";
      input.placeholder = entry.taught?.[j] ?? msg`name it`;
    },
    /** Offer names for another dimension. @param {number} j */
    offer(j) {
      chosen = j;
      const all = suggestions(session.measured, facts, session.atlas.classNames, j);
      const found = all.filter((each) => each.name !== nameOf(session, j));
      const accept = (name) => {
        input.value = name.slice(0, LONGEST);
        rename(input.value);
      };
      const words = found.length ? msg`Name it after what it goes with:` : all.length ? "" : NO_NAME;
      offers.replaceChildren(h("span", { class: "quiet" }, words), ...found.map((each) => suggestion(each, accept)));
    },
  };
}

/** @param {ReturnType<typeof suggestions>[number]} suggested @param {(name: string) => void} accept */
function suggestion({ name, value, of }, accept) {
  const figure = `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`;
  const title = msg`Name it “${name}”: correlation ${figure}, measured on ${of}`;
  return h(
    "button",
    { type: "button", class: "chip", title, onclick: () => accept(name) },
    name,
    h("span", { class: "number" }, figure),
  );
}
