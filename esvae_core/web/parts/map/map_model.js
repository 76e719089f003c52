/** What a map shows and how: the layout, what colours it, which classes are hidden, which points are held. */

import { msg } from "../../messages.js";
import { circularColour, classColour, extent, rampColour } from "../../math/colour.js";
import { initialCamera, unit } from "../../math/map_geometry.js";
import { unitText, valueText } from "../../math/measured.js";
import { nameOf } from "../shared/dimension_names.js";

const LEVELS = 32; // colours of the ramp
const UNDEFINED = "rgb(128 132 145)"; // of points that have no number

/** What links keep of this view, with the value that needs no mention. */
const KEPT = { "map.axes": "2", "map.by": "class", "map.as": "points", "map.of": "", "map.path": "" };

export class MapModel {
  /** @type {Set<(what: MapChange) => void>} */
  #listeners = new Set();
  /** What colours the points; null for classes. @type {MapScale|null} */
  scale = null;
  /** @type {string[]} */
  colours = [];
  /** Of each row, the number of its colour among `colours`. @type {Uint8Array|Uint16Array} */
  paint = new Uint8Array(0);
  /**
   * Where the names of classes stand, by number of axes.
   * @type {Record<number, {of: Float32Array, rows: Map<number, number>}>}
   */
  middles = {};
  /** In the plane and in space, (N, axes) each. @type {Record<2|3, Float32Array>} */
  points = { 2: new Float32Array(0), 3: new Float32Array(0) };
  /** Trustworthiness of each row, 0 to 255. @type {Record<2|3, Uint8Array>} */
  trusts = { 2: new Uint8Array(0), 3: new Uint8Array(0) };

  /** @param {MappedSession} session */
  constructor(session) {
    const { atlas, entry, store } = session;
    this.session = session;
    this.atlas = atlas;
    this.entry = entry;
    this.about = atlas.map;
    /** Classes that the legend has switched off. */
    this.hidden = new Set();
    this.lassoing = false;
    this.faded = false;
    this.camera = initialCamera();
    /** Whether a row is on the screen. */
    this.shown = (row) => !this.hidden.has(atlas.labels[row]);
    this.lay(atlas.arrays, atlas.map);
    const stops = [
      store.on("state", (state) => {
        if (state.model === entry.name && this.#marks !== this.#read(state)) this.#settle();
      }),
      session.onSelected(() => this.tell("selection")),
    ];
    this.stop = () => stops.forEach((stop) => stop());
    this.#settle();
  }

  /** Rows in the lasso, in order; null if there is none. */
  get selection() {
    return this.session.selected;
  }

  #marks = "";
  #read = (state) => JSON.stringify(Object.keys(KEPT).map((key) => state.view[key] ?? KEPT[key]));

  /** What the link says, e.g. `kept("by")`. @param {string} name */
  kept = (name) => this.session.store.state.view[`map.${name}`] ?? KEPT[`map.${name}`];

  /** Change that, as a step that can be undone. */
  keep(name, value, label) {
    const view = { ...this.session.store.state.view, [`map.${name}`]: value };
    if (value === KEPT[`map.${name}`]) delete view[`map.${name}`];
    this.session.store.change({ view }, label);
  }

  /**
   * Place the points: the atlas' own map, or one that was drawn anew.
   * @param {MapArrays} arrays
   * @param {MapAbout} about
   */
  lay(arrays, about) {
    const again = this.places.length > 0;
    this.about = about;
    this.points = { 2: unit(arrays.map2.values), 3: unit(arrays.map3.values) };
    this.trusts = { 2: arrays.trust2.values, 3: arrays.trust3.values };
    if (again) this.session.select(null);
    this.tell("layout");
  }

  get axes() {
    return this.kept("axes") === "3" ? 3 : 2;
  }

  /** (N, axes) in [-1, 1]. */
  get places() {
    return this.points[this.axes];
  }

  /** Trustworthiness of a row, 0 to 1. */
  trust(row) {
    return this.trusts[this.axes][row] / 255;
  }

  /** A colour, and its number among `colours`. */
  colourOf(row) {
    return this.colours[this.paint[row]];
  }

  /** Numbers behind the colours: null for classes. @param {string} by @returns {Omit<MapScale, "low"|"high">|null} */
  scaleOf(by) {
    const { atlas } = this;
    const { latent } = this.session;
    const dimension = /^d(\d+)$/.exec(by);
    if (dimension && Number(dimension[1]) < atlas.dims) {
      const j = Number(dimension[1]);
      const values = Float32Array.from({ length: atlas.count }, (_, row) =>
        latent.value(j, atlas.counts[row * atlas.dims + j] / atlas.steps),
      );
      return { values, name: msg`${latent.name} of ${nameOf(this.session, j)}`, digits: 2 };
    }
    if (by.startsWith("a.")) return this.#attribute(by.slice(2));
    if (by === "error" && atlas.arrays.errors) {
      return { values: atlas.arrays.errors.values, name: msg`squared error of the reconstruction`, digits: 3 };
    }
    if (by === "trust") {
      return {
        values: Float32Array.from(this.trusts[this.axes], (t) => t / 255),
        name: msg`trust in the point's place`,
        digits: 2,
      };
    }
    return null;
  }

  /** Values of an attribute; null if it is not known of these images. @param {string} name */
  #attribute(name) {
    const column = this.session.measured?.column(name);
    if (!column) return null;
    const { attribute, values } = column;
    return {
      values,
      name,
      digits: values.every((v) => Number.isNaN(v) || Number.isInteger(v)) ? 0 : 2,
      unit: unitText(attribute.unit),
      period: attribute.kind === "circular" ? attribute.period : undefined,
      words: attribute.kind === "category" ? attribute.categories : undefined,
      text: (row) => `${name} ${valueText(attribute, values[row])}`,
    };
  }

