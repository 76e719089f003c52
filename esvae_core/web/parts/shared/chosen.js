/**
 * Which latent neuron the visitor looks at: bars, raster and strip of pictures show the same one.
 *
 * One is picked by a press, the focus, or a pointer that rests on it; one that a pointer passes over is shown only as
 * long as the pointer is there, so that on its way to a button it picks no other.
 */

const REST = 400; // ms on one neuron after which a pointer has not just passed over it

export class Chosen {
  /** @type {Set<(i: number|null) => void>} */
  #listeners = new Set();
  /** @type {number|null} */
  #picked = null;
  /** @type {number|null} */
  #under = null;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #resting;
  /** While this is true, no other one can be chosen: a value is being typed. */
  held = false;

  /** Its number; null before anything was chosen. */
  get i() {
    return this.#under ?? this.#picked;
  }

  /** The one that stays when the pointer is gone. */
  get picked() {
    return this.#picked;
  }

  /** Pick one. @param {number|null} i */
  set(i) {
    if (this.held) return;
    clearTimeout(this.#resting);
    this.#change(() => {
      this.#picked = i;
      this.#under = null;
    });
  }

  /** A pointer is over one; null: over none any longer. @param {number|null} i */
  look(i) {
    if (this.held || i === this.#under) return;
    clearTimeout(this.#resting);
    this.#change(() => (this.#under = i));
    if (i !== null) this.#resting = setTimeout(() => this.#under === i && this.#rest(i), REST);
  }

  #rest(i) {
    if (!this.held) this.#change(() => (this.#picked = i));
  }

  /** Called when another one is chosen or picked. @param {(i: number|null) => void} listener @returns {() => void} stop */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {() => void} change */
  #change(change) {
    const before = [this.i, this.#picked];
    change();
    if (this.i !== before[0] || this.#picked !== before[1])
      for (const listener of [...this.#listeners]) listener(this.i);
  }
}
