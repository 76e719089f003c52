/** Keeps what was used last, and forgets the rest. */

/** @template T */
export class LruCache {
  /** The one that was used last comes last. @type {Map<string, T>} */
  #kept = new Map();
  #count;

  /** @param {number} count that are kept */
  constructor(count) {
    this.#count = count;
  }

  /** @param {string} key @returns {T|undefined} */
  get(key) {
    const found = this.#kept.get(key);
    if (found !== undefined) this.keep(key, found);
    return found;
  }

  /** @param {string} key @param {T} value */
  keep(key, value) {
    this.#kept.delete(key);
    this.#kept.set(key, value);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#count) this.#kept.delete(oldest);
  }
}
