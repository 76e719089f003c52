/**
 * Engines in workers, for many images at once.
 *
 *     const pool = await Pool.load(bundle);
 *     const pictures = await Promise.all(rates.map((r) => pool.run("play", r, 7)));
 *     const shown = await pool.latest("preview", "play", rates, 7);   // null: a newer one took its place
 */

import { compile, EngineError, supported } from "./engine.js";
import { request, valueOf } from "./protocol.js";

/**
 * @typedef {{key: string|null, call: string, args: unknown[], resolve: (value: unknown) => void,
 *   reject: (error: Error) => void}} Job
 */

const spareCores = () => Math.max(1, (globalThis.navigator?.hardwareConcurrency ?? 2) - 1);

/** @returns {WorkerLike} */
const inBrowser = () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" });

export class Pool {
  /** @type {WorkerLike[]} */
  #idle = [];
  /** @type {WorkerLike[]} */
  #all = [];
  /** @type {Job[]} */
  #waiting = [];
  /** @type {Map<WorkerLike, Job>} */
  #running = new Map();
  #count = 0;

  /**
   * @param {ArrayBuffer|Uint8Array} bundle or the parts that the calls need: for pictures, the decoder
   * @param {WasmSource} [wasm] engine.wasm; compiled once, for all workers
   * @param {{size?: number, spawn?: () => WorkerLike}} [options] how many workers, and how to start one
   * @returns {Promise<Pool>}
   * @throws {EngineError} as `loadEngine`
   */
  static async load(bundle, wasm, { size = spareCores(), spawn = inBrowser } = {}) {
    const module = supported() ? await compile(wasm) : null; // a model without spikes needs none
    const pool = new Pool();
    for (let i = 0; i < size; i++) pool.#add(spawn());
    try {
      // every worker is idle, so each takes one
      await Promise.all(pool.#all.map(() => pool.run("load", bundle, module)));
    } catch (error) {
      pool.close();
      throw error;
    }
    return pool;
  }

  /** Workers at work or waiting for it. */
  get size() {
    return this.#all.length;
  }

  /**
   * Call one of the engine's methods (protocol.js says which) in the next free worker; first come, first served.
   * @returns {Promise<any>} its value; rejected with its EngineError
   */
  run(call, ...args) {
    return this.#enqueue(null, call, args);
  }

  /**
   * As `run`, but of the calls with that key only the newest waits: one that is overtaken before it starts gives null.
   * @param {string} key names the place that shows the answer
   */
  latest(key, call, ...args) {
    const overtaken = this.#waiting.findIndex((job) => job.key === key);
    if (overtaken >= 0) this.#waiting.splice(overtaken, 1)[0].resolve(null);
    return this.#enqueue(key, call, args);
  }

  /** Stop all workers; what waits or runs is rejected. */
  close() {
    this.#all.forEach((worker) => worker.terminate());
    const jobs = [...this.#running.values(), ...this.#waiting];
    [this.#all, this.#idle, this.#waiting] = [[], [], []];
    this.#running.clear();
    jobs.forEach((job) => job.reject(new EngineError("wasm", "pool: closed")));
  }

  #enqueue(key, call, args) {
    return new Promise((resolve, reject) => {
      if (!this.#all.length) return reject(new EngineError("wasm", "pool: closed, or all its workers have failed"));
      this.#waiting.push({ key, call, args, resolve, reject });
      this.#next();
    });
  }

  #next() {
    while (this.#idle.length && this.#waiting.length) {
      const worker = /** @type {WorkerLike} */ (this.#idle.shift());
      const job = /** @type {Job} */ (this.#waiting.shift());
      this.#running.set(worker, job);
      try {
        worker.postMessage(request(this.#count++, job.call, job.args));
      } catch (error) {
        this.#done(worker, (j) => j.reject(new EngineError("input", `pool: cannot be sent: ${error.message}`)));
      }
    }
  }

  #add(worker) {
    this.#all.push(worker);
    this.#idle.push(worker);
    worker.onmessage = ({ data }) => {
      this.#done(worker, (job) => {
        try {
          job.resolve(valueOf(data));
        } catch (error) {
          job.reject(error);
        }
      });
    };
    worker.onerror = (event) => this.#lost(worker, event?.message ?? "unknown error");
  }

  #done(worker, settle) {
    const job = this.#running.get(worker);
    if (!job) return;
    this.#running.delete(worker);
    this.#idle.push(worker);
    settle(job);
    this.#next();
  }

  /** A worker broke: its job fails, the others go on. */
  #lost(worker, why) {
    const job = this.#running.get(worker);
    this.#running.delete(worker);
    this.#all = this.#all.filter((other) => other !== worker);
    this.#idle = this.#idle.filter((other) => other !== worker);
    worker.terminate();
    job?.reject(new EngineError("wasm", `pool: a worker failed: ${why}`));
    if (!this.#all.length) this.close();
  }
}
