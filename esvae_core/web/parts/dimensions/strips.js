/** Strips of pictures: the present rates with one dimension on its way, and where it changes the picture. */

import { describe, h, pixels } from "../../dom.js";
import { rampColour } from "../../math/colour.js";
import { geodesicValues, withValue, quantileValues, sensitivity } from "../../math/dimensions.js";
import { fromGrid, GRID } from "../../math/rates.js";
import { nameOf } from "../shared/mixer.js";
import { paint } from "../shared/paint.js";
import { chosenOf } from "./table.js";

const FRAMES = 9;
const DRAWS = 8; // of noise, for the sensitivity

/** @param {Session} session */
export function strips(session) {
  const { store, atlas, entry, latent } = session;
  const draws = latent.spiking ? DRAWS : 1;
  const strip = (key, title, help) => {
    const frames = Array.from({ length: FRAMES }, () => {
      const canvas = pixels(entry.size, entry.size, "", "thumb");
      const caption = h("figcaption", {});
      const button = h("button", { type: "button", class: "picked" }, canvas);
      return { canvas, caption, button, figure: h("figure", {}, button, caption) };
    });
    return {
      key,
      frames,
      element: h(
        "div",
        { class: "traversal" },
        h("h3", {}, title, " ", h("small", {}, help)),
        h(
          "div",
          { class: "traversal-frames", "data-strip": key },
          frames.map(({ figure }) => figure),
        ),
      ),
    };
  };
  const through = strip("quantiles", "Through its own quantiles", "each step passes as many test images");
  const equal = latent.spiking
    ? strip("equal", "In equal steps of what the noise can tell", "from 0 to 1 along arcsin √r")
    : strip("equal", "In equal steps", "from one end of its range to the other");
  const map = pixels(entry.size, entry.size, "", "sensitivity");
  const words = h("figcaption", {});
  const element = h(
    "div",
    { class: "strips", "data-figure": "Strips" },
    through.element,
    equal.element,
    h(
      "div",
      { class: "traversal" },
      h("h3", {}, "Where it changes the picture"),
      h("figure", { class: "sensitivity-figure" }, map, words),
    ),
  );
  let turn = 0;
  let gone = false;
  let mapped = -1; // the dimension whose map is on the screen

  function valuesOf(j) {
    const column = Array.from({ length: atlas.count }, (_, row) => atlas.counts[row * atlas.dims + j] / atlas.steps);
    return {
      quantiles: quantileValues(column, FRAMES),
      equal: latent.spiking ? geodesicValues(FRAMES) : Array.from({ length: FRAMES }, (_, i) => i / (FRAMES - 1)),
    };
  }

  async function show() {
    const { state } = store;
    if (state.model !== entry.name) return;
    const mine = ++turn;
    const j = chosenOf(session);
    const values = valuesOf(j);
    if (j !== mapped) {
      map.classList.add("missing");
      words.textContent = "…";
    }
    const rates = fromGrid(state.rates);
    if (!session.engine)
      return void (words.textContent = "This browser cannot run the model, so nothing is decoded here.");
    const pool = await session.pool().catch(() => null);
    if (!pool || gone || mine !== turn) return;
    const draw = (key, value, seed) =>
      pool.latest(key, "play", withValue(rates, j, value), seed, state.sampler, state.steps);
    const name = nameOf(session, j);
    for (const { key, frames } of [through, equal]) {
      const now = nearestTo(values[key], rates[j]);
      frames.forEach(({ canvas, caption, button }, i) => {
        const value = values[key][i];
        caption.textContent =
          key === "quantiles"
            ? `${Math.round((100 * i) / (FRAMES - 1))} %: ${latent.text(j, value)}`
            : latent.text(j, value);
        describe(canvas, `${name} at ${latent.text(j, value, 3)}`);
        button.title = `Take ${name} = ${latent.text(j, value, 3)}`;
        button.setAttribute("aria-pressed", String(i === now));
        button.onclick = () =>
          store.change({ rates: withRate(store.state.rates, j, value) }, `${name} = ${latent.text(j, value)}`);
        draw(`${key}-${i}`, value, state.seed).then((answer) => {
          if (!answer || gone || mine !== turn) return;
          paint(canvas, answer.image, entry.channels);
          canvas.dataset.value = String(value);
        }, failed);
      });
    }
    try {
      const { low, high } = atlas.range();
      const images = (value, end) =>
        Promise.all(Array.from({ length: draws }, (_, k) => draw(`${end}-${k}`, value, (state.seed + k) % 2 ** 31)));
      const [from, to] = await Promise.all([images(low[j], "low"), images(high[j], "high")]);
      if (gone || mine !== turn || [...from, ...to].includes(null)) return;
      showMap(
        sensitivity(
          from.map((a) => a.image),
          to.map((a) => a.image),
          entry.channels,
        ),
        latent.text(j, low[j]),
        latent.text(j, high[j]),
      );
      mapped = j;
      map.classList.remove("missing");
      map.dataset.dimension = String(j);
    } catch (error) {
      failed(error);
    }
  }

  function showMap(found, low, high) {
    const most = Math.max(...found);
    const data = new ImageData(entry.size, entry.size);
    found.forEach((v, p) => {
      const [r, g, b] =
        most > 0 && v > 0
          ? rampColour(v / most)
              .match(/\d+/g)
              .map(Number)
          : [30, 28, 40];
      const share = most > 0 ? Math.sqrt(v / most) : 0; // where nothing happens it is dark
      data.data.set([30 + (r - 30) * share, 28 + (g - 28) * share, 40 + (b - 40) * share, 255], 4 * p);
    });
    map.getContext("2d").putImageData(data, 0, 0);
    const mean = found.reduce((a, b) => a + b, 0) / found.length;
    map.dataset.most = most.toFixed(4);
    describe(map, `Change of each pixel, at most ${most.toFixed(2)}, ${mean.toFixed(3)} on average`);
    const averaged = latent.spiking ? `, mean of ${DRAWS} draws` : "";
    words.textContent = `At the present ${latent.whole}, when it goes from ${low} to ${high} (5 to 95 % of the test images)${averaged}: at most ${most.toFixed(2)}, on average ${mean.toFixed(3)}, where black to white is 2.`;
  }

  function failed(error) {
    if (!gone && session.entry === entry) words.textContent = `Not decoded: ${error.message}`;
  }

  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (!gone) show();
    });
  };
  const stop = store.on("state", later);
  show();
  element.dispose = () => {
    gone = true;
    stop();
  };
  return element;
}

/** The state's rates with one at another value. */
export function withRate(rates, j, value) {
  return rates.map((rate, i) => (i === j ? Math.round(value * GRID) : rate));
}

/** Which of the values is nearest; -1 if none is within a hundredth. */
function nearestTo(values, x) {
  const at = values.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(values[best] - x) ? i : best), 0);
  return Math.abs(values[at] - x) < 0.01 ? at : -1;
}
