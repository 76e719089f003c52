/** Spikes: what the latent's spike trains are, what they are not, and what every one of them does to the picture. */

import { h } from "../dom.js";
import { DecoderTrace } from "../decoder_trace.js";
import { spikeEditor } from "../parts/spikes/spike_editor.js";
import { spikeStatistics } from "../parts/spikes/spike_statistics.js";
import { layers } from "../parts/spikes/layers.js";
import { noiseControls } from "../parts/shared/noise_controls.js";
import { noSpikesView } from "../parts/shared/no_spikes.js";
import { ranking } from "../parts/spikes/ranking.js";
import { scrub } from "../parts/spikes/scrub.js";
import { timing } from "../parts/spikes/timing.js";

export const styles = ["spikes.css"];

/** @param {Session} session */
export function mount(root, session) {
  if (!session.latent.spiking) {
    root.append(noSpikesView(session));
    return () => {};
  }
  const trace = new DecoderTrace(session);
  const whole = Boolean(session.engine); // without an engine here, the server draws, and there is nothing to look into
  const rank = whole ? ranking(session, trace, { onrank: () => sheet.redraw() }) : null;
  const sheet = spikeEditor(session, trace, { effects: () => rank?.effects() ?? null });
  const [picture, sampling, theory] = [scrub(session, trace), noiseControls(session), spikeStatistics(session, trace)];
  const deeper = whole ? [timing(session, trace), layers(session, trace)] : [];
  root.append(
    h(
      "div",
      { class: "spikes" },
      h("div", { class: "column left" }, sheet, rank),
      h("div", { class: "column right" }, picture, sampling),
    ),
    theory,
    ...deeper,
  );
  return () => {
    [rank, sheet, picture, sampling, theory, ...deeper].forEach((part) => part?.dispose());
    trace.dispose();
  };
}
