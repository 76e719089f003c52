/**
 * Opens what a file describes, by its recipe or its link: network, rates and noise become what is on the screen.
 */

import { msg } from "../../messages.js";
import { linkIn } from "../../formats/link_files.js";
import { MAX_BYTES, recipeIn } from "../../formats/recipe_files.js";
import { writeDamage } from "../../state/damage.js";
import { writeFlips } from "../../state/flips.js";
import { decodeState, LinkError, MAX_SEED, MAX_STEPS } from "../../state/url_state.js";
import { cellRates, RecipeError, seedOf, turnedIn, uptoOf } from "../../formats/recipe.js";

/** Whether a file is a table, such as those that are exported here. @param {File} file */
const looksTable = ({ name, type }) => /\.csv$/i.test(name) || type === "text/csv";
const NO_TABLE = msg`CSV files have figures alone, no recipe or link, so there is nothing to open. Exported pictures and films (PNG, GIF, WebP, MP4, SVG), arrays (NPZ), charts (SVG, PDF) and pages (HTML) can be opened`;

/**
 * Open a file, if it carries a recipe or a link; of several pictures the first.
 * @param {Session} session
 * @param {File} file may be anything
 * @returns {Promise<boolean>} false if it carries none
 * @throws {RecipeError|LinkError} one line, if it carries one that cannot be followed here, or is a table
 */
export async function openRecipe(session, file) {
  if (looksTable(file)) throw new RecipeError(NO_TABLE);
  if (file.size > MAX_BYTES) return false;
  const bytes = new Uint8Array(await file.arrayBuffer());
  const recipe = await recipeIn(bytes);
  if (!recipe) return openLink(session, linkIn(bytes), file.name);
  const model = await modelOf(session, recipe);
  showCell(session, recipe, model, 0, file.name);
  session.onOpened?.(file.name, cellRates(recipe).length > 1 ? { recipe, model } : null);
  return true;
}

/**
 * @param {Session} session
 * @param {string} link "" opens nothing
 * @param {string} label
 */
async function openLink(session, link, label) {
  if (!link) return false;
  const state = decodeState(link);
  if (!session.models.some(({ name, problem }) => name === state.model && !problem))
    throw new LinkError(msg`it shows the model ${state.model}, which is not here`);
  const { dims } = await session.backend.model(state.model);
  if (dims !== state.rates.length) throw new LinkError(msg`rates: expected ${dims}, found ${state.rates.length}`);
  session.store.change(state, label);
  return true;
}

/**
 * Name here of the network that made it, wherever its file is now.
 * @param {Session} session
 */
async function modelOf(session, { checkpoint, steps, dims, seeds }) {
  if (steps > MAX_STEPS)
    throw new RecipeError(
      msg`it was made with T = ${steps}, and the page goes up to ${MAX_STEPS}; esvae replay makes it again`,
    );
  if (seeds.some((seed) => seed > MAX_SEED))
    throw new RecipeError(msg`its noise has a seed beyond those of the page; esvae replay makes it again`);
  const names = session.models.filter((model) => !model.problem).map(({ name }) => name);
  const likely = names.sort((a, b) => Number(b === checkpoint.name) - Number(a === checkpoint.name));
  for (const name of likely) {
    const entry = await session.backend.model(name).catch(() => null);
    if (!entry || (entry.hash !== checkpoint.sha256 && entry.earlier !== checkpoint.sha256)) continue;
    if (entry.dims !== dims) throw new RecipeError(msg`recipe: dims: expected ${entry.dims}, found ${dims}`);
    return name;
  }
  throw new RecipeError(
    msg`it was made with another network, ${checkpoint.name} (content ${checkpoint.sha256.slice(0, 12)}), which is not here`,
  );
}

/**
 * Show one of its pictures.
 * @param {Session} session
 * @throws {LinkError} if more of its spikes are edited by hand than a link holds
 */
export function showCell({ store }, recipe, model, i, label) {
  const rates = cellRates(recipe)[i];
  const { sampler, steps } = recipe;
  const { flips: _, upto: __, damage: ___, ...view } = store.state.view;
  const [flips, upto] = [writeFlips(turnedIn(recipe, i)), uptoOf(recipe, i)];
  if (flips) view.flips = flips;
  if (upto < steps) view.upto = String(upto);
  if (recipe.damage) view.damage = writeDamage(recipe.damage);
  store.change({ model, source: { kind: "own", rates }, rates, seed: seedOf(recipe, i), sampler, steps, view }, label);
}
