/** Maps that are drawn with other settings, and how a link names them. Does not touch the DOM. */

import { msg } from "../../messages.js";

const PATIENCE = 400; // ms between questions

/** Metrics of UMAP by name, each with what it is. */
export const METRICS = {
  euclidean: msg`euclidean`,
  geodesic: msg`geodesic: what sampling noise can tell apart`,
  manhattan: msg`manhattan`,
  cosine: msg`cosine`,
};

/**
 * Settings of a map, as the server takes them.
 * @typedef {{neighbors: string, min_dist: string, metric: string}} MapSettings
 */

/** @param {MapSettings} settings */
export const settingsText = ({ neighbors, min_dist: least, metric }) => `${neighbors}-${least}-${metric}`;

/** The settings of such a text; null if it has none. @param {string} text @returns {MapSettings|null} */
export function readSettings(text) {
  const [neighbors, least, metric] = text.split("-");
  return Number(neighbors) && Object.hasOwn(METRICS, metric) ? { neighbors, min_dist: least, metric } : null;
}

/** Has a server draw a map, and waits for it. */
export class MapRequest {
  #maps;
  #hash;
  #gone = false;
  /** Of the map that is being drawn. @type {string|null} */
  #key = null;

  /** @param {MapService} maps @param {string} hash of the model's bundle */
  constructor(maps, hash) {
    [this.#maps, this.#hash] = [maps, hash];
  }

  /** Whether the server draws one. */
  get running() {
    return this.#key !== null;
  }

  /** Whether nobody waits for it any more. */
  get gone() {
    return this.#gone;
  }

  /**
   * @param {MapSettings} settings
   * @param {(share: number) => void} onprogress
   * @returns {Promise<Awaited<ReturnType<MapService["data"]>>|null>} null if it was given up
   * @throws {Error} one line
   */
  async draw(settings, onprogress) {
    try {
      let job = await this.#maps.begin(this.#hash, settings);
      this.#key = job.key;
      while (job.state === "running" && !this.#gone) {
        if (job.progress > 0) onprogress(job.progress);
        await new Promise((done) => setTimeout(done, PATIENCE));
        job = await this.#maps.state(job.key);
      }
      if (this.#gone || job.state === "cancelled") return null;
      if (job.state === "failed") throw new Error(msg`its drawing failed; the server's log says why`);
      const data = await this.#maps.data(job.key);
      return this.#gone ? null : data;
    } finally {
      this.#key = null;
    }
  }

  /** Ask the server to give it up. */
  cancel() {
    if (this.#key) this.#maps.cancel(this.#key).catch(() => {});
  }

  /** Wait for it no longer; the server draws on. */
  leave() {
    this.#gone = true;
  }
}
