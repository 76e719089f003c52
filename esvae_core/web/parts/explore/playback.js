/**
 * The steps of the present spikes in slow motion: how many have arrived, and the decoder's picture after them. What is
 * shown is kept neither in the link nor in the history.
 */

export class Playback {
  /** @type {Having<"spikingEngine">} */
  #session;
  /** @type {Set<(now: Played) => void>} */
  #listeners = new Set();
  /** Steps that the visitor asked for; null: all. @type {number|null} */
  #wanted = null;
  /** Pictures after each step, and of which spikes. @type {{spikes: Uint8Array, images: Float32Array}|null} */
  #traced = null;
  #stop;

  /** @param {Having<"spikingEngine">} session */
  constructor(session) {
    this.#session = session;
    /** What is shown now; null before the first picture. @type {Played|null} */
    this.now = null;
    this.#stop = session.live.on((drawn) => this.#update(drawn));
  }

  /** Called after each change with what is shown. @param {(now: Played) => void} listener @returns {() => void} stop */
  on(listener) {
    this.#listeners.add(listener);
    if (this.now) listener(this.now);
    return () => this.#listeners.delete(listener);
  }

  /** Show the picture after so many steps. @param {number} upto 1 to T */
  show(upto) {
    const { now } = this.#session.live;
    if (!now) return;
    this.#wanted = upto >= now.state.steps ? null : Math.max(1, upto);
    this.#update(now);
  }

  /** The end of a gesture: nothing is kept. */
  settle() {}

  dispose() {
    this.#stop();
    this.#listeners.clear();
  }

  /** @param {Decoded} drawn */
  #update({ state, spikes, image: whole }) {
    if (state.model !== this.#session.entry.name) return;
    const upto = Math.min(this.#wanted ?? state.steps, state.steps);
    const image = upto < state.steps ? this.#after(upto, spikes, state.steps) : whole;
    this.now = { state, upto, image };
    for (const listener of this.#listeners) listener(this.now);
  }

  /** Picture after so many steps; all are decoded at once, when the spikes are others. */
  #after(upto, spikes, steps) {
    const { spikingEngine: engine } = this.#session;
    const known = this.#traced?.spikes === spikes ? this.#traced : null;
    const traced = (this.#traced = known ?? { spikes, images: engine.trace(spikes, steps, []).images });
    return traced.images.subarray((upto - 1) * engine.pixels, upto * engine.pixels);
  }
}
