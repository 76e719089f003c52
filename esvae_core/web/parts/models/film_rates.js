/** The firing rates of a recording as bars, with a history of their own: the server decodes it again as they are moved. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { latentOf } from "../../math/latent.js";
import { Session } from "../../session.js";
import { Store } from "../../state/store.js";
import { mixer } from "../shared/mixer.js";
import { askedByKey, undoRedo } from "../shared/undo_redo.js";

/**
 * @param {Session} session
 * @param {ModelListing} about a model of recordings
 * @param {{rates: Uint16Array, seed: number, steps: number}} drawn the recording: its rates, its noise, and the steps
 *   of its spike trains
 * @param {(recording: NamedArrays) => void} show called of every recording that was decoded
 */
export function filmRates(session, about, { rates, seed, steps }, show) {
  const store = new Store({
    model: about.name,
    source: { kind: "own", rates },
    rates,
    seed,
    sampler: "systematic", // the server takes the model's own
    steps,
    order: "index",
    view: {},
  });
  const bars = mixer(standIn(session, about, store));
  const history = undoRedo(store, (word) => msg`${word}, recording`);
  const element = h("div", { class: "film-rates" }, h("div", { class: "row tight" }, history.buttons), bars);
  let asking = false;
  let gone = false;
  let last = rates;

  /** One question at a time; the next is of what the bars show then. */
  async function ask() {
    if (!session.backend.recording || asking || gone || store.state.rates === last) return;
    asking = true;
    last = store.state.rates;
    try {
      const recording = await session.backend.recording(about.name, seed, last);
      if (!gone) show(recording);
    } catch (error) {
      session.say(msg`The recording was not decoded: ${error.message}.`, "warning");
    }
    asking = false;
    ask();
  }

  /** The keys of these bars are for their own history, not for that of the page. @param {KeyboardEvent} event */
  element.onkeydown = (event) => {
    const asked = askedByKey(event);
    if (!asked) return;
    event.preventDefault();
    event.stopPropagation();
    store[asked]();
  };
  const stop = store.on("state", ask);
  const dispose = () => {
    gone = true;
    stop();
    history.dispose();
    bars.dispose();
  };
  return Object.assign(element, { dispose });
}

/**
 * A session of this model alone, with a state of its own: bars ask it what they are of.
 * @param {Session} session @param {ModelListing} about @param {Store} store
 */
function standIn(session, about, store) {
  const own = new Session(session.backend);
  own.store = store;
  own.entry = /** @type {ModelEntry} */ (about);
  own.latent = latentOf(own.entry);
  own.live = session.live;
  own.onMessage = () => session.say(own.message?.text ?? null, own.message?.kind);
  return own;
}
