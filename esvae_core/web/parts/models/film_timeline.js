/** Which step of its films a model of recordings shows. */

/** Moved by a player; its listeners draw. */
export class FilmTimeline {
  /** @type {Set<(now: {upto: number, state: {steps: number}}) => void>} */
  #listeners = new Set();

  /** @param {number} steps */
  constructor(steps) {
    this.now = { upto: steps, state: { steps } };
  }

  on(listener) {
    this.#listeners.add(listener);
    listener(this.now);
    return () => this.#listeners.delete(listener);
  }

  /** @param {number} upto 1 to T */
  show(upto) {
    this.now = { ...this.now, upto };
    for (const listener of this.#listeners) listener(this.now);
  }

  settle() {}
}
