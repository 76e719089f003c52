/** Spikes: what the latent's spike trains are, what they are not, and what every one of them does to the picture. */

import { h } from "../dom.js";
import { Inside } from "../inside.js";
import { spikeEditor } from "../parts/spikes/spike_editor.js";
import { spikeStatistics } from "../parts/spikes/spike_statistics.js";
import { layers } from "../parts/spikes/layers.js";
import { noiseControls } from "../parts/shared/noise_controls.js";
import { noSpikesView } from "../parts/shared/no_spikes.js";
import { ranking } from "../parts/spikes/ranking.js";
import { scrub } from "../parts/spikes/scrub.js";
import { timing } from "../parts/spikes/timing.js";

export const styles = ["spikes.css"];

export function mount(root, desk) {
  if (!desk.latent.spiking) {
    root.append(noSpikesView(desk));
    return () => {};
  }
  const inside = new Inside(desk);
  const whole = Boolean(desk.engine); // without an engine here, the server draws, and there is nothing to look into
  const rank = whole ? ranking(desk, inside, { onrank: () => sheet.redraw() }) : null;
  const sheet = spikeEditor(desk, inside, { effects: () => rank?.effects ?? null });
  const [picture, sampling, theory] = [scrub(desk, inside), noiseControls(desk), spikeStatistics(desk, inside)];
  const deeper = whole ? [timing(desk, inside), layers(desk, inside)] : [];
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
    inside.dispose();
  };
}
