/** Edits taken back, and which single spikes matter: every cell of the raster turned once, in the workers. */

import { h, icon } from "../../dom.js";
import { formatNumber } from "../../math/axis.js";
import { same } from "../../math/rates.js";
import { chart } from "../shared/chart.js";
import { nameOf } from "../shared/mixer.js";

const LISTED = 8;

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 * @param {{onrank: () => void}} options called when effects are there or gone; the element's `effects` gives them
 */
export function ranking(session, trace, { onrank }) {
  const { entry, spikingEngine: engine } = session;
  const d = entry.dims;
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Spikes tried" });
  const start = h("button", { type: "button", onclick: rank }, "Rank spikes by effect");
  const cancel = h("button", { type: "button", onclick: () => end("stopped") }, icon("close"), "Cancel");
  const doing = h("span", { class: "row tight", hidden: true }, bar, cancel);
  const clear = h(
    "button",
    { type: "button", onclick: () => trace.edit([], "undo all edits") },
    icon("reset"),
    "Undo all edits",
  );
  const words = h("p", { class: "quiet", role: "status" });
  const list = h("ol", { class: "ranked-list" });
  const byStep = chart("Effect of turning a spike, by step", { tall: 130 });
  const found = h("div", { class: "ranked-found", hidden: true }, list, byStep);
  const element = h(
    "section",
    { class: "ranking-part" },
    h("div", { class: "row" }, clear, start, doing),
    words,
    found,
  );
  /** Effect of turning each cell, once it is known. @type {Float32Array|null} */
  let known = null;
  let turn = 0;
  let ranked = null; // the spikes that are ranked, or being ranked

  async function rank() {
    const { spikes, state } = trace.now;
    const mine = ++turn;
    ranked = spikes.slice();
    const effects = new Float32Array(spikes.length);
    const begun = performance.now();
    doing.hidden = false;
    start.disabled = true;
    bar.value = 0;
    words.textContent = "";
    try {
      const pool = await session.pool();
      let [next, done] = [state.steps - 1, 0];
      const line = async () => {
        // the late steps first: they matter most, and are the quickest; nothing waits in the pool that could not be dropped
        for (let t = next--; t >= 0 && mine === turn; t = next--) {
          const part = await pool.run("flips", ranked, state.steps, t * d, (t + 1) * d);
          if (mine !== turn) return;
          effects.set(part, t * d);
          bar.value = ++done / state.steps;
        }
      };
      await Promise.all(Array.from({ length: pool.size }, line));
      if (mine !== turn) return;
      finish(effects, performance.now() - begun);
    } catch (error) {
      if (mine === turn) end(`not ranked: ${error.message}`);
    }
  }

  function finish(effects, ms) {
    known = effects;
    doing.hidden = true;
    start.disabled = false;
    show(effects, ms);
    onrank();
  }

  function end(why) {
    turn++;
    const had = known;
    [known, ranked] = [null, null];
    doing.hidden = true;
    start.disabled = false;
    found.hidden = true;
    words.textContent = why;
    if (had) onrank();
  }

  function show(effects, ms) {
    const { spikes, state } = trace.now;
    const order = Array.from(effects, (_, i) => i).sort((a, b) => effects[b] - effects[a]);
    const total = effects.reduce((a, b) => a + b, 0) || 1;
    const top = order.slice(0, Math.ceil(order.length / 10)).reduce((sum, i) => sum + effects[i], 0) / total;
    words.textContent = `${effects.length} cells turned one at a time, in ${(ms / 1000).toFixed(1)} s. The strongest tenth holds ${Math.round(100 * top)} % of the effect. Effect: root mean square change of the picture, of a range of 2.`;
    list.replaceChildren(
      ...order.slice(0, LISTED).map((i) => {
        const [j, t] = [i % d, Math.floor(i / d)];
        const what = `${nameOf(session, j)}, step ${t + 1}: ${spikes[i] ? "a spike" : "silent"}`;
        return h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              class: "bare",
              title: "Turn it",
              onclick: () => trace.flip([i], `turn ${nameOf(session, j)}, step ${t + 1}`),
            },
            `${what}, ${formatNumber(effects[i])}`,
          ),
        );
      }),
    );
    const steps = Array.from({ length: state.steps }, (_, t) => [
      t + 1,
      effects.subarray(t * d, (t + 1) * d).reduce((a, b) => a + b, 0) / d,
    ]);
    const weights = engine.readoutWeights(state.steps);
    const scale = steps.reduce((a, [, v]) => a + v, 0) / weights.reduce((a, b) => a + b, 0);
    byStep.draw({
      x: { label: "step", from: 0.5, to: state.steps + 0.5, whole: true },
      y: { label: "mean change", from: 0, to: Math.max(...steps.map(([, v]) => v), scale) * 1.1 || 1 },
      marks: [
        { kind: "bars", tone: "quiet", name: "mean over the neurons", values: steps },
        {
          kind: "line",
          tone: "now",
          name: "readout weight, same area",
          values: steps.map(([t], k) => [t, weights[k] * scale]),
        },
      ],
      words: `From ${formatNumber(steps[0][1])} at step 1 to ${formatNumber(steps.at(-1)[1])} at the last.`,
      note: "If only the readout counted, the bars would follow the line; membranes carry a spike into the steps after it.",
    });
    found.hidden = false;
  }

  function follow({ spikes, flips }) {
    clear.disabled = !flips.size;
    if (ranked && !same(ranked, spikes))
      end(known ? "The spikes have changed; rank them again." : "Stopped: the spikes have changed.");
  }

  const stop = trace.on(follow);
  return Object.assign(element, {
    effects: () => known,
    dispose() {
      turn++;
      stop();
      byStep.dispose();
    },
  });
}
