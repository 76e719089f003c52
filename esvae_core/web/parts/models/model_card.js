/** The card of a model: what its file says of it, beside what is drawn of it. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { helpMark } from "../shared/help.js";
import { dataName, kindName } from "../shared/plain_names.js";
import { capitalized } from "../../math/axis.js";
import { layerList } from "./diagram.js";
import { films } from "./film.js";
import { metricTitle } from "./metric_names.js";
import { budget, learning } from "./training.js";

/**
 * @param {ModelListing} entry the model; its card may be missing
 * @param {HTMLElement} drawn for the first column
 * @param {HTMLElement|null} [below] for the second, after the figures
 */
export function modelCard(entry, drawn, below = null) {
  const { metrics, settings, source, created } = entry.card ?? { metrics: [], settings: {}, source: "", created: "" };
  const taught = entry.taught?.length ? msg`its first neurons were taught ${entry.taught.join(", ")}` : "";
  const facts = [
    source,
    created ? msg`written ${created.slice(0, 10)}` : "",
    entry.budget ? budget(entry.budget) : "",
    taught,
  ];
  const rows = distinct(metrics).map((metric) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", title: metric.protocol }, metricTitle(metric)),
      h("td", { title: metric.protocol }, metric.value.toPrecision(4)),
      h("td", { class: "protocol", title: msg`How it was measured` }, metric.protocol),
    ),
  );
  const element = h(
    "section",
    { class: "model-card", "aria-label": msg`Card of ${entry.name}` },
    h(
      "div",
      { class: "head" },
      h("h2", {}, `${entry.name} `, h("small", {}, facts.filter(Boolean).join("; "))),
      helpMark("modelCard"),
    ),
    h(
      "div",
      { class: "card-columns" },
      drawn,
      h(
        "div",
        {},
        h("h3", {}, msg`Measured`),
        rows.length
          ? h("div", { class: "table-place" }, h("table", {}, h("tbody", {}, rows)))
          : h("p", { class: "quiet" }, msg`Nothing measured yet; \`esvae evaluate --record\` writes figures here.`),
        below,
        h("details", {}, h("summary", {}, msg`Settings`), h("pre", {}, JSON.stringify(settings, null, 2))),
      ),
    ),
  );
  element.dispose = () => [drawn, below].forEach((part) => part?.dispose?.());
  return element;
}

const SAMPLING = / ?(?:bernoulli|systematic) sampling,?/;

/**
 * Figures without those that are there twice: what no spike is sampled for comes out alike under both samplers.
 * @param {Metric[]} metrics
 * @returns {Metric[]}
 */
export function distinct(metrics) {
  const whole = ({ name, value, protocol }) => JSON.stringify([name, value, protocol.replace(SAMPLING, "")]);
  const counts = new Map();
  for (const metric of metrics) counts.set(whole(metric), (counts.get(whole(metric)) ?? 0) + 1);
  const seen = new Set();
  return metrics.flatMap((metric) => {
    const key = whole(metric);
    if (seen.has(key)) return [];
    seen.add(key);
    return [counts.get(key) > 1 ? { ...metric, protocol: metric.protocol.replace(SAMPLING, "") } : metric];
  });
}

/**
 * The card of a model that cannot be opened: nothing in it moves, and its curve is here, since the charts below the
 * view are not of it. Of a model of recordings films are played.
 *
 * @param {ModelListing} entry
 * @param {Session} session
 */
export function previewModelCard(entry, session) {
  const film = isOfRecordings(entry) ? films(session, entry) : null;
  const model = LAYERED.includes(entry.kind ?? "") ? entry.card?.settings.model : null;
  const drawn = h(
    "div",
    { class: "diagram" },
    h("h3", {}, msg`What it is`),
    h("p", {}, whatItIs(entry)),
    film,
    model ? [h("h3", {}, msg`Layers`), layerList(model)] : null,
  );
  drawn.dispose = () => film?.dispose?.();
  return modelCard(entry, drawn, learning(entry));
}

/** @param {ModelListing} entry @returns {entry is RecordingListing} */
const isOfRecordings = (entry) => Boolean(entry.frames);

/** Kinds of models that are not played whose layers are those of the diagram. */
const LAYERED = ["esvae", "fsvae"];

/** What a model is, and why none of the views plays it. @param {ModelListing} entry */
function whatItIs({ kind, dataset, size, channels, dims, steps, frames, lacking, problem }) {
  const where = [dataset ? dataName(dataset) : "", `${size}² ${formOf(channels)}`].filter(Boolean).join(", ");
  const what = capitalized(kindName(kind ?? ""));
  if (frames) {
    return msg`A model of recordings (${kindName(kind ?? "")}), on ${where}: it takes and gives ${steps} frames, one at each time step. The views of this explorer play models of images, so none of them opens it. Here are recordings of it: latent spikes above, the frame of the step below.`;
  }
  if (kind === "fsvae") {
    return msg`${what}, on ${where}: its ${dims} latent neurons spike for ${steps} steps, each of which goes on from those before, so there is no vector of rates to play. Side by side, below, shows its pictures and latent spikes.`;
  }
  if (lacking) return msg`${what}, on ${where}: this explorer does not have ${lacking}, so none of its views opens it.`;
  return msg`${what}, on ${where}. It cannot be opened: ${problem}`;
}

/** What the channels of a model's images are. @param {number|undefined} channels */
export const formOf = (channels) => (channels === 3 ? msg`colour` : channels === 2 ? msg`events` : msg`gray`);
