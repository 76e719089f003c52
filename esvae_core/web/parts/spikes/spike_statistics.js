/**
 * What the samplers' theory says of counts, intervals and Fano factors, over what many draws show; and why this is not
 * Poisson.
 */

import { h } from "../../dom.js";
import { sample, uniform } from "../../engine/noise.js";
import * as theory from "../../math/distributions.js";
import { MAX_SEED } from "../../state/url_state.js";
import { same } from "../../math/rates.js";
import { counted, formatNumber } from "../../math/axis.js";
import { countsOf, intervalsOf } from "../../math/spike_trains.js";
import { chart } from "../shared/chart.js";
import { nameOf } from "../shared/mixer.js";

const DRAWS = [100, 400, 1600];
const REST = 60; // ms without a change before anything is drawn anew

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function spikeStatistics(session, trace) {
  const { entry } = session;
  const d = entry.dims;
  const neurons = h("select", {
    "aria-label": "Neuron",
    onchange: () => trace.remember({ neuron: neurons.value }, `neuron ${neurons.value}`),
  });
  const draws = h(
    "select",
    { "aria-label": "Draws", onchange: () => trace.remember({ draws: draws.value }, `${draws.value} draws`) },
    DRAWS.map((k) => h("option", { value: k }, `${k} draws`)),
  );
  const charts = {
    counts: chart("Spikes in T steps"),
    poisson: chart("If they were Poisson"),
    intervals: chart("Steps from one spike to the next"),
    fano: chart("Fano factor: variance / mean of the count"),
  };
  const words = h("p", { class: "plain" });
  const element = h(
    "section",
    { class: "statistics-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, "Bernoulli, not Poisson ", h("small", {}, "what is drawn, and the law it should follow")),
      h("div", { class: "row tight" }, neurons, draws),
    ),
    words,
    h("div", { class: "charts" }, Object.values(charts)),
  );
  let timer = 0;
  let shown = ""; // what the charts are of, or will be in a moment
  let known = null; // what the draws were made of
  let drawn = null;

  /** Counts (K, d) of K draws, of as many true Poisson counts, and the intervals of each neuron. */
  function collect({ rates, state }, count) {
    const { seed, sampler, steps } = state;
    if (
      known &&
      same(known.rates, rates) &&
      known.seed === seed &&
      known.sampler === sampler &&
      known.steps === steps &&
      known.count === count
    )
      return drawn;
    known = { rates, seed, sampler, steps, count };
    const counts = new Uint16Array(count * d);
    const intervals = Array.from({ length: d }, () => new Float64Array(steps));
    for (let k = 0; k < count; k++) {
      const spikes = sample(rates, (seed + k) % (MAX_SEED + 1), sampler, steps);
      counts.set(countsOf(spikes, d), k * d);
      for (let j = 0; j < d; j++) intervalsOf(spikes, d, j, intervals[j]);
    }
    const noise = uniform((seed + count) % (MAX_SEED + 1), count, d);
    const poisson = Uint16Array.from(noise, (u, i) => theory.poissonDraw(steps * rates[i % d], u));
    return (drawn = { counts, intervals, poisson });
  }

  function draw() {
    const { now } = trace;
    const { rates, state } = now;
    const { steps, sampler } = state;
    const count = DRAWS.includes(Number(state.view.draws)) ? Number(state.view.draws) : DRAWS[1];
    draws.value = String(count);
    const one = choose(now);
    const which = one < 0 ? Array.from({ length: d }, (_, j) => j) : [one];
    const found = collect(now, count);
    const of = (values) =>
      Array.from(
        { length: which.length * count },
        (_, i) => values[Math.floor(i / which.length) * d + which[i % which.length]],
      );
    const name = one < 0 ? `all ${d} neurons` : `${nameOf(session, one)}, rate ${formatNumber(rates[one])}`;
    showCounts(
      of(found.counts),
      which.map((j) => theory.countLaw(sampler, rates[j], steps)),
      now,
      one,
      name,
      count,
    );
    showPoisson(
      of(found.poisson),
      which.map((j) => rates[j] * steps),
      steps,
      name,
    );
    showIntervals(which, found, now, count, name);
    showFano(found, now, count);
    explain(now, one);
    element.dataset.drawn = `${count} of ${name}`;
  }

  /** The neuron that the visitor chose, -1 for all; the one whose rate is nearest to 1/2 to begin with. */
  function choose({ rates, state }) {
    const names = rates.reduce(
      (list, r, j) => [...list, h("option", { value: j }, `${nameOf(session, j)}, rate ${formatNumber(r)}`)],
      [h("option", { value: "all" }, "all neurons together")],
    );
    const wanted = state.view.neuron;
    let one = /^[0-9]+$/.test(wanted ?? "") && Number(wanted) < d ? Number(wanted) : -1;
    if (wanted === undefined)
      one = rates.reduce((best, r, j) => (Math.abs(r - 0.5) < Math.abs(rates[best] - 0.5) ? j : best), 0);
    neurons.replaceChildren(...names);
    neurons.value = one < 0 ? "all" : String(one);
    return one;
  }

  function showCounts(values, expected, { state }, one, name, count) {
    const { steps, sampler } = state;
    const [there, law] = [theory.shares(values, steps), theory.pooled(expected)];
    const said = theory.fano(values);
    const title =
      sampler === "systematic"
        ? "T r, rounded up or down"
        : one < 0
          ? "mean of the binomials"
          : `Binomial(${steps}, r)`;
    charts.counts.draw({
      x: { label: "spikes", from: -0.5, to: steps + 0.5, whole: true },
      y: { label: `share of the draws`, from: 0, to: 1.08 * Math.max(...there, ...law) },
      marks: [
        { kind: "bars", tone: "quiet", name: "drawn", values: Array.from(there, (p, k) => [k, p]) },
        { kind: "line", tone: "now", name: title, values: Array.from(law, (p, k) => [k, p]) },
        { kind: "dots", tone: "now", values: Array.from(law, (p, k) => [k, p]), size: 2.5 },
      ],
      words: `${name}, ${count} draws: mean ${formatNumber(said.mean)}, variance ${formatNumber(said.variance)}; drawn and expected shares differ by ${formatNumber(theory.totalVariation(there, law))}.`,
      note: `${name}: mean ${formatNumber(said.mean)}, variance ${formatNumber(said.variance)}${one < 0 ? "" : `, Fano factor ${formatNumber(said.fano)}`}`,
    });
  }

  function showPoisson(values, means, steps, name) {
    const most = Math.max(steps + 2, ...means.map((m) => Math.ceil(m + 4 * Math.sqrt(m))));
    const [there, law] = [theory.shares(values, most), theory.pooled(means.map((m) => theory.poisson(m, most)))];
    const said = theory.fano(values);
    const beyond = 1 - law.slice(0, steps + 1).reduce((a, b) => a + b, 0);
    charts.poisson.draw({
      x: { label: "events", from: -0.5, to: most + 0.5, whole: true },
      y: { label: "share of the draws", from: 0, to: 1.08 * Math.max(...there, ...law) },
      marks: [
        { kind: "region", tone: "was", name: "more than T: cannot be spikes", values: [steps + 0.5, most + 0.5] },
        { kind: "bars", tone: "quiet", name: "drawn", values: Array.from(there, (p, k) => [k, p]) },
        { kind: "line", tone: "was", name: "Poisson(T r)", values: Array.from(law, (p, k) => [k, p]) },
        { kind: "dots", tone: "was", values: Array.from(law, (p, k) => [k, p]), size: 2.5 },
      ],
      words: `True Poisson counts of the same mean, ${name}: mean ${formatNumber(said.mean)}, variance ${formatNumber(said.variance)}; ${formatNumber(100 * beyond)} percent need more than ${counted(steps, "spike")} in ${counted(steps, "step")}.`,
      note: `Same mean, variance ${formatNumber(said.variance)}; ${beyond < 5e-4 ? "hardly any" : `${formatNumber(100 * beyond)} %`} beyond T = ${steps}`,
    });
  }

  function showIntervals(which, { intervals }, { rates, state }, count, name) {
    const { steps, sampler } = state;
    const sum = (of) => Float64Array.from({ length: steps }, (_, k) => which.reduce((total, j) => total + of(j)[k], 0));
    const there = sum((j) => intervals[j]).map((n) => n / count);
    const expected = which.map((j) => theory.expectedIntervals(sampler, rates[j], steps));
    const law = sum((j) => expected[which.indexOf(j)]);
    const points = (values) => Array.from(values, (n, k) => [k, n]).slice(1);
    charts.intervals.draw({
      x: { label: "steps", from: 0.5, to: Math.max(2, steps) - 0.5, whole: true },
      y: { label: "intervals per draw", from: 0, to: 1.08 * Math.max(...there, ...law, 0.01) },
      marks: [
        { kind: "bars", tone: "quiet", name: "drawn", values: points(there) },
        {
          kind: "line",
          tone: "now",
          name: sampler === "systematic" ? "1/r, rounded up or down" : "geometric law",
          values: points(law),
        },
        { kind: "dots", tone: "now", values: points(law), size: 2.5 },
      ],
      words: `${name}: ${formatNumber(there.reduce((a, b) => a + b, 0))} intervals per draw, ${formatNumber(law.reduce((a, b) => a + b, 0))} expected; ${formatNumber(there[1] ?? 0)} of one step, ${formatNumber(law[1] ?? 0)} expected.`,
      note:
        sampler === "systematic"
          ? "As even as whole steps allow"
          : "r (1 − r)^(k−1), times the places where k steps fit into T",
    });
  }

  function showFano({ counts, poisson }, { rates, state }, count) {
    const { steps, sampler } = state;
    const firing = Array.from(rates, (_, j) => j).filter((j) => rates[j] > 0);
    const column = (values, j) => Array.from({ length: count }, (_, k) => values[k * d + j]);
    const dots = (values) =>
      firing.map((j) => [rates[j], theory.fano(column(values, j)).variance / (steps * rates[j])]);
    const [there, other] = [dots(counts), dots(poisson)];
    const grid = Array.from({ length: 257 }, (_, i) => Math.max(1e-3, i / 256));
    const bernoulli = sampler === "bernoulli";
    const band = grid.map((r) => {
      const spread = 2 * theory.fanoSpread(r, steps, count);
      return [r, Math.max(0, 1 - r - spread), 1 - r + spread];
    });
    const below = there.filter(([r]) => r < 1);
    const within = below.filter(
      ([r, f]) => Math.abs(f - (1 - r)) <= 2 * theory.fanoSpread(r, steps, count) + 1e-9,
    ).length;
    charts.fano.draw({
      x: { label: "rate r, spikes per step", from: 0, to: 1 },
      y: {
        label: "variance / mean",
        from: 0,
        to: 1.05 * Math.max(1.2, ...other.map(([, f]) => f), ...there.map(([, f]) => f)),
      },
      marks: [
        bernoulli ? { kind: "band", tone: "now", values: band } : null,
        {
          kind: "line",
          tone: "now",
          name: bernoulli ? "1 − r" : "systematic",
          values: grid.map((r) => [r, theory.fanoLaw(sampler, r, steps)]),
        },
        {
          kind: "line",
          tone: "was",
          dashed: true,
          name: "Poisson: 1",
          values: [
            [0, 1],
            [1, 1],
          ],
        },
        { kind: "dots", tone: "was", hollow: true, values: other },
        { kind: "dots", tone: "ink", name: "a neuron", values: there, titles: firing.map((j) => nameOf(session, j)) },
      ],
      words: `${counted(there.length, "neuron fires", "neurons that fire")}. ${bernoulli ? `${within} of the ${below.length} with rates below 1 lie within two deviations of 1 minus rate.` : `The largest is ${formatNumber(Math.max(0, ...there.map(([, f]) => f)))}.`} True Poisson counts lie around 1.`,
      note: bernoulli
        ? `${within} of the ${below.length} with rates between 0 and 1 within the band, where about 95 % belong (two deviations of ${count} draws)`
        : `Largest: ${formatNumber(Math.max(0, ...there.map(([, f]) => f)))}; Bernoulli spikes would show 1 − r`,
    });
  }

  function explain({ rates, state }, one) {
    const { steps, sampler } = state;
    const coins =
      steps === 1 ? "One coin makes a count of 0 or 1" : `${steps} coins make a count between 0 and ${steps}`;
    const text =
      sampler === "systematic"
        ? [
            `Systematic sampling spends one random offset per neuron and spaces the spikes evenly: the count is T × r, rounded up or down, and so are the intervals 1/r. Its Fano factor is nearly 0, so the picture hardly changes with the noise. Bernoulli sampling tosses a coin with chance r at every step instead.`,
          ]
        : [
            `The paper speaks of Poisson spikes. What it draws, and this page too, is a coin with chance r at every step: a spike or none. ${coins}, Binomial(${steps}, r), with variance T r (1 − r). A Poisson count has no ceiling, and its variance equals its mean; coins come near it only where the rate is small.`,
          ];
    if (one >= 0 && sampler === "bernoulli")
      text.push(
        ` At rate ${formatNumber(rates[one])} the Fano factor is ${formatNumber(1 - rates[one])}, where Poisson would have 1.`,
      );
    if (one >= 0 && (rates[one] <= 0 || rates[one] >= 1))
      text.push(` A neuron at rate ${formatNumber(rates[one])} has no sampling noise: choose another.`);
    words.textContent = text.join("");
  }

  const stop = trace.on(({ rates, state }) => {
    const { seed, sampler, steps, view } = state;
    const remembered = Object.entries(view).filter(([name]) => /^(neuron|draws|name[0-9]+)$/.test(name));
    const now = [rates, seed, sampler, steps, remembered].join();
    if (now === shown) return; // steps are played, or spikes edited
    shown = now;
    clearTimeout(timer);
    timer = setTimeout(draw, REST);
  });
  element.dispose = () => {
    clearTimeout(timer);
    stop();
    Object.values(charts).forEach((each) => each.dispose());
  };
  return element;
}
