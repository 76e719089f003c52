/**
 * From the state to spikes and a picture, on the frame after the pointer moved; the newest state wins. Damage to spikes
 * and spikes that were edited by hand belong to the state: every view shows their picture.
 *
 * Where this page cannot run the engine, the server is asked when a gesture ends, and `where` says so.
 */

import { msg } from "./messages.js";
import { damaged, TIMELESS } from "./engine/damage.js";
import { readDamage } from "./state/damage.js";
import { flipped, readFlips } from "./state/flips.js";
import { fromBytes } from "./math/image.js";
import { fromGrid } from "./math/rates.js";

export class LiveDecoder {
  /** @type {Session} */
  #session;
  /** @type {Set<(now: Decoded) => void>} */
  #listeners = new Set();
  #frame = 0;
  #stamp = 0;
  #fresh = true; // the next drawing begins a new gesture
  #ends = false; // the gesture ends with the drawing that is asked for
  /** @type {Uint8Array|Float32Array|null} */
  #before = null; // spikes when it began
  #asked = 0;
  /** What was said to be refused, so that it is said once. */
  #refused = new Set();

  /** @param {Session} session */
  constructor(session) {
    this.#session = session;
    /** What was drawn last; null before the first picture. @type {Decoded|null} */
    this.now = null;
    session.store.on("state", () => this.request());
    session.store.on("commit", () => {
      if (this.#frame) this.#ends = true;
      else this.#fresh = true;
      if (!session.engine) this.#ask();
    });
  }

  /** Where pictures are decoded: "page" or "server". */
  get where() {
    return this.#session.engine ? "page" : "server";
  }

  /**
   * Called after each drawing with what was drawn.
   * @param {(now: Decoded) => void} listener
   * @returns {() => void} stop
   */
  on(listener) {
    this.#listeners.add(listener);
    if (this.now) listener(this.now);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Note the event that changes the state, so that the time from it to the picture can be measured.
   * @param {Event} event
   */
  follow(event) {
    if (!this.#stamp) this.#stamp = event.timeStamp;
  }

  /** Draw on the next frame. */
  request() {
    if (!this.#session.engine) return void (this.now || this.#ask());
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** Forget what was drawn: another model is at work. */
  restart() {
    [this.now, this.#before, this.#fresh, this.#ends] = [null, null, true, false];
    this.request();
  }

  #draw() {
    const { engine, store } = this.#session;
    const { state } = store;
    if (!engine || state.rates.length !== engine.model.latent_dim) return;
    const start = performance.now();
    const rates = fromGrid(state.rates);
    const drawn = engine.sample(rates, state.seed, state.sampler, state.steps);
    const [flips, damage] = [this.#flips(state), this.#damage(state)];
    const damagedSpikes = damage ? damaged(drawn, rates.length, damage, state.seed) : drawn;
    const spikes = flips.size ? flipped(damagedSpikes, flips) : damagedSpikes;
    const { image } = engine.decodeChanged(spikes, state.steps);
    this.#show(state, { rates, drawn, flips, damage, spikes, image, ms: performance.now() - start });
  }

  async #ask() {
    const { store, backend } = this.#session;
    const [state, turn] = [store.state, ++this.#asked];
    const start = performance.now();
    try {
      if (!backend.decode) throw new Error(msg`this page cannot run it`);
      const { spikes, pixels } = await backend.decode(state);
      if (turn !== this.#asked) return;
      const image = fromBytes(pixels.values, pixels.shape[2]);
      const flips = this.#flips(state);
      const drawn = flipped(spikes.values, flips);
      this.#show(state, {
        rates: fromGrid(state.rates),
        drawn,
        flips,
        damage: this.#damage(state),
        spikes: spikes.values,
        image,
        ms: performance.now() - start,
      });
    } catch (error) {
      this.#session.say(msg`No picture from the server: ${error.message}.`, "warning");
    }
  }

  /** The edits of a state. @param {State} state @returns {Set<number>} */
  #flips({ view, steps, rates }) {
    if (!this.#session.latent.spiking) return new Set();
    return this.#read(msg`edited spikes`, view.flips, (text) => readFlips(text, steps, rates.length)) ?? new Set();
  }

  /** What is done to a state's spikes, where that means something to the model. @param {State} state */
  #damage({ view }) {
    const { spiking, counts } = this.#session.latent;
    const damage = spiking || counts ? this.#read("damage", view.damage, readDamage) : null;
    return counts && damage && !TIMELESS.includes(damage.kind) ? null : damage;
  }

  /**
   * What a view's value says; null where it makes no sense, for a link may say anything.
   * @template T
   * @param {string} what
   * @param {string|undefined} text
   * @param {(text: string|undefined) => T} read
   */
  #read(what, text, read) {
    try {
      return read(text);
    } catch (error) {
      if (!this.#refused.has(text)) this.#session.say(msg`The ${what} of this link: ${error.message}.`, "warning");
      this.#refused.add(text);
      return null;
    }
  }

  /** @param {State} state @param {Omit<Decoded, "state"|"before"|"latency">} made */
  #show(state, made) {
    const { spikes } = made;
    if (this.#fresh && this.now) {
      this.#before = this.now.spikes;
      this.#fresh = false;
    }
    if (this.#ends) [this.#fresh, this.#ends] = [true, false];
    // another image shares nothing with the one before it that could be new or gone
    if (this.now && !sameSource(state.source, this.now.state.source)) this.#before = null;
    const before = this.#before?.length === spikes.length ? this.#before : null;
    this.now = { state, ...made, before, latency: 0 };
    for (const listener of this.#listeners) listener(this.now);
    if (this.#stamp) this.now.latency = performance.now() - this.#stamp;
    this.#stamp = 0;
  }
}

/** Whether both are the same image or draw; pictures of the visitor's own, which change with every stroke, count as one. */
const sameSource = (a, b) => a.kind === b.kind && a.index === b.index && a.seed === b.seed;
