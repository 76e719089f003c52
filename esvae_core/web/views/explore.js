/** Explore: a source, its picture, and the rates and spikes behind it, all to be changed. */

import { choice, h, icon } from "../dom.js";
import { GRID } from "../math/rates.js";
import { controlPanel } from "../parts/explore/controls.js";
import { modelOverlay } from "../parts/explore/model_overlay.js";
import { distance } from "../parts/explore/distance.js";
import { mixer } from "../parts/shared/mixer.js";
import { noiseControls } from "../parts/shared/noise_controls.js";
import { picture } from "../parts/explore/picture.js";
import { noSpikesNotice } from "../parts/shared/no_spikes.js";
import { raster } from "../parts/shared/raster.js";
import { source } from "../parts/explore/source.js";

export const styles = ["explore.css"];

/** @type {[State["order"], string, string][]} */
const ORDERS = [
  ["effect", "effect", "How much the picture changes when it crosses the range of the test images"],
  ["usage", "usage", "How much it varies over the test images"],
  ["index", "index", "As they are in the network"],
];

/** @param {Session} session */
export function mount(root, session) {
  const bars = mixer(session);
  const rates = heading(session, bars);
  const spikes = session.latent.sampled
    ? { noise: noiseControls(session), raster: raster(session) }
    : { none: noSpikesNotice(session) };
  const parts = {
    source: source(session),
    picture: picture(session),
    ...(session.controls.length ? { controls: controlPanel(session, bars) } : {}),
    rates,
    mixer: bars,
    distance: distance(session),
    beside: modelOverlay(session),
    ...spikes,
  };
  const foot = h("p", { class: "quiet foot", role: "status" });
  root.append(
    h("p", { class: "intro" }, h("strong", {}, "ESVAE explorer. "), introduction(session)),
    h(
      "div",
      { class: "explore" },
      h("div", { class: "column left" }, parts.source, parts.distance),
      h("div", { class: "column middle" }, parts.picture, parts.noise, parts.beside),
      h("div", { class: "column right" }, parts.controls, rates, bars, parts.raster ?? parts.none),
    ),
    foot,
  );
  const times = [];
  const stop = session.live.on(({ ms }) => {
    times.push(ms);
    if (times.length > 30) times.shift();
    const median = [...times].sort((a, b) => a - b)[times.length >> 1];
    foot.textContent = `${median.toFixed(1)} ms a picture, ${session.live.where === "page" ? "in this page" : "on the server"}`;
  });
  return () => {
    stop();
    Object.values(parts).forEach((part) => part.dispose());
  };
}

/** What a newcomer looks at, in two sentences. @param {Session} session */
function introduction({ latent, controls }) {
  const pull = controls.length ? "Pull a control or a bar" : "Pull a bar";
  if (latent.counts)
    return `A network draws this picture from spike counts: each neuron fires so often by chance, with its rate as the mean. ${pull}: counts and picture follow.`;
  return latent.spiking
    ? `A network of spiking neurons draws this picture from firing rates: how often each neuron spikes (0 never, 1 always). ${pull}: spikes and picture follow.`
    : `A network without spikes draws this picture from a vector of ${latent.names}. ${pull}: the picture follows.`;
}

/** @param {Session} session */
function heading(session, bars) {
  const { store, atlas, latent } = session;
  const order = choice(
    "Order of the dimensions",
    ORDERS.filter(([name]) => atlas || name === "index"),
    store.state.order,
    (value) => store.change({ order: ORDERS.find(([name]) => name === value)[0] }, `order by ${value}`),
  );
  const reset = h(
    "button",
    {
      type: "button",
      title: `All ${latent.names} as they are at the source`,
      onclick: () => store.change({ rates: session.ratesOf(store.state.source) }, "reset"),
    },
    icon("reset"),
    "Reset",
  );
  const random = h(
    "button",
    {
      type: "button",
      title: `Each ${latent.name} is drawn alone from those of the test images, so what they have in common is lost`,
      onclick: () => shuffle(session, bars),
    },
    icon("dice"),
    "Random",
  );
  const element = h(
    "div",
    { class: "head" },
    latent.spiking
      ? h("h2", {}, "Rates ", h("small", {}, latent.scale))
      : h("h2", {}, latent.counts ? "Rates " : "Latent ", h("small", {}, latent.scale)),
    h(
      "p",
      { class: "legend", "aria-hidden": "true" },
      h("span", { class: "key now" }),
      "now",
      h("span", { class: "key was" }),
      "source",
      atlas ? [h("span", { class: "key data" }), "data, 5 to 95 %"] : null,
    ),
    h("div", { class: "row tight" }, order, reset, random),
  );
  element.dispose = store.on("state", ({ order: now }) => order.choose(now));
  return element;
}

/** @param {Session} session */
function shuffle({ store, atlas, entry }, bars) {
  const rates = store.state.rates.map((rate, i) => {
    if (!bars.free(i)) return rate;
    if (!atlas) return Math.floor(Math.random() * (GRID + 1));
    return atlas.rates(Math.floor(Math.random() * atlas.count))[i];
  });
  store.change({ rates }, `random, ${entry.name}`);
}
