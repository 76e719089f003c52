/** Spikes: what the latent's spike trains are, what they are not, and what every one of them does to the picture. */

import { h } from "../dom.js";
import { Inside } from "../inside.js";
import { cells } from "../parts/cells.js";
import { laws } from "../parts/laws.js";
import { layers } from "../parts/layers.js";
import { noise } from "../parts/noise.js";
import { noSpikes } from "../parts/plainly.js";
import { ranking } from "../parts/ranking.js";
import { scrub } from "../parts/scrub.js";
import { timing } from "../parts/timing.js";

export const styles = ["spikes.css"];

export function mount(root, desk) {
  if (!desk.latent.spiking) {
    root.append(noSpikes(desk));
    return () => {};
  }
  const inside = new Inside(desk);
  const whole = Boolean(desk.engine); // without an engine here, the server draws, and there is nothing to look into
  const rank = whole ? ranking(desk, inside, { onrank: () => sheet.redraw() }) : null;
  const sheet = cells(desk, inside, { effects: () => rank?.effects ?? null });
  const [picture, noiseControls, theory] = [scrub(desk, inside), noise(desk), laws(desk, inside)];
  const deeper = whole ? [timing(desk, inside), layers(desk, inside)] : [];
  root.append(
    h(
      "div",
      { class: "spikes" },
      h("div", { class: "column left" }, sheet, rank),
      h("div", { class: "column right" }, picture, noiseControls),
    ),
    theory,
    ...deeper,
  );
  return () => {
    [rank, sheet, picture, noiseControls, theory, ...deeper].forEach((part) => part?.dispose());
    inside.dispose();
  };
}
