/** Which latent neuron the visitor looks at: bars, raster and strip of pictures show the same one. */

export class Chosen {
  /** @type {Set<(i: number|null) => void>} */
  #listeners = new Set();
  /** @type {number|null} */
  #i = null;
  /** While this is true, no other one can be chosen: a value is being typed. */
  held = false;

  /** Its number; null before anything was chosen. */
  get i() {
    return this.#i;
  }

  /** @param {number|null} i */
  set(i) {
    if (i === this.#i || this.held) return;
    this.#i = i;
    for (const listener of [...this.#listeners]) listener(i);
  }

  /** Called when another one is chosen. @param {(i: number|null) => void} listener @returns {() => void} stop */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
