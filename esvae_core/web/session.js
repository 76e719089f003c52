/**
 * Everything that the parts of a page share, once per document: the state, the model at work, and pictures of it.
 *
 * The session survives the change from one page to another; views come and go.
 */

import { compile, Engine, supported } from "./engine/engine.js";
import { readBundle } from "./engine/bundle.js";
import { loadEngine } from "./engine/load.js";
import { Pool } from "./engine/pool.js";
import { LiveDecoder } from "./live_decoder.js";
import { msg } from "./messages.js";
import { together } from "./receive.js";
import { decodeState, encodeState, LinkError, MAX_STEPS, PARAMETER } from "./state/url_state.js";
import { controlsOf } from "./math/controls.js";
import { groundOf } from "./math/image.js";
import { latentOf } from "./math/latent.js";
import { measuredOf } from "./math/measured.js";
import { ownControls } from "./math/own_controls.js";
import { dataRange, ownDistances, usage } from "./math/neighbours.js";
import { fromGrid, ofCount, same, toGrid } from "./math/rates.js";
import { keepHistory, keptHistory } from "./state/kept_history.js";
import { SavedPictures } from "./state/saved.js";
import { Store } from "./state/store.js";

const PATIENCE = 300; // ms after which it is said that a part is being loaded
const FEW = 4; // test images: with fewer, views begin with draws of the prior
/** Of a model, in words. @type {Record<BundlePart, string>} */
const PARTS = { decoder: msg`decoder`, encoder: msg`encoder`, prior: msg`prior` };
const FIRST_SEED = 7; // any noise will do; a fixed one, so that everybody meets the same first picture
const LATER = /** @type {never} */ (undefined); // what `Session.open` sets before anybody reads it

export class Session {
  /** @type {Backend} */
  backend;
  /** All checkpoints found, also those that cannot be used. @type {ModelListing[]} */
  models = [];
  /** A line for the visitor. @type {Message|null} */
  message = null;
  /** What is waited for, in words. @type {string|null} */
  waiting = null;
  /** Shows both. @type {(() => void)|null} */
  onMessage = null;
  /** Name of the model that is being opened; null when none is. @type {string|null} */
  opening = null;
  /** Told when `opening` has changed. @type {(() => void)|null} */
  onOpening = null;
  /** Told how much of that model is there. @type {Told|null} */
  onProgress = null;
  /**
   * Offers the pictures of an opened file that holds several.
   * @type {((name: string, several: OpenedRecipe|null) => void)|null}
   */
  onOpened = null;
  /** What is on the screen; missing where there is no model to look at. @type {Store} */
  store = LATER;
  /** @type {LiveDecoder} */
  live = LATER;
  /** The model at work. @type {ModelEntry} */
  entry = LATER;
  /** Its engine; null where this page cannot run it. @type {Engine|AnnEngine|null} */
  engine = null;
  /** @type {Atlas|null} */
  atlas = null;
  /** Pictures that the visitor saved. */
  saved = new SavedPictures();
  /** Attributes of images and their correlation with its latent. @type {Measured|null} */
  measured = null;
  /** Those that came with the model. @type {Control[]} */
  #controls = [];
  /** @type {Latent} */
  latent = LATER;
  /** @type {Promise<WebAssembly.Module>|null} */
  #module = null;
  /** @type {Promise<Pool>|null} */
  #pool = null;
  /** Rows of the atlas that are selected in its map, in order; null if there are none. @type {number[]|null} */
  selected = null;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** @type {Set<() => void>} */
  #selectionListeners = new Set();
  /** @type {Promise<ByteArray|null>|null} */
  #images = null;
  #openings = 0; // so far; the last one counts
  #completing = false; // whether the prior of the state's draws is being loaded
  /** @type {Map<string, Promise<OpenedModel>>} */
  #peeked = new Map();

  /** Use `Session.open`. @param {Backend} backend */
  constructor(backend) {
    this.backend = backend;
  }

