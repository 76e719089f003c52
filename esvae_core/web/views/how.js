/** How it works: the whole path of data for the present example, each step with what is really there. */

import { h } from "../dom.js";
import { DecoderTrace } from "../decoder_trace.js";
import { has } from "../having.js";
import { msg } from "../messages.js";
import { examples } from "../parts/how/examples.js";
import { encoderCards } from "../parts/how/encoder_cards.js";
import { decoderCards } from "../parts/how/decoder_cards.js";
import { noSpikesView } from "../parts/shared/no_spikes.js";
import { plainCards } from "../parts/how/plain_cards.js";
import { player } from "../parts/shared/player.js";

export const styles = ["how.css"];

/** @param {Session} session */
export function mount(root, session) {
  if (!has(session, "engine")) {
    root.append(
      h(
        "p",
        { class: "message" },
        msg`This page looks into the model while it runs, and this browser cannot run it. Explore works, decoded by the server.`,
      ),
    );
    return () => {};
  }
  if (!session.latent.spiking || !has(session, "spikingEngine")) return withoutSpikes(root, session);
  const trace = new DecoderTrace(session);
  const [choose, time, there, back] = [
    examples(session),
    player(session, trace),
    encoderCards(session, trace),
    decoderCards(session, trace),
  ];
  root.append(
    h(
      "div",
      { class: "how-head" },
      choose,
      h(
        "div",
        { class: "how-time" },
        h("span", { class: "quiet" }, msg`Maps show spikes per step; play to see them one step at a time.`),
        time,
      ),
    ),
    h("ol", { class: "cards" }, there.cards, back.cards),
  );
  return () => {
    [choose, time, there, back].forEach((part) => part.dispose?.());
    trace.dispose();
  };
}

/** The same for a model without spikes, and the way to one that has some. @param {Having<"engine">} session */
function withoutSpikes(root, session) {
  const [choose, path] = [examples(session), plainCards(session)];
  root.append(
    noSpikesView(session, msg`Below is the path of its data; a spiking model shows spikes and time, too.`),
    h("div", { class: "how-head" }, choose),
    h("ol", { class: "cards plain-cards" }, path.cards),
  );
  return () => [choose, path].forEach((part) => part.dispose?.());
}
