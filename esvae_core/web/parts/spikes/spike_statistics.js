/**
 * What the samplers' theory says of counts, intervals and Fano factors, over what many draws show; and why this is not
 * Poisson.
 */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { same } from "../../math/rates.js";
import { formatNumber } from "../../math/axis.js";
import { chart } from "../shared/chart.js";
import { nameOf } from "../shared/dimension_names.js";
import { helpMark } from "../shared/help.js";
import { neuronIn, noisiest, sampledStatistics } from "./sampled_statistics.js";
import { countsChart, explanation, fanoChart, intervalsChart, poissonChart } from "./statistics_charts.js";

const DRAWS = [100, 400, 1600];
const REST = 60; // ms without a change before anything is drawn anew

/**
 * @param {Session} session
 * @param {DecoderTrace} trace
 */
export function spikeStatistics(session, trace) {
  const { element, neurons, draws, charts, words } = elementsOf(trace);
  const statistics = lastSampled();
  let timer = 0;
  let shown = ""; // what the charts are of, or will be in a moment

  function draw() {
    if (!trace.now) return;
    const { rates, state } = trace.now;
    const { steps, sampler, view } = state;
    const names = Array.from(rates, (_, j) => nameOf(session, j));
    const count = DRAWS.includes(Number(view.draws)) ? Number(view.draws) : DRAWS[1];
    const one = chosenNeuron(view.neuron, rates);
    const name = one < 0 ? msg`all ${rates.length} neurons` : msg`${names[one]}, rate ${formatNumber(rates[one])}`;
    const which = one < 0 ? names.map((_, j) => j) : [one];
    const found = statistics(rates, state, count);
    const all = { found, draws: count, rates, sampler, steps, neurons: which, one, name };
    draws.value = String(count);
    offer(neurons, rates, names, one);
    charts.counts.draw(countsChart(all));
    charts.poisson.draw(poissonChart(all));
    charts.intervals.draw(intervalsChart(all));
    charts.fano.draw(fanoChart(all, names));
    words.textContent = explanation(all);
    element.dataset.drawn = `${count} of ${name}`;
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

/** @param {DecoderTrace} trace */
function elementsOf(trace) {
  const neurons = h("select", {
    "aria-label": msg`Neuron`,
    onchange: () => trace.remember({ neuron: neurons.value }, msg`neuron ${neurons.value}`),
  });
  const draws = h(
    "select",
    { "aria-label": msg`Draws`, onchange: () => trace.remember({ draws: draws.value }, msg`${draws.value} draws`) },
    DRAWS.map((k) => h("option", { value: k }, msg`${k} draws`)),
  );
  const charts = {
    counts: chart(msg`Spikes in T steps`),
    poisson: chart(msg`If they were Poisson`),
    intervals: chart(msg`Steps from one spike to the next`),
    fano: chart(msg`Fano factor: variance / mean of the count`),
  };
  const words = h("p", { class: "plain" });
  const element = h(
    "section",
    { class: "statistics-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, msg`Bernoulli, not Poisson `, h("small", {}, msg`what is drawn, and the law it should follow`)),
      helpMark("statistics"),
      h("div", { class: "row tight" }, neurons, draws),
    ),
    words,
    h("div", { class: "charts" }, Object.values(charts)),
  );
  return { element, neurons, draws, charts, words };
}

/** Statistics of many draws, made anew only when the rates, the noise or the number of draws are others. */
function lastSampled() {
  /** @type {ReturnType<typeof statisticsOf>|null} */
  let known = null;
  /** @param {Float32Array} rates @param {State} state @param {number} draws */
  return (rates, { seed, sampler, steps }, draws) => {
    const fits = known?.seed === seed && known.sampler === sampler && known.steps === steps && known.draws === draws;
    if (!known || !fits || !same(known.rates, rates)) known = statisticsOf(rates, { seed, sampler, steps }, draws);
    return known.found;
  };
}

/**
 * Statistics, and what they are of.
 * @param {Float32Array} rates
 * @param {Pick<State, "seed"|"sampler"|"steps">} noise
 * @param {number} draws
 */
const statisticsOf = (rates, noise, draws) => ({
  rates,
  ...noise,
  draws,
  found: sampledStatistics(rates, noise, draws),
});

/** The neuron that the visitor chose, -1 for all; the noisiest to begin with. @param {Float32Array} rates */
const chosenNeuron = (wanted, rates) => (wanted === undefined ? noisiest(rates) : neuronIn(wanted, rates.length));

/** @param {HTMLSelectElement} select @param {Float32Array} rates @param {string[]} names @param {number} one */
function offer(select, rates, names, one) {
  select.replaceChildren(
    h("option", { value: "all" }, msg`all neurons together`),
    ...names.map((name, j) => h("option", { value: j }, msg`${name}, rate ${formatNumber(rates[j])}`)),
  );
  select.value = one < 0 ? "all" : String(one);
}
