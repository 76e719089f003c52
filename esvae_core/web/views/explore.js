/** Explore: a source, its picture, and the rates and spikes behind it, all to be changed. */

import { h, icon } from "../dom.js";
import { has } from "../having.js";
import { msg } from "../messages.js";
import { GRID } from "../math/rates.js";
import { VectorError } from "../math/vector_text.js";
import { controlPanel } from "../parts/explore/controls.js";
import { modelOverlay } from "../parts/explore/model_overlay.js";
import { distance } from "../parts/explore/distance.js";
import { intro } from "../parts/explore/intro.js";
import { picture } from "../parts/explore/picture.js";
import { presentation } from "../parts/explore/presentation.js";
import { Playback } from "../parts/explore/playback.js";
import { responseStrip } from "../parts/explore/response_strip.js";
import { source } from "../parts/explore/source.js";
import { Chosen } from "../parts/shared/chosen.js";
import { helpMark } from "../parts/shared/help.js";
import { menu } from "../parts/shared/menu.js";
import { mixer } from "../parts/shared/mixer.js";
import { samplerChoice } from "../parts/shared/noise_controls.js";
import { noisePanel } from "../parts/shared/noise_panel.js";
import { noSpikesNotice } from "../parts/shared/no_spikes.js";
import { player } from "../parts/shared/player.js";
import { raster } from "../parts/shared/raster.js";

export const styles = ["explore.css"];

/** @type {[State["order"], string, string][]} */
const ORDERS = [
  ["effect", msg`strongest first`, msg`By how much the picture changes when one crosses the range of the test images`],
  ["usage", msg`most varied first`, msg`By how much they vary over the test images`],
  ["index", msg`by number`, msg`As they are in the network`],
];

/** @param {Session} session */
export function mount(root, session) {
  const chosen = new Chosen();
  const bars = mixer(session, chosen);
  const response = responseStrip(session, chosen);
  const { sampled } = session.latent;
  const playback = has(session, "spikingEngine") ? new Playback(session) : null;
  const parts = {
    intro: intro(session),
    source: source(session),
    picture: picture(session, playback),
    ...(session.controls.length ? { controls: controlPanel(session, bars, response.look) } : {}),
    rates: heading(session, bars),
    mixer: bars,
    response,
    distance: distance(session),
    beside: modelOverlay(session),
    present: presentation(session),
    noise: sampled ? noisePanel(session, { sampler: false }) : null,
    spikes: sampled ? spikes(session, chosen, playback) : noSpikesNotice(session),
  };
  parts.picture.querySelector(".head")?.append(parts.present);
  const foot = h("p", { class: "quiet foot", role: "status" });
  root.append(
    parts.intro,
    h(
      "div",
      { class: "explore" },
      h("div", { class: "column left" }, parts.source, parts.noise, parts.distance, parts.beside, foot),
      h("div", { class: "column middle" }, parts.picture),
      h("div", { class: "column right" }, parts.controls, parts.rates, bars, response),
      h("div", { class: "column spikes-place" }, parts.spikes),
    ),
    parts.present.leave,
  );
  const times = [];
  const stop = session.live.on(({ ms }) => {
    times.push(ms);
    if (times.length > 30) times.shift();
    const median = [...times].sort((a, b) => a - b)[times.length >> 1];
    foot.textContent = msg`${median.toFixed(1)} ms a picture, ${session.live.where === "page" ? msg`in this page` : msg`on the server`}`;
  });
  return () => {
    stop();
    Object.values(parts).forEach((part) => part?.dispose?.());
    playback?.dispose();
  };
}

/** The raster, with the kind of spikes and the player above it. @param {Session} session */
function spikes(session, chosen, playback) {
  const kind = session.latent.counts ? null : samplerChoice(session); // counts are Poisson, and nothing else
  const steps = playback && player(session, playback);
  const part = raster(session, {
    chosen,
    playback,
    beside: [helpMark(session.latent.counts ? "counts" : "raster"), kind],
    above: steps,
  });
  const stop = part.dispose;
  part.dispose = () => [stop, kind?.dispose, steps?.dispose].forEach((end) => end?.());
  return part;
}

/** @param {Session} session */
function heading(session, bars) {
  const { store, atlas, latent } = session;
  const order = h(
    "select",
    {
      "aria-label": msg`Order of the bars`,
      onchange: () => store.change({ order: /** @type {State["order"]} */ (order.value) }, msg`order: ${order.value}`),
    },
    ORDERS.filter(([name]) => atlas || name === "index").map(([value, text, title]) =>
      h("option", { value, title }, text),
    ),
  );
  const [title, meaning] = latent.heading;
  const show = ({ order: now }) => (order.value = atlas ? now : "index");
  const reset = h(
    "button",
    {
      type: "button",
      title: msg`All ${latent.names} as they are at the start`,
      onclick: () => store.change({ rates: session.ratesOf(store.state.source) }, msg`reset`),
    },
    icon("reset"),
    msg`Reset`,
  );
  const random = h(
    "button",
    {
      type: "button",
      title: msg`Each ${latent.name} is drawn alone from those of the test images, so what they have in common is lost`,
      onclick: () => shuffle(session, bars),
    },
    icon("dice"),
    msg`Random`,
  );
  const element = h(
    "div",
    { class: "head" },
    h("h2", {}, `${title} `, h("small", {}, meaning)),
    helpMark("rates"),
    h(
      "p",
      { class: "legend", "aria-hidden": "true" },
      h("span", { class: "key now" }),
      msg`now`,
      h("span", { class: "key was" }),
      msg`start`,
      atlas ? [h("span", { class: "key data" }), msg`90 % of real images`] : null,
    ),
    h("div", { class: "row tight" }, order, reset, random, vectorMenu(session, bars)),
  );
  show(store.state);
  element.dispose = store.on("state", show);
  return element;
}

/** All values as text, to copy, and to paste. @param {Session} session */
function vectorMenu({ latent }, bars) {
  const place = menu(msg`Copy or paste all ${latent.names}`, "copy", (close) => {
    const field = h("textarea", { rows: 6, spellcheck: "false", "aria-label": msg`All ${latent.names}, by number` });
    field.value = bars.asText();
    const said = h("p", { class: "quiet", role: "status" });
    const take = () => {
      try {
        bars.fromText(field.value);
        close();
      } catch (error) {
        if (!(error instanceof VectorError)) throw error;
        said.textContent = msg`Not taken: ${error.message}.`;
      }
    };
    const copy = () =>
      navigator.clipboard.writeText(field.value).then(
        () => (said.textContent = msg`Copied.`),
        () => {
          field.select();
          said.textContent = msg`The browser does not allow it; press Ctrl+C.`;
        },
      );
    return h(
      "div",
      { class: "vector" },
      h("p", { class: "quiet" }, msg`By number; a JSON list, or numbers separated by spaces or commas.`),
      field,
      h(
        "div",
        { class: "row tight" },
        h("button", { type: "button", onclick: copy }, icon("copy"), msg`Copy`),
        h("button", { type: "button", onclick: take }, msg`Set these ${latent.names}`),
      ),
      said,
    );
  });
  place.classList.add("only-icon");
  return place;
}

/** @param {Session} session */
function shuffle({ store, atlas, entry }, bars) {
  const rates = store.state.rates.map((rate, i) => {
    if (!bars.free(i)) return rate;
    if (!atlas) return Math.floor(Math.random() * (GRID + 1));
    return atlas.rates(Math.floor(Math.random() * atlas.count))[i];
  });
  store.change({ rates }, msg`random, ${entry.name}`);
}
