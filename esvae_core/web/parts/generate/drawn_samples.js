/** The samples of a grid: drawn from the prior, and moved or held by a control. */

import { msg } from "../../messages.js";
import { besideData, sampleCells } from "./sample_grid.js";
import { sampleWords } from "./sample_settings.js";

/** @typedef {import("./sample_grid.js").SampleCell} SampleCell */
/** @typedef {Pick<ReturnType<typeof import("./steering.js").steering>, "move"|"holds"|"hold">} Steering */

export class DrawnSamples {
  /** @type {Session} */
  #session;
  #engine;
  #steer;
  #say;
  /** Of the draw that is wanted: an earlier one ends without a result. */
  #turn = 0;
  /** @type {SampleCell[]} */
  cells = [];

  /** @param {Session} session @param {Steering} steer @param {(words: string) => void} say what is going on */
  constructor(session, steer, say) {
    this.#session = session;
    this.#engine = session.engine;
    this.#steer = steer;
    this.#say = say;
  }

  /** Whether the prior is here, once it could be loaded. */
  async ready() {
    try {
      if (!this.#engine.has("prior")) this.#say(msg`Loading the prior …`);
      await this.#session.need("prior");
    } catch (error) {
      this.#say(msg`There are no samples: ${error.message}.`);
    }
    return this.#engine.has("prior");
  }

  /** Rates of a draw, moved by the control. @param {number} seed @param {number} temperature */
  ratesOf(seed, temperature) {
    return this.#steer.move(this.#session.priorRates(seed, temperature));
  }

  /**
   * Draw anew.
   * @param {import("./sample_settings.js").SampleSettings} settings
   * @returns {Promise<boolean>} whether `cells` are those; false if others are wanted by now, or none can be drawn
   */
  async draw(settings) {
    const mine = ++this.#turn;
    if (!(await this.ready()) || mine !== this.#turn) return false;
    const found = sampleCells(this.#session, {
      ...settings,
      count: settings.rows * settings.columns,
      seed: settings.from,
      priorRates: (seed, temperature = settings.heat) => this.ratesOf(seed, temperature),
    });
    const cells = this.#steer.holds() ? await this.#held(found) : found;
    if (mine !== this.#turn || !cells) return false;
    this.#say(sampleWords(cells.length, settings));
    this.cells = cells;
    return true;
  }

  /** Seeds of the samples' noise: one for all; of counts, which are drawn anew for each sample, one for each. */
  noiseSeeds() {
    const { latent, store } = this.#session;
    return latent.counts ? this.cells.map((cell) => cell.seed) : [store.state.seed];
  }

  /** Drop what is being drawn. */
  stop() {
    this.#turn++;
  }

  /** @param {SampleCell[]} cells @returns {Promise<SampleCell[]|null>} null: the workers went with their model */
  async #held(cells) {
    const { atlas, latent, store } = this.#session;
    const { seed } = store.state;
    this.#say(msg`Measuring and moving the samples …`);
    const samples = cells.map((cell) => ({ rates: cell.rates, seed: latent.counts ? cell.seed : seed }));
    const rates = await this.#steer.hold(samples).catch(() => null);
    return rates && cells.map((cell, k) => ({ ...cell, ...besideData(atlas, rates[k]) }));
  }
}
