/** A strip of pictures with one dimension on its way, each a button that takes it. */

import { describe, h, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { withRate } from "../../math/rates.js";
import { nameOf } from "../shared/dimension_names.js";
import { drawPixels } from "../shared/draw_pixels.js";

const CLOSE = 0.01; // within which a frame shows the present value

export class Traversal {
  #session;
  #captionOf;
  #frames;
  /** What tells it from other strips. */
  key;

  /**
   * @param {Session} session
   * @param {object} options
   * @param {string} options.key that tells it from other strips
   * @param {string} options.title
   * @param {string} options.help
   * @param {number} options.count of pictures
   * @param {(i: number, text: string) => string} [options.captionOf] of the value as text
   */
  constructor(session, { key, title, help, count, captionOf = (_, text) => text }) {
    const { size } = session.entry;
    [this.#session, this.#captionOf, this.key] = [session, captionOf, key];
    this.#frames = Array.from({ length: count }, () => {
      const canvas = pixels(size, size, "", "thumb");
      return { canvas, caption: h("figcaption", {}), button: h("button", { type: "button", class: "picked" }, canvas) };
    });
    this.element = h(
      "div",
      { class: "traversal" },
      h("h3", {}, title, " ", h("small", {}, help)),
      h(
        "div",
        { class: "traversal-frames", "data-strip": key },
        this.#frames.map(({ button, caption }) => h("figure", {}, button, caption)),
      ),
    );
  }

  /**
   * Say of each frame which value it shows; pictures come later.
   * @param {number} j the dimension
   * @param {number[]} values of its frames
   * @param {number} now the present value
   */
  announce(j, values, now) {
    const { store, latent } = this.#session;
    const name = nameOf(this.#session, j);
    const present = nearestTo(values, now);
    this.#frames.forEach(({ canvas, caption, button }, i) => {
      const [text, exact] = [latent.text(j, values[i]), latent.text(j, values[i], 3)];
      caption.textContent = this.#captionOf(i, text);
      describe(canvas, msg`${name} at ${exact}`);
      button.title = msg`Take ${name} = ${exact}`;
      button.setAttribute("aria-pressed", String(i === present));
      button.onclick = () => store.change({ rates: withRate(store.state.rates, j, values[i]) }, `${name} = ${text}`);
    });
  }

  /** @param {number} i @param {number} value @param {Float32Array} image */
  drawFrame(i, value, image) {
    const { canvas } = this.#frames[i];
    drawPixels(canvas, image, this.#session.entry.channels);
    canvas.dataset.value = String(value);
  }
}

/** Which of the values is nearest; -1 if none is within a hundredth. @param {number[]} values @param {number} x */
export function nearestTo(values, x) {
  const at = values.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(values[best] - x) ? i : best), 0);
  return Math.abs(values[at] - x) < CLOSE ? at : -1;
}
