/** What the encoder is shown of the source, and what its layers make of that. */

import { msg } from "../../messages.js";
import { encoderImage, keyOf } from "../shared/source_image.js";

export class EncoderTrace {
  /** @type {Having<"engine"|"spikingEngine">} */
  #session;
  #onimage;
  /** Of which source the image is. */
  #asked = "";
  #painted = false;
  /** Of one layer, the last that was asked for. @type {{key: string, activity: LayerActivity}|null} */
  #known = null;
  /** (C, H, W) in [-1, 1]; null until it is here. @type {Float32Array|null} */
  image = null;

  /** @param {Having<"engine"|"spikingEngine">} session @param {() => void} onimage called when the image is here */
  constructor(session, onimage) {
    this.#session = session;
    this.#onimage = onimage;
  }

  /** Fetch what the encoder is shown, once for each source. @param {Source} source */
  read(source) {
    const key = keyOf(source);
    if (key === this.#asked) return;
    [this.image, this.#asked] = [null, key];
    const { entry } = this.#session;
    encoderImage(this.#session, source).then((found) => {
      if (this.#asked !== key || this.#session.entry !== entry) return;
      [this.image, this.#painted] = [found.image, found.painted];
      this.#onimage();
    });
  }

  /** Null until the image is here. @param {Layer} layer @param {number} steps @returns {LayerActivity|null} */
  activity({ name }, steps) {
    if (!this.image) return null;
    const key = `${this.#asked} ${name} ${steps}`;
    if (this.#known?.key === key) return this.#known.activity;
    const activity = this.#session.spikingEngine.traceEncode(this.image, steps, [name]).layers[name];
    this.#known = { key, activity };
    return activity;
  }

  /** What is to be said where the image is not the source's own. */
  remark() {
    return this.#painted
      ? msg` The encoder is shown what the model paints, since the image itself is not at hand.`
      : "";
  }
}