  /** Make these the selection. @param {number[]|null} rows */
  hold(rows) {
    this.session.select(rows);
  }

  /** Show or hide a class; `alone`: hide all others, or, if that is so already, show all again. */
  toggle(label, alone = false) {
    const others = this.atlas.classNames.map((_, i) => i).filter((other) => other !== label);
    if (alone) {
      const already = !this.hidden.has(label) && others.every((other) => this.hidden.has(other));
      this.hidden = new Set(already ? [] : others);
    } else if (!this.hidden.delete(label)) this.hidden.add(label);
    this.tell("filter");
  }

  /** Show all classes. */
  showAll() {
    this.hidden = new Set();
    this.tell("filter");
  }

  /** Listen to changes of anything here. @param {(what: MapChange) => void} listener @returns {() => void} stop */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {MapChange} what */
  tell(what) {
    if (what === "layout" || what === "kept") this.#colour();
    for (const listener of [...this.#listeners]) listener(what);
  }

  #settle() {
    this.#marks = this.#read(this.session.store.state);
    this.tell("kept");
  }

  #colour() {
    const scale = this.scaleOf(this.kept("by"));
    this.scale = null;
    if (!scale) {
      this.colours = this.atlas.classNames.map((_, label) => classColour(label));
      this.paint = this.atlas.labels;
      return;
    }
    const { values, period, words } = scale;
    const { low, high } = period ? { low: 0, high: period } : extent(values.filter((v) => !Number.isNaN(v)));
    this.scale = { ...scale, low, high };
    const count = words?.length ?? LEVELS;
    const ramp = (i) => (period ? circularColour(i / LEVELS) : rampColour(i / (LEVELS - 1)));
    this.colours = [...Array.from({ length: count }, (_, i) => (words ? classColour(i) : ramp(i))), UNDEFINED];
    const share = (v) => Math.min(1, Math.max(0, (v - low) / (high - low || 1)));
    const level = (v) =>
      words ? v : period ? Math.floor((v / period) * LEVELS) % LEVELS : Math.round(share(v) * (LEVELS - 1));
    this.paint = Uint16Array.from(values, (v) => (Number.isNaN(v) ? count : level(v)));
  }
}