  /**
   * Read the list of models and the address, and open what they say.
   * @param {Backend} backend
   * @returns {Promise<Session>}
   */
  static async open(backend) {
    const session = new Session(backend);
    session.models = await backend.models();
    const usable = session.models.filter((m) => !m.problem);
    if (!usable.length) return session;
    const state = await session.#first(usable);
    session.store = new Store(state, keptHistory(state));
    keepHistory(session.store);
    session.live = new LiveDecoder(session);
    session.store.on("state", (now) => session.#follow(now));
    session.store.on("commit", () => session.#settle());
    // who has begun to play may draw, also when the server is away by then
    session.store.on("commit", () => session.#bring("encoder", session).catch(() => {}));
    session.live.request();
    session.writeLink();
    return session;
  }

  /** Named directions of the latent: the visitor's own, then the model's, those that pictures follow first. */
  get controls() {
    const own = ownControls(this.store?.state.view ?? {}, this.entry.dims, this.latent.spiking);
    const taken = new Set(own.map(({ name }) => name));
    return [...own, ...this.#controls.filter(({ name }) => !taken.has(name))];
  }

  /** Whether there is a model to look at. */
  get usable() {
    return Boolean(this.store);
  }

  /**
   * (N, H, W, C) bytes of the atlas' test images; null where they are not at hand.
   * @returns {Promise<ByteArray|null>}
   */
  originals() {
    const { entry, backend } = this;
    this.#images ??=
      entry.originals && backend.originals ? backend.originals(entry.hash).catch(() => null) : Promise.resolve(null);
    return this.#images;
  }

  /** Workers with the model in them, for many pictures. @returns {Promise<Pool>} */
  pool() {
    const code = supported() ? this.#compiled() : undefined; // a model without spikes needs none
    this.#pool ??= Promise.all([this.backend.bundle(this.entry.hash, "decoder"), code]).then(([bundle, wasm]) =>
      Pool.load(bundle, wasm, this.backend.pool),
    );
    return this.#pool;
  }

  /**
   * Have a part of a model that its first picture does without, in its engine.
   * @param {BundlePart} part
   * @param {Pick<OpenedModel, "engine"|"entry">} model
   */
  async need(part, { engine, entry } = this) {
    if (!engine || engine.has(part)) return;
    const words = msg`Loading the ${PARTS[part]} of ${entry.name} …`;
    const patience = setTimeout(() => this.#wait(words), PATIENCE);
    try {
      await this.#bring(part, { engine, entry });
    } finally {
      clearTimeout(patience);
      if (this.waiting === words) this.#wait(null);
    }
  }

  /** As `need`, without a word. @param {BundlePart} part @param {Pick<OpenedModel, "engine"|"entry">} model */
  async #bring(part, { engine, entry }) {
    if (engine && !engine.has(part)) engine.add(await readBundle(await this.backend.bundle(entry.hash, part)));
  }

  /**
   * Show a draw of the model's prior.
   * @param {number} seed
   * @param {unknown} [keys] as `Store.commit`
   */
  async invent(seed, keys) {
    const { entry } = this;
    /** @type {Source} */
    const source = { kind: "prior", seed };
    try {
      await this.need("prior");
      if (entry === this.entry) this.store.change({ source, rates: this.ratesOf(source) }, msg`prior ${seed}`, keys);
    } catch (error) {
      this.say(error.message, "warning");
    }
  }

  /** Called when another model is at work; the view is then built anew. @returns {() => void} stop */
  onModel(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Select rows of the atlas. @param {number[]|null} rows */
  select(rows) {
    if (same(rows ?? [], this.selected ?? [])) return;
    this.selected = rows?.length ? rows : null;
    for (const listener of [...this.#selectionListeners]) listener();
  }

  /** Called when other rows are selected. @param {() => void} listener @returns {() => void} stop */
  onSelected(listener) {
    this.#selectionListeners.add(listener);
    return () => this.#selectionListeners.delete(listener);
  }

  /**
   * The engine of a model with spikes, for what only such have; null of any other, and where this page cannot run it.
   * @returns {Engine|null}
   */
  get spikingEngine() {
    return this.engine instanceof Engine ? this.engine : null;
  }

  /**
   * Show a line at the top until the next gesture ends.
   * @param {string|null} text
   * @param {Message["kind"]} [kind]
   */
  say(text, kind = "info") {
    this.message = text ? { text, kind } : null;
    this.onMessage?.();
  }

  /** Say beside it what is waited for. @param {string|null} words */
  #wait(words) {
    this.waiting = words;
    this.onMessage?.();
  }

  /** Look at another model: its own first picture. @param {string} name */
  async choose(name) {
    if (this.opening && name === this.entry.name) return this.stay();
    const opened = await this.#open(name);
    if (!opened) return;
    this.#place(opened);
    this.store.change(this.firstState(), msg`model ${name}`);
  }

  /** Stay with the model at work, and open no other. */
  stay() {
    this.#openings++;
    this.#announce(null);
    const at = this.entry.name;
    if (this.store.state.model !== at) this.store.jumpTo((state) => state.model === at);
  }

  /** Another model, opened beside the one at work. @param {string} name @returns {Promise<OpenedModel>} */
  peek(name) {
    const known = this.#peeked.get(name);
    if (known) return known;
    const opened = this.#load(name);
    opened.catch(() => this.#peeked.delete(name)); // a failed one is tried again
    this.#peeked.set(name, opened);
    return opened;
  }

  /** Make a test image the source. @param {number} index */
  startFrom(index) {
    /** @type {Source} */
    const source = { kind: "test", index };
    this.store.change({ source, rates: this.ratesOf(source) }, msg`test image ${index}`);
  }

  /** What the model at work shows before anybody touched anything. @returns {State} */
  firstState() {
    const { entry, atlas } = this;
    /** @type {Source} */
    const source = atlas
      ? { kind: "test", index: atlas.indices[atlas.tilePositions[0] ?? 0] }
      : { kind: "prior", seed: 0 };
    const sampler = this.spikingEngine?.model.sampler ?? "bernoulli";
    return {
      model: entry.name,
      source,
      rates: this.ratesOf(source),
      seed: FIRST_SEED,
      sampler,
      steps: Math.min(entry.steps ?? this.latent.steps, MAX_STEPS),
      order: "effect",
      view: {},
    };
  }

  /**
   * The rates of a source, on the grid; of a draw of the prior while that is being loaded, those on the screen.
   * @param {Source} source
   * @returns {Uint16Array}
   * @throws {LinkError} if the model at work does not have it
   */
  ratesOf(source) {
    if (source.kind === "own") return source.rates;
    if (source.kind === "prior" && this.#completing) return this.store.state.rates;
    if (source.kind === "prior") return this.priorRates(source.seed);
    const row = this.atlas?.rowOf(source.index) ?? -1;
    if (!this.atlas || row < 0)
      throw new LinkError(msg`source: test image ${source.index} is not in the atlas of '${this.entry.name}'`);
    return this.atlas.rates(row);
  }

  /**
   * Rates of the prior's draw of that seed, on the grid; below temperature 1 nearer to the prior's middle.
   * @returns {Uint16Array}
   */
  priorRates(seed, temperature = 1, engine = this.engine) {
    if (!engine) throw new LinkError(msg`source: the prior of this model needs the engine in the page`);
    return toGrid(engine.priorRates(seed, { temperature }));
  }

  /**
   * Picture of heights in this or another model under the present noise, or, where that is none, the other model's own.
   * @param {{engine: Engine|AnnEngine}} model
   * @param {Uint16Array} rates on the grid
   * @returns {Float32Array} (C, H, W) in [-1, 1]
   */
  pictureIn({ engine }, rates) {
    const { seed, ...present } = this.store.state;
    const { sampler, time_steps: steps } =
      this.latent.spiking || !(engine instanceof Engine)
        ? { sampler: present.sampler, time_steps: present.steps }
        : engine.model;
    const spikes = engine.sample(fromGrid(rates), seed, sampler, steps);
    // decodeChanged of the engine at work is the live decoder's
    return engine === this.engine ? engine.decode(spikes, steps) : engine.decodeChanged(spikes, steps).image;
  }

  /** The link to what is on the screen. */
  get link() {
    const url = new URL(location.href);
    url.searchParams.delete(PARAMETER);
    // by hand, since URLSearchParams would escape every "~" of it
    url.search = `${url.search ? `${url.search}&` : "?"}${PARAMETER}=${encodeState(this.store.settled).replaceAll("%", "%25")}`;
    return url.href;
  }

  /** Bring the address bar up to date. */
  writeLink() {
    if (!this.backend.addressable) return;
    history.replaceState(history.state, "", this.link);
  }

  // ---- opening ---------------------------------------------------------------------------------------------------

  /** @param {ModelListing[]} usable @returns {Promise<State>} */
  async #first(usable) {
    const text = new URL(location.href).searchParams.get(PARAMETER) ?? this.backend.link;
    if (text) {
      try {
        const state = decodeState(text);
        this.#place(await this.#load(state.model));
        if (showsPrior(state)) await this.#bring("prior", this);
        if (state.rates.length !== this.entry.dims) {
          throw new LinkError(
            msg`rates: expected ${this.entry.dims} for model '${state.model}', found ${state.rates.length}`,
          );
        }
        if (this.ratesOf(state.source).length !== this.entry.dims)
          throw new LinkError(msg`source: rates of another model`);
        return state;
      } catch (error) {
        this.say(msg`This link does not open: ${error.message}. Here is something else instead.`, "warning");
      }
    }
    const order = [...usable].sort((a, b) => (a.turn ?? 0) - (b.turn ?? 0));
    let last = null;
    for (const { name } of order) {
      try {
        this.#place(await this.#load(name));
        return this.firstState();
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  /**
   * @param {string} name
   * @param {Told} [told] how much of it is there, in bytes
   * @returns {Promise<OpenedModel>}
   */
  async #load(name, told) {
    // no path, either
    if (!this.models.some((model) => model.name === name)) throw new LinkError(msg`model '${name}': not here`);
    const wasm = supported() ? this.#compiled() : undefined;
    const entry = await this.backend.model(name);
    const runs = entry.hash && (supported() || entry.latent); // a model without spikes needs no WebAssembly
    const [ofDecoder, ofAtlas] = told ? together([runs, entry.atlas], told) : [];
    const pack = entry.atlas ? this.backend.atlas(entry.hash, entry.atlasVersion, ofAtlas) : Promise.resolve(null);
    const controls = entry.controls ? this.backend.controls(entry.hash, entry.controls) : Promise.resolve(null);
    /** @type {Engine|AnnEngine|null} */
    let engine = null;
    if (runs)
      engine = await loadEngine(
        await this.backend.bundle(entry.hash, "decoder", ofDecoder),
        entry.latent ? undefined : await wasm,
      );
    const atlas = atlasOf(await pack);
    if (!atlas || atlas.count < FEW) await this.#bring("prior", { engine, entry }); // what it shows first are draws of it
    return {
      entry,
      engine,
      atlas,
      controls: controlsOf(await controls),
      measured: measuredOf(await controls, atlas),
      latent: latentOf(entry),
    };
  }

  /** The engine's code, compiled while the model is on its way. @returns {Promise<WebAssembly.Module>} */
  #compiled() {
    this.#module ??= compile(this.backend.wasm);
    this.#module.catch(() => (this.#module = null)); // a failed one is tried again
    return this.#module;
  }

  /** @param {OpenedModel} opened */
  #place({ entry, engine, atlas, controls, measured, latent }) {
    this.#pool?.then((pool) => pool.close());
    [this.#pool, this.#images] = [null, null];
    [this.entry, this.engine, this.atlas, this.latent] = [entry, engine, atlas, latent];
    [this.#controls, this.measured] = [controls, measured];
    this.select(null);
    if (entry.lessonsProblem) this.say(msg`The lessons are not shown: ${entry.lessonsProblem}`, "warning");
    if (entry.controlsProblem) this.say(msg`The controls are not shown: ${entry.controlsProblem}`, "warning");
    if (entry.atlasProblem) this.say(msg`The atlas is not shown: ${entry.atlasProblem}`, "warning");
  }

  /** Undo, a link or a file has led to another model. @param {State} state */
  async #follow({ model }) {
    if (model === this.entry.name) return this.#complete();
    if (model === this.opening) return;
    const opened = await this.#open(model);
    if (!opened || this.store.state.model !== model) return;
    this.#place(opened);
    this.#complete();
    this.refresh();
  }

  /** Have the prior where the state shows draws of it; the view is then built anew. */
  async #complete() {
    const { entry, engine } = this;
    if (this.#completing || !engine || engine.has("prior") || !showsPrior(this.store.state)) return;
    this.#completing = true;
    try {
      await this.need("prior");
    } catch (error) {
      this.say(error.message, "warning");
    } finally {
      this.#completing = false;
    }
    if (entry === this.entry && engine.has("prior")) this.refresh();
  }

  /**
   * Load a model while the one at work is still shown.
   * @param {string} name
   * @returns {Promise<OpenedModel|null>} null if it cannot be opened, or is no longer wanted
   */
  async #open(name) {
    const turn = ++this.#openings;
    this.#announce(name);
    try {
      const opened = await this.#load(name, (there, size) => {
        if (turn === this.#openings) this.onProgress?.(there, size);
      });
      if (turn !== this.#openings) return null;
      this.#announce(null);
      return opened;
    } catch (error) {
      if (turn !== this.#openings) return null;
      this.stay();
      this.say(msg`${name} does not open: ${error.message}. ${this.entry.name} is still shown.`, "warning");
      return null;
    }
  }

  /** @param {string|null} name */
  #announce(name) {
    this.opening = name;
    this.onOpening?.();
  }

  #settle() {
    this.say(null);
    this.writeLink();
    if (this.store.state.model === this.entry.name && this.live.now?.state.model !== this.entry.name) this.refresh();
  }

  /** Have the view built anew, since what it was built of has changed. */
  refresh() {
    this.live.restart();
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Whether a state's source or one of its anchors is a draw of the prior. @param {State} state */
const showsPrior = ({ source, view }) => source.kind === "prior" || /(^|\|)p/.test(view.anchors ?? "");

/**
 * An atlas as the views use it.
 * @param {{about: AtlasAbout, arrays: AtlasArrays}|null} read
 * @returns {Atlas|null}
 */
function atlasOf(read) {
  if (!read) return null;
  const { about, arrays } = read;
  const [count, dims] = arrays.counts.shape;
  const [counts, steps] = [arrays.counts.values, about.steps];
  const rowOfIndex = new Map(Array.from(arrays.indices.values, (index, row) => [index, row]));
  return {
    ...about,
    count,
    dims,
    counts,
    labels: arrays.labels.values,
    indices: arrays.indices.values,
    tilePositions: arrays.tilePositions.values,
    tiles: arrays.tiles,
    /** Colour of the images' ground; null where they have none in common. */
    ground: once(() => {
      const [count, height, width, channels = 1] = arrays.tiles.shape;
      return groundOf(arrays.tiles.values, [count, height, width, channels]);
    }),
    effect: arrays.effect.values,
    arrays,
    /** Row of a test image, -1 if it is not here. */
    rowOf: (index) => rowOfIndex.get(index) ?? -1,
    /** Rates of a row, on the grid. @returns {Uint16Array} */
    rates: (row) => Uint16Array.from(counts.subarray(row * dims, (row + 1) * dims), (n) => ofCount(n, steps)),
    label: (row) => about.classNames[arrays.labels.values[row]] ?? "",
    /** {low, high}: 5th and 95th percentile of each dimension's rate. */
    range: once(() => dataRange(counts, steps, dims)),
    usage: once(() => usage(counts, steps, dims)),
    /** Sorted distances of some rows to their nearest other row. */
    ownDistances: once(() => ownDistances(counts, steps, dims)),
  };
}

/**
 * Computes when first called, and remembers.
 * @template T
 * @param {() => T} make
 * @returns {() => T}
 */
function once(make) {
  /** @type {T|undefined} */
  let value;
  return () => (value ??= make());
}
