/** Rates drawn from the model's prior. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { MAX_SEED } from "../../state/url_state.js";
import { newSeed } from "../shared/noise_controls.js";
import { keysOf } from "../shared/slide.js";

/** @param {Session} session */
export function prior(session) {
  const { store } = session;
  const field = h("input", { type: "number", min: 0, max: MAX_SEED, step: 1, "aria-label": msg`Prior seed` });
  /** Another source has no seed. @param {State} state */
  const show = ({ source }) => (field.value = source.kind === "prior" ? String(source.seed) : "");
  const stop = store.on("state", show);
  show(store.state);
  const keys = keysOf(field);
  field.onchange = () => session.invent(Math.min(MAX_SEED, Math.max(0, Math.round(Number(field.value) || 0))), keys());
  const element = h(
    "div",
    {},
    h(
      "p",
      { class: "quiet" },
      msg`${session.latent.drawn} drawn from the model's prior: it invents an image. Some will not look like anything.`,
    ),
    h(
      "div",
      { class: "row" },
      h("label", { class: "field" }, msg`Seed`, field),
      h("button", { type: "button", onclick: () => session.invent(newSeed()) }, icon("dice"), msg`Invent one`),
    ),
  );
  element.dispose = stop;
  return element;
}
