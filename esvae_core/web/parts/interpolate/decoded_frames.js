/** The pictures of a path's frames, decoded by the page's workers. */

import { msg } from "../../messages.js";
import { fromGrid } from "../../math/rates.js";
import { frameSpikes } from "./path_frames.js";

export class DecodedFrames {
  /** @type {Having<"engine">} */
  #session;
  #show;
  /** Of the path that is wanted: pictures of an earlier one are dropped. */
  #turn = 0;
  /** Of each frame, on the grid. @type {Uint16Array[]} */
  rates = [];

  /**
   * @param {Having<"engine">} session
   * @param {(frames: {rates: Float32Array, image: Float32Array|null}[]) => void} show called with each picture
   */
  constructor(session, show) {
    this.#session = session;
    this.#show = show;
  }

  /**
   * @param {Uint16Array[]} rates of each frame, on the grid
   * @param {() => import("./path_frames.js").PathSettings} settings
   * @returns {Promise<boolean>} whether all pictures are there; false if another path is wanted by now
   */
  async decode(rates, settings) {
    const mine = ++this.#turn;
    const { engine, store } = this.#session;
    /** @type {{rates: Float32Array, image: Float32Array|null}[]} */
    const frames = rates.map((each) => ({ rates: fromGrid(each), image: null }));
    this.rates = rates;
    this.#show(frames);
    try {
      const pool = await this.#session.pool();
      await Promise.all(
        frames.map(async (frame, k) => {
          const spikes = frameSpikes(engine, frame.rates, k, settings(), store.state);
          frame.image = await pool.run("decode", spikes, store.state.steps);
          if (mine === this.#turn) this.#show(frames);
        }),
      );
    } catch (error) {
      if (mine === this.#turn) this.#session.say(msg`The path is not shown: ${error.message}`);
      return false;
    }
    return mine === this.#turn;
  }

  /** Drop what is being decoded. */
  stop() {
    this.#turn++;
  }
}
