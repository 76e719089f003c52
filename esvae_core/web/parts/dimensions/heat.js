/** Mean rate of every dimension in every class, as colours; a column can be pressed. */

import { h, lettering, onLook, palette, sharp } from "../../dom.js";
import { rampColour, rampGradient } from "../../math/colour.js";
import { nameOf, orderOf } from "../shared/mixer.js";
import { chosenOf } from "./table.js";

const ROW = 15; // pixels

/**
 * @param {Session} session
 * @param {DimensionFacts} facts
 */
export function heat(session, facts, choose) {
  const { store, atlas, entry, latent } = session;
  const canvas = h("canvas", {
    class: "heat",
    role: "img",
    "aria-label": `Mean${latent.spiking ? " rates" : "s"} of ${entry.dims} dimensions in ${atlas.classNames.length} classes; the bars above give those of the chosen dimension`,
  });
  canvas.style.height = `${ROW * (atlas.classNames.length + 1)}px`;
  const reading = h(
    "p",
    { class: "quiet reading" },
    "Each column is a dimension, each row a class. Press a column to look at it.",
  );
  const ramp = h("i", { class: "ramp", "aria-hidden": "true" });
  ramp.style.background = rampGradient();
  const title = latent.spiking ? "Mean rates by class" : "Means by class";
  const element = h(
    "section",
    { class: "heat-part", "data-figure": title },
    h(
      "div",
      { class: "head" },
      h("h2", {}, title),
      h(
        "p",
        { class: "legend" },
        h("span", {}, latent.spiking ? "0" : "low end"),
        ramp,
        h("span", {}, latent.spiking ? "1" : "high end of its range"),
      ),
    ),
    canvas,
    reading,
  );
  let seen = { left: 0, step: 1, order: [] };

  /** @param {Surface} [surface] */
  function draw({ context, width, height } = sharp(canvas)) {
    const colour = palette(canvas);
    const order = orderOf(session);
    context.clearRect(0, 0, width, height);
    context.font = lettering(canvas, "11px");
    context.textBaseline = "middle";
    const left = 8 + Math.min(110, Math.max(...atlas.classNames.map((name) => context.measureText(name).width)));
    const step = (width - left) / entry.dims;
    seen = { left, step, order };
    const chosen = chosenOf(session);
    atlas.classNames.forEach((name, label) => {
      const y = label * ROW;
      context.fillStyle = colour.ink;
      context.textAlign = "right";
      context.fillText(name, left - 6, y + ROW / 2, left - 6);
      order.forEach((j, place) => {
        const mean = facts.classMeans[label]?.[j];
        context.fillStyle = mean === undefined ? colour.line : rampColour(mean);
        context.fillRect(left + place * step, y, Math.max(1, step - 1), ROW - 1);
      });
    });
    context.textAlign = "center";
    context.fillStyle = colour.ink;
    const every = Math.ceil(24 / step);
    order.forEach((j, place) => {
      const x = left + (place + 0.5) * step;
      if (j === chosen) {
        context.strokeStyle = colour.ink;
        context.lineWidth = 2;
        context.strokeRect(left + place * step, 1, step - 1, ROW * atlas.classNames.length - 3);
      }
      if (place % every === 0) context.fillText(step > 30 ? `d${j}` : String(j), x, height - ROW / 2);
    });
  }

  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    const place = Math.floor((event.clientX - box.left - seen.left) / seen.step);
    const label = Math.floor((event.clientY - box.top) / ROW);
    return place >= 0 && place < entry.dims ? { j: seen.order[place], label } : null;
  };
  canvas.onpointermove = (event) => {
    const at = under(event);
    if (!at || !atlas.classNames[at.label]) return;
    const mean = facts.classMeans[at.label]?.[at.j];
    reading.textContent = `${nameOf(session, at.j)}, class ${atlas.classNames[at.label]}: ${mean === undefined ? "no test images" : `mean${latent.spiking ? " rate" : ""} ${latent.text(at.j, mean, 3)}`}, correlation ${facts.correlation[at.label][at.j].toFixed(2)}`;
  };
  canvas.onclick = (event) => {
    const at = under(event);
    if (at) choose(at.j);
  };

  const stops = [store.on("state", (state) => state.model === entry.name && draw()), onLook(canvas, () => draw())];
  canvas.vector = (context, width, height) => draw({ context, width, height });
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}
