/** One dimension: its name, its rate to be changed, how often real images have which rate, and its classes. */

import { focusedBeside, h, icon, lettering, onLook, palette, pixels, sharp } from "../../dom.js";
import { classColour } from "../../math/colour.js";
import { NAMED_FROM, suggestions } from "../../math/measured.js";
import { GRID } from "../../math/rates.js";
import { activatingImages } from "../shared/activating_images.js";
import { download } from "../shared/download.js";
import { nameOf } from "../shared/mixer.js";
import { paint } from "../shared/paint.js";
import { withRate } from "./strips.js";
import { chosenOf } from "./table.js";

const IMAGES = 8; // real ones at either end
const LONGEST = 24; // letters of a name, so that links stay short
const NO_NAME = `It goes with no attribute or class alone (no correlation of ${NAMED_FROM} or more), so no name is suggested.`;

/**
 * @param {Session} session
 * @param {DimensionFacts} facts
 */
export function detail(session, facts) {
  const { store, atlas, entry, live, latent } = session;
  const noun = `${latent.name[0].toUpperCase()}${latent.name.slice(1)}`;
  const title = h("h2", {});
  const words = h("p", { class: "quiet" });
  const name = h("input", {
    type: "text",
    maxlength: LONGEST,
    "aria-label": "Name of the dimension",
    placeholder: "name it",
    onchange: () => rename(),
  });
  const save = h(
    "button",
    {
      type: "button",
      title: "Save all names, JSON",
      onclick: () => download(`${entry.name}-dimensions.json`, named(session)),
    },
    icon("export"),
    "Names",
  );
  const picture = pixels(entry.size, entry.size, `Picture of the present ${latent.whole}`, "large");
  const rate = h("input", { type: "range", min: 0, max: 1, step: 1 / (4 * atlas.steps), "aria-label": noun });
  const reading = h("output", {});
  const canvas = h("canvas", { class: "rate-histogram", role: "img" });
  const bars = h("div", { class: "class-bars" });
  const offers = h("p", { class: "row tight suggestions" });
  const classes = h(
    "figure",
    {},
    bars,
    h("figcaption", {}, latent.spiking ? "mean rate in each class" : "mean in each class"),
  );
  const images = activatingImages(session, IMAGES);
  const element = h(
    "section",
    { class: "detail-part" },
    h(
      "div",
      { class: "head" },
      title,
      h("div", { class: "row tight" }, h("label", { class: "field" }, "Name", name), save),
    ),
    words,
    offers,
    h(
      "div",
      { class: "detail-body" },
      picture,
      h("div", {}, canvas, h("label", { class: "field rate-field" }, noun, rate, reading)),
      classes,
    ),
    h("h3", {}, "Real images with most and least of it"),
    images,
  );
  let chosen = -1;

  rate.oninput = (event) => {
    live.follow(event);
    store.set({ rates: withRate(store.state.rates, chosen, Number(rate.value)) });
  };
  rate.onchange = () => store.commit(nameOf(session, chosen));

  function rename() {
    const view = { ...store.state.view, [`name${chosen}`]: name.value.trim().slice(0, LONGEST) };
    if (!view[`name${chosen}`]) delete view[`name${chosen}`];
    store.change({ view }, `name of d${chosen}`);
  }

  /** Names that would suit the dimension, each with its reason. */
  function suggest() {
    const all = suggestions(session.measured, facts, atlas.classNames, chosen);
    const found = all.filter((each) => each.name !== nameOf(session, chosen));
    const accept = (each) => {
      name.value = each.name.slice(0, LONGEST);
      rename();
    };
    const button = (each) => {
      const figure = `${each.value < 0 ? "−" : ""}${Math.abs(each.value).toFixed(2)}`;
      const title = `Name it “${each.name}”: correlation ${figure}, measured on ${each.of}`;
      return h(
        "button",
        { type: "button", class: "chip", title, onclick: () => accept(each) },
        each.name,
        h("span", { class: "number" }, figure),
      );
    };
    offers.replaceChildren(
      h("span", { class: "quiet" }, found.length ? "Name it after what it goes with:" : all.length ? "" : NO_NAME),
      ...found.map(button),
    );
  }

  function describe() {
    const j = chosen;
    suggest();
    const used = `${facts.states[j]}; ${facts.bits[j].toFixed(2)} of ${Math.log2(facts.histogram[j].length).toFixed(2)} bits used`;
    let does = "";
    if (facts.clear) {
      const times = facts.redrawn[j] > 0 ? ` (${(facts.moved[j] / facts.redrawn[j]).toFixed(1)} times it)` : "";
      does = facts.clear[j]
        ? `; what it does rises above the noise${times}`
        : "; what it does does not rise above the noise";
    }
    canvas.dataset.figure = `Rates of ${nameOf(session, j)}`;
    classes.dataset.figure = `Mean${latent.spiking ? " rates" : "s"} of ${nameOf(session, j)} by class`;
    words.textContent = `${used}${does}; the class explains ${Math.round(100 * facts.classShare[j])} % of its variance.`;
    bars.replaceChildren(
      ...atlas.classNames.map((label, i) => {
        const mean = facts.classMeans[i]?.[j];
        const bar = h("i", {});
        bar.style.cssText = `width:${100 * (mean ?? 0)}%;background:${classColour(i)}`;
        const says = mean === undefined ? "no test images" : latent.text(j, mean);
        return h(
          "p",
          { title: `${label}: correlation ${facts.correlation[i][j].toFixed(2)}` },
          h("span", { class: "mix-name" }, label),
          h("span", { class: "mix-bar" }, bar),
          h("span", { class: "number" }, says),
        );
      }),
    );
  }

  /** @param {Surface} [surface] */
  function draw({ context, width, height } = sharp(canvas)) {
    const colour = palette(canvas);
    const row = facts.histogram[chosen];
    const most = Math.max(...row);
    const [left, bottom, top] = [4, 16, 16];
    const step = (width - 2 * left) / row.length;
    const tall = height - bottom - top;
    context.clearRect(0, 0, width, height);
    context.font = lettering(canvas, "11px");
    row.forEach((share, k) => {
      context.fillStyle = colour.quiet;
      const h = (tall * share) / most;
      context.fillRect(left + k * step + 1, top + tall - h, step - 2, Math.max(share ? 1 : 0, h));
    });
    context.fillStyle = colour.ink;
    context.textAlign = "left";
    context.fillText(latent.text(chosen, 0, latent.spiking ? 0 : 1), left, height - 3);
    context.textAlign = "right";
    context.fillText(latent.text(chosen, 1, latent.spiking ? 0 : 1), width - left, height - 3);
    context.textAlign = "left";
    context.fillText(`${Math.round(100 * most)} % of the images at the tallest`, left, 11);
    const now = store.state.rates[chosen] / GRID;
    const x = left + (now * (row.length - 1) + 0.5) * step;
    context.fillStyle = colour.now;
    context.fillRect(x - 1.25, top, 2.5, tall + 3);
    canvas.setAttribute(
      "aria-label",
      `How often test images have which ${latent.name} of ${nameOf(session, chosen)}: mean ${latent.text(chosen, facts.mean[chosen])}, deviation ${latent.size(chosen, facts.deviation[chosen])}; now ${latent.text(chosen, now, 3)}`,
    );
  }

  function follow(state) {
    if (state.model !== entry.name) return;
    const j = chosenOf(session);
    const called = nameOf(session, j);
    title.textContent = called === `d${j}` ? called : `${called} (d${j})`;
    if (focusedBeside(element) !== name) name.value = state.view[`name${j}`] ?? "";
    name.placeholder = entry.taught?.[j] ?? "name it";
    rate.value = String(state.rates[j] / GRID);
    reading.textContent = latent.text(j, state.rates[j] / GRID, 3);
    if (j !== chosen) {
      chosen = j;
      describe();
      images.show(j);
    }
    if (canvas.isConnected) draw();
  }

  canvas.vector = (context, width, height) => draw({ context, width, height });
  follow(store.state);
  const stops = [
    images.dispose,
    store.on("state", follow),
    onLook(canvas, () => draw()),
    live.on((now) => now.state.model === entry.name && paint(picture, now.image, entry.channels)),
  ];
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}

/**
 * The names that were given, by the visitor or in training, for a file.
 * @param {Session} session
 */
export function named(session) {
  const { entry } = session;
  const all = Array.from({ length: entry.dims }, (_, j) => [`d${j}`, nameOf(session, j)]);
  const names = Object.fromEntries(all.filter(([number, name]) => name !== number));
  return `${JSON.stringify({ model: entry.name, checkpoint: entry.hash, names }, null, 1)}\n`;
}
