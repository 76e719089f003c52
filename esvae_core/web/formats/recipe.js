/**
 * A recipe: what makes a picture again; the twin of `esvae_core/explore/recipe.py`, which tells its fields. Both write
 * the same text for the same recipe and refuse the same ones.
 */

import { msg } from "../messages.js";
import { toBase64 } from "./bytes.js";
import { damaged, KINDS, MOST } from "../engine/damage.js";
import { flipped } from "../state/flips.js";
import { CAPTION } from "./image_grid.js";
import { GRID } from "../math/rates.js";

export const MAX_TEXT = 4 * 2 ** 20;
const MAX_CELLS = 16_384;
const MAX_RATES = 2 ** 20;
const MAX_WORK = 2 ** 18;
const MAX_FLIPS = 2 ** 16;
const VERSION = 4;
export const MAX_PIXELS = 2 ** 26;

/** A recipe, or the file that carries it, is not what it should be; one line to show. */
export class RecipeError extends Error {}

/**
 * @param {Uint16Array[]} cells rates of each picture, in units of 1/46080
 * @param {number[]} seeds of the noise, one for each picture or one for all
 * @param {{kind: Recipe["kind"], checkpoint: Recipe["checkpoint"], sampler: string, steps: number,
 *   flips?: Recipe["flips"], upto?: number[], damage?: Damage|null, layout?: Partial<RecipeLayout>, versions?: Record<string, string>}} about
 * @returns {Recipe}
 * @throws {RecipeError} more than a recipe holds, or out of range
 */
export function recipeOf(
  cells,
  seeds,
  { kind, checkpoint, sampler, steps, flips = [], upto = [], damage = null, layout = {}, versions = {} },
) {
  const dims = cells[0]?.length ?? 0;
  const bytes = new Uint8Array(2 * dims * cells.length);
  cells.forEach((rates, i) => rates.forEach((rate, j) => bytes.set([rate >> 8, rate & 255], 2 * (i * dims + j))));
  const { columns = 1, gap = 0, scale = 1, captions = [], frame_ms = 100 } = layout;
  return checked({
    version: damage ? 4 : upto.length ? 3 : flips.length ? 2 : 1,
    kind,
    checkpoint: { name: checkpoint.name, sha256: checkpoint.sha256 },
    sampler,
    steps,
    dims,
    rates: toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
    seeds: new Set(seeds).size === 1 ? [seeds[0]] : [...seeds],
    flips: [...flips].sort(byPlace),
    upto: [...upto],
    damage: damage && { kind: damage.kind, amount: damage.amount },
    layout: { columns, gap, scale, captions: [...captions], frame_ms },
    versions,
  });
}

/** As a file carries it: JSON on one line. @param {Recipe} recipe */
export const textOf = (recipe) => JSON.stringify(recipe);

/** Read a recipe's text, which may be anything, and check all of it. @returns {Recipe} @throws {RecipeError} */
export function parse(text) {
  if (text.length > MAX_TEXT)
    throw new RecipeError(msg`recipe: expected at most ${MAX_TEXT} bytes, found ${text.length}`);
  let values;
  try {
    values = JSON.parse(text);
  } catch {
    throw new RecipeError(msg`recipe: expected JSON, found something else`);
  }
  if (!isObject(values)) throw new RecipeError(msg`recipe: expected a JSON object`);
  if (Number.isInteger(values.version) && values.version > VERSION) {
    throw new RecipeError(
      msg`recipe of version ${values.version}, this page reads up to ${VERSION}; please reload or update it`,
    );
  }
  return checked(values);
}

/** Rates of each picture, in units of 1/46080. @param {Recipe} recipe @returns {Uint16Array[]} */
export function cellRates({ rates, dims }) {
  const bytes = fromBase64(rates);
  return Array.from({ length: bytes.length / (2 * dims) }, (_, i) =>
    Uint16Array.from({ length: dims }, (_, j) => (bytes[2 * (i * dims + j)] << 8) | bytes[2 * (i * dims + j) + 1]),
  );
}

/** Seed of the i-th picture's noise. @param {Recipe} recipe */
export const seedOf = ({ seeds }, i) => seeds[seeds.length > 1 ? i : 0];

/**
 * The spikes of the i-th picture, given what the noise has drawn: damaged, then with those that are edited by hand.
 * @param {Recipe} recipe
 * @param {number} i
 * @param {Uint8Array|Float32Array} drawn (T, d)
 * @returns {Uint8Array|Float32Array} (T, d)
 */
