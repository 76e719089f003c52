/** What stands in place of spikes where a model has none. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";

/**
 * A notice that noise and T do not apply.
 * @param {Session} session
 * @param {string} [more] what to do instead
 */
export function noSpikesNotice(session, more = "") {
  const { entry, latent } = session;
  const what = latent.counts
    ? [
        msg`${entry.name} has latent spike counts, and no spiking neurons.`,
        msg`Each of its ${entry.dims} counts is Poisson: variance and mean are the same, where a Bernoulli train's count varies less (Fano factor 1 - rate) and an even train's hardly at all. The counts are decoded at once, so when a spike falls does not matter, and single spikes cannot be turned. ${more}`,
      ]
    : [
        msg`${entry.name} has no spikes.`,
        msg`Its latent is one vector of ${entry.dims} ${latent.names}, decoded at once: nothing is sampled, so sampling noise and T do not apply. ${more}`,
      ];
  const element = h("section", { class: "no-spikes-notice" }, h("p", {}, what[0]), h("p", { class: "quiet" }, what[1]));
  element.dispose = () => {};
  return element;
}

/**
 * The page of a view that is about spikes.
 * @param {Session} session
 * @param {string} [more] what to do instead
 */
export function noSpikesView(session, more = msg`This view looks at spikes; a spiking model shows what it is about.`) {
  /** @param {ModelListing} model */
  const elsewhere = (model) => Number(model.dataset !== session.entry.dataset);
  const [spiking] = session.models
    .filter(({ problem, steps, turn }) => !problem && steps && Number.isInteger(turn))
    .sort((a, b) => elsewhere(a) - elsewhere(b) || (a.turn ?? 0) - (b.turn ?? 0));
  const open = spiking
    ? h("button", { type: "button", onclick: () => session.choose(spiking.name) }, msg`Open ${spiking.name}`)
    : null;
  return h("div", { class: "no-spikes" }, noSpikesNotice(session, more), open);
}
