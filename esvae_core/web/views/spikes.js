/** Spikes: what the latent's spike trains are, what they are not, and what every one of them does to the picture. */

import { has } from "../having.js";
import { h } from "../dom.js";
import { DecoderTrace } from "../decoder_trace.js";
import { picture } from "../parts/explore/picture.js";
import { damageControl } from "../parts/spikes/damage.js";
import { spikeEditor } from "../parts/spikes/spike_editor.js";
import { spikeStatistics } from "../parts/spikes/spike_statistics.js";
import { layers } from "../parts/spikes/layers.js";
import { helpMark } from "../parts/shared/help.js";
import { noisePanel } from "../parts/shared/noise_panel.js";
import { noSpikesView } from "../parts/shared/no_spikes.js";
import { raster } from "../parts/shared/raster.js";
import { ranking } from "../parts/spikes/ranking.js";
import { scrub } from "../parts/spikes/scrub.js";
import { timing } from "../parts/spikes/timing.js";

export const styles = ["spikes.css"];

/** @param {Session} session */
export function mount(root, session) {
  if (session.latent.counts) return countsView(root, session);
  if (!session.latent.spiking) {
    root.append(noSpikesView(session));
    return () => {};
  }
  const trace = new DecoderTrace(session);
  // without an engine here, the server draws, and there is nothing to look into
  const whole = has(session, "engine", "spikingEngine");
  const rank = whole ? ranking(session, trace, { onrank: () => sheet.redraw() }) : null;
  const sheet = spikeEditor(session, trace, { effects: () => rank?.effects() ?? null });
  const beside = [scrub(session, trace), damageControl(session), noisePanel(session)];
  const theory = spikeStatistics(session, trace);
  const deeper = whole ? [timing(session, trace), layers(session, trace)] : [];
  root.append(
    h(
      "div",
      { class: "spikes" },
      h("div", { class: "column left" }, sheet, rank),
      h("div", { class: "column right" }, beside),
    ),
    theory,
    ...deeper,
  );
  return () => {
    [rank, sheet, ...beside, theory, ...deeper].forEach((part) => part?.dispose?.());
    trace.dispose();
  };
}

/** Of a model of Poisson counts, which are decoded at once: their raster, and what is lost with some of them. */
function countsView(root, session) {
  const spikeRaster = raster(session, { beside: [helpMark("counts")] });
  const parts = [spikeRaster, picture(session), damageControl(session), noisePanel(session)];
  const [spikes, ...beside] = parts;
  root.append(
    noSpikesView(session),
    h(
      "div",
      { class: "spikes" },
      h("div", { class: "column left" }, spikes),
      h("div", { class: "column right" }, beside),
    ),
  );
  return () => parts.forEach((part) => part.dispose?.());
}