export const spikesIn = (recipe, i, drawn) =>
  flipped(damaged(drawn, recipe.dims, recipe.damage, seedOf(recipe, i)), turnedIn(recipe, i));

/**
 * What the decoder gets to see of them: up to the step that the picture is seen after.
 * @param {Recipe} recipe
 * @param {number} i
 * @param {Uint8Array|Float32Array} drawn (T, d)
 * @returns {Uint8Array|Float32Array} (T or fewer, d)
 */
export function seenIn(recipe, i, drawn) {
  return spikesIn(recipe, i, drawn).subarray(0, uptoOf(recipe, i) * recipe.dims);
}

/** Cells t * d + j of the i-th picture that are edited by hand. @param {Recipe} recipe @returns {number[]} */
export const turnedIn = ({ flips = [], dims }, i) =>
  flips.filter(([picture]) => picture === i).map(([, t, j]) => t * dims + j);

/** Steps after which the i-th picture is seen, 1 to T. @param {Recipe} recipe */
export const uptoOf = ({ upto = [], steps }, i) => upto[upto.length > 1 ? i : 0] ?? steps;

/** How many pixels are on the sheet, or on all frames, of pictures that are `size` wide and high. */
export function pixelCount(recipe, size) {
  const { columns, gap, scale, captions } = recipe.layout;
  const count = recipe.rates.length ? Math.floor((3 * recipe.rates.length) / (8 * recipe.dims)) : 0;
  if (recipe.kind === "film") return count * (size * scale) ** 2;
  const across = Math.min(columns, count);
  const tall = size + gap + (captions.length ? CAPTION : 0);
  return Math.ceil(count / across) * tall * across * (size + gap) * scale ** 2;
}

