/** Which recipe a file carries, whatever the file is; the twin of `read` in `esvae_core/explore/recipe_files.py`. */

import { msg } from "../messages.js";
import { fromUtf8, hasAscii } from "./bytes.js";
import { isGif, recipeInGif } from "./gif.js";
import { isMp4, xmpInMp4 } from "./mp4.js";
import { isNpz, recipeInNpz } from "./npz.js";
import { isPng, recipeInPng } from "./png.js";
import { MAX_TEXT, parse, RecipeError } from "./recipe.js";
import { isWebp, xmpInWebp } from "./webp.js";
import { betweenTags } from "./xmp.js";

export const MAX_BYTES = 2 ** 26;

/**
 * @param {Uint8Array} bytes of a file that may be anything
 * @returns {Promise<Recipe|null>} null if it carries none
 * @throws {RecipeError} one line, if it carries one that cannot be followed
 */
export async function recipeIn(bytes) {
  const text = await textIn(bytes);
  return text ? parse(text) : null;
}

async function textIn(bytes) {
  if (isPng(bytes)) return recipeInPng(bytes);
  if (isGif(bytes)) return recipeInGif(bytes);
  if (isWebp(bytes)) return betweenTags(xmpInWebp(bytes));
  if (isMp4(bytes)) return betweenTags(xmpInMp4(bytes));
  if (hasAscii(bytes, 0, "<svg") || hasAscii(bytes, 0, "<?xm")) return betweenTags(fromUtf8(bytes));
  if (!isNpz(bytes)) return "";
  try {
    return await recipeInNpz(bytes, MAX_TEXT);
  } catch (error) {
    throw new RecipeError(msg`recipe: damaged: ${error.message}`);
  }
}
