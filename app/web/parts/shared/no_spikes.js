/** What stands in place of spikes where a model has none. */

import { h } from "../../dom.js";

/** A notice that noise and T do not apply. @param {string} [more] what to do instead */
export function noSpikesNotice(desk, more = "") {
  const { entry, latent } = desk;
  const element = h(
    "section",
    { class: "no-spikes-notice" },
    h("p", {}, `${entry.name} has no spikes.`),
    h("p", { class: "quiet" }, `Its latent is one vector of ${entry.dims} ${latent.names}, decoded at once: nothing is sampled, so sampling noise and T do not apply. ${more}`),
  );
  element.dispose = () => {};
  return element;
}

/** The page of a view that is about spikes alone. */
export function noSpikesView(desk) {
  const spiking = desk.models.find((m) => !m.problem && m.steps && m.dataset === desk.entry.dataset) ?? desk.models.find((m) => !m.problem && m.steps);
  const open = spiking ? h("button", { type: "button", onclick: () => desk.choose(spiking.name) }, `Open ${spiking.name}`) : null;
  return h("div", { class: "no-spikes" }, noSpikesNotice(desk, "This view looks at spikes; a spiking model shows what it is about."), open);
}