const byPlace = (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const whole = (low, high) => (v) => Number.isInteger(v) && v >= low && v <= high;
const among =
  (...values) =>
  (v) =>
    values.includes(v);
const line = (low, high) => (v) =>
  typeof v === "string" &&
  !/\p{Surrogate}/u.test(v) &&
  [...v].length >= low &&
  [...v].length <= high &&
  !/[\u0000-\u001f\u007f]/.test(v);
const listOf = (holds, low, high) => (v) => Array.isArray(v) && v.length >= low && v.length <= high && v.every(holds);

const LAYOUT = {
  columns: whole(1, MAX_CELLS),
  gap: whole(0, 64),
  scale: whole(1, 64),
  captions: listOf(line(0, 64), 0, MAX_CELLS),
  frame_ms: whole(20, 10_000),
};
const DAMAGE = { kind: among(...KINDS), amount: whole(1, Math.max(...Object.values(MOST))) };
const LAYOUT_UNLESS_GIVEN = { columns: 1, gap: 0, scale: 1, captions: [], frame_ms: 100 };
const FIELDS = {
  version: among(1, 2, 3, 4),
  kind: among("picture", "grid", "strip", "film"),
  checkpoint: isObject,
  sampler: among("bernoulli", "systematic"),
  steps: whole(1, 1024),
  dims: whole(1, 4096),
  rates: (v) => typeof v === "string" && v.length <= MAX_TEXT && /^[A-Za-z0-9_-]+$/.test(v),
  seeds: listOf(whole(0, 2 ** 32 - 1), 1, MAX_CELLS),
  flips: listOf(listOf(whole(0, 2 ** 20 - 1), 3, 3), 0, MAX_FLIPS),
  upto: listOf(whole(1, 1024), 0, MAX_CELLS),
  damage: (v) => v === null || isObject(v),
  layout: isObject,
  versions: (v) => isObject(v) && Object.keys(v).length <= 16 && Object.entries(v).flat().every(line(0, 64)),
};

/** @param {Record<string, unknown>} values @returns {Recipe} @throws {RecipeError} */
function checked(values) {
  const recipe = fields({ flips: [], upto: [], damage: null, layout: {}, versions: {}, ...values }, FIELDS, "");
  const checkpoint = fields(
    recipe.checkpoint,
    { name: line(1, 200), sha256: (v) => typeof v === "string" && /^[0-9a-f]{64}$/.test(v) },
    "checkpoint.",
  );
  const layout = fields({ ...LAYOUT_UNLESS_GIVEN, ...recipe.layout }, LAYOUT, "layout.");
  const damage = recipe.damage && fields(recipe.damage, DAMAGE, "damage.");
  const bytes = fromBase64(recipe.rates);
  const count = Math.floor(bytes.length / (2 * recipe.dims));
  if (!count || bytes.length !== 2 * recipe.dims * count) {
    throw new RecipeError(
      msg`recipe: rates: expected a multiple of ${recipe.dims} numbers of 2 bytes, found ${bytes.length} bytes`,
    );
  }
  if (count > MAX_CELLS || count * recipe.dims > MAX_RATES || count * recipe.steps > MAX_WORK) {
    throw new RecipeError(
      msg`recipe: more than it may hold: ${count} pictures, ${count * recipe.dims} rates, ${count * recipe.steps} pictures x steps`,
    );
  }
  for (let i = 0; i < bytes.length; i += 2) {
    if (((bytes[i] << 8) | bytes[i + 1]) > GRID)
      throw new RecipeError(msg`recipe: rates: expected each to be at most ${GRID}`);
  }
  if (recipe.seeds.length !== 1 && recipe.seeds.length !== count) {
    throw new RecipeError(msg`recipe: seeds: expected 1 or ${count}, found ${recipe.seeds.length}`);
  }
  if (layout.captions.length && layout.captions.length !== count) {
    throw new RecipeError(msg`recipe: captions: expected none or ${count}, found ${layout.captions.length}`);
  }
  if (recipe.kind === "picture" && count !== 1) {
    throw new RecipeError(msg`recipe: kind: a picture has one vector of rates, found ${count}`);
  }
  checkDamage(recipe.version, damage);
  checkUpto(recipe, count);
  checkFlips(recipe, count);
  const made = { ...recipe, damage, checkpoint, layout };
  for (const name of ["flips", "upto"]) if (!made[name].length) delete made[name];
  if (!damage) delete made.damage;
  return made;
}

function checkDamage(version, damage) {
  if (Boolean(damage) !== (version === 4)) {
    throw new RecipeError(msg`recipe: damage: expected some in version 4 and none before, in version ${version}`);
  }
  if (damage && damage.amount > MOST[damage.kind]) {
    throw new RecipeError(
      msg`recipe: damage.amount: expected 1 to ${MOST[damage.kind]} hundredths of ${damage.kind}, found ${damage.amount}`,
    );
  }
}

function checkUpto({ version, upto, steps }, count) {
  if (version < 4 && upto.length > 0 !== (version === 3)) {
    throw new RecipeError(msg`recipe: upto: expected some in version 3 and none before, found ${upto.length}`);
  }
  if (![0, 1, count].includes(upto.length) || upto.some((t) => t > steps)) {
    throw new RecipeError(msg`recipe: upto: expected none, 1 or ${count} numbers of steps up to ${steps}`);
  }
}

function checkFlips({ version, flips, steps, dims }, count) {
  if (version < 3 && flips.length > 0 !== (version === 2)) {
    throw new RecipeError(msg`recipe: flips: expected some in version 2 and none in version 1, found ${flips.length}`);
  }
  const outside = flips.find(([picture, t, j]) => picture >= count || t >= steps || j >= dims);
  if (outside) {
    throw new RecipeError(
      msg`recipe: flips: expected picture, step and neuron below ${count}, ${steps} and ${dims}, found [${outside.join(", ")}]`,
    );
  }
  if (flips.some((place, i) => i && byPlace(flips[i - 1], place) >= 0)) {
    throw new RecipeError(msg`recipe: flips: expected each once, in ascending order`);
  }
}

/**
 * Those fields, in their order, all of them checked and no others; so what the rules promise is what they are.
 * @template {Record<string, (value: unknown) => boolean>} Rules
 * @param {Record<string, unknown>} values
 * @param {Rules} rules
 * @param {string} where
 * @returns {{[Name in keyof Rules]: any}}
 */
function fields(values, rules, where) {
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined)
    throw new RecipeError(
      msg`recipe: ${where}${unknown.slice(0, 40)}: unknown; known are ${Object.keys(rules).join(", ")}`,
    );
  const found = Object.entries(rules).map(([name, holds]) => {
    if (holds(values[name])) return [name, values[name]];
    const text = String(JSON.stringify(values[name])).slice(0, 60);
    throw new RecipeError(msg`recipe: ${where}${name}: unexpected ${text}`);
  });
  return Object.fromEntries(found);
}

function fromBase64(text) {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    throw new RecipeError(msg`recipe: rates: expected base64url`);
  }
}
