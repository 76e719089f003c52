/** Where the present rates are on the map, and where they have come from. */

import { placed } from "../../math/map_geometry.js";
import { controlPath } from "./control_path.js";

const LONGEST = 80; // places of the trail
const MOVED = 1e-3; // map units between two of them

/**
 * What `MapPointer` says of the present rates.
 * @param {MapModel} model
 * @param {Decoded} decoded
 * @returns {Pick<MapPointer, "near"|"path"|"source"> & {cursor: number[]}}
 */
export function currentPosition(model, { state, rates }) {
  const { atlas } = model;
  const { place, rows } = placed(rates, atlas.counts, atlas.steps, model.places, model.axes);
  const source = state.source.kind === "test" ? atlas.rowOf(state.source.index) : -1;
  return { cursor: place, near: rows, path: controlPath(model, state.rates), source };
}

/**
 * A trail with one more place, if that is another one; the oldest go.
 * @param {MapPointer["trail"]} trail
 * @param {number[]} place
 * @param {number} axes
 */
export function trailTo(trail, place, axes) {
  const last = trail.at(-1);
  if (last?.axes === axes && last.place.every((v, i) => Math.abs(v - place[i]) <= MOVED)) return trail;
  return [...trail, { place, axes }].slice(-LONGEST);
}
