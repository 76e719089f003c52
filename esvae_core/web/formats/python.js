/** The lines of Python that make a picture again with `esvae_core`, to the pixel. */

import { GRID } from "../math/rates.js";
import { cellRates } from "./recipe.js";

/**
 * @param {Recipe} recipe
 * @param {string} path of the checkpoint, as one would type it
 * @param {{low: number[], high: number[], counts?: boolean}|null} [latent] ranges of a latent without spikes
 */
export function pythonFor(recipe, path, latent = null) {
  const { kind, sampler, steps, layout, seeds, flips = [], upto = [], damage } = recipe;
  const cells = cellRates(recipe);
  const unit = commonUnit(cells);
  const rows = latent
    ? codes(cells, latent)
    : cells.map((rates) => `[${Array.from(rates, (rate) => (rate * unit) / GRID).join(", ")}]`);
  const vectors = rows.length === 1 ? rows[0] : `\n    ${rows.join(",\n    ")},\n`;
  const edits = flips.map((place) => `(${place.join(", ")})`).join(", ");
  const more = `${flips.length ? ", flips=flips" : ""}${upto.length ? `, upto=[${upto.join(", ")}]` : ""}${damage ? `, damage=${damageText(damage)}` : ""}`;
  const imported = damage ? "from esvae_core.engine.damage import Damage\n" : "";
  const turned = flips.length ? `flips = [${edits}]  # picture, step and neuron of each spike that is turned\n` : "";
  const load = `model = load(${text(path)}).model\n`;
  const plain = `import numpy as np
from esvae_core import decode_codes, load
${imported}from esvae_core.pictures import sheet, to_picture

${load}codes = np.array([${vectors}])
pixels = decode_codes(model, codes${latent?.counts ? `, [${seeds.join(", ")}]` : ""}${damage ? `, damage=${damageText(damage)}, steps=${steps}` : ""})
`;
  const spiking = `import numpy as np
from esvae_core import decode_rates, load, to_fixed_point
${imported}from esvae_core.pictures import sheet, to_picture

${load}rates = np.array([${vectors}]) / ${unit}
${turned}pixels = decode_rates(model, to_fixed_point(rates), [${seeds.join(", ")}], sampler="${sampler}", steps=${steps}${more})
`;
  const head = latent ? plain : spiking;
  if (kind === "film") {
    return `${head}frames = [to_picture(frame, scale=${layout.scale}) for frame in pixels]
frames[0].save("film.gif", save_all=True, append_images=frames[1:], duration=${layout.frame_ms}, loop=0)`;
  }
  if (kind === "picture" && !layout.captions.length) {
    return `${head.replace("import sheet, to_picture", "import to_picture")}to_picture(pixels[0], scale=${layout.scale}).save("picture.png")`;
  }
  const captions = layout.captions.length ? `, captions=[${layout.captions.map(text).join(", ")}]` : "";
  return `${head}whole = sheet(pixels, ${layout.columns}, gap=${layout.gap}${captions})
to_picture(whole, scale=${layout.scale}).save("${kind}.png")`;
}

/**
 * The lines that draw a state's spikes, turn some of them, and save the picture after some steps.
 * @param {State} state
 * @param {Iterable<number>} cells that are turned, t * d + j
 * @param {Damage|null} damage done to the spikes before
 * @param {number} upto steps that are shown, 1 to T
 * @param {string} path of the checkpoint
 */
export function pythonForSpikes({ rates, seed, sampler, steps }, cells, damage, upto, path) {
  const unit = commonUnit([rates]);
  const turned = Array.from(cells, (cell) => `(${Math.floor(cell / rates.length)}, ${cell % rates.length})`);
  const edits = turned.length ? `for t, j in [${turned.join(", ")}]:\n    spikes[t, j] ^= 1\n` : "";
  const harm = damage ? `spikes = damaged(spikes, ${damageText(damage)}, ${seed})\n` : "";
  const imported = damage ? "\nfrom esvae_core.engine.damage import Damage, damaged" : "";
  return `import numpy as np
import torch
from esvae_core import load
from esvae_core.engine import noise${imported}
from esvae_core.pictures import to_picture, to_uint8

model = load(${text(path)}).model
rates = np.array([${Array.from(rates, (rate) => (rate * unit) / GRID).join(", ")}]) / ${unit}
spikes = noise.sample(rates.astype(np.float32), ${seed}, "${sampler}", ${steps})  # (T, d)
${harm}${edits}trace = model.trace_decode(torch.from_numpy(spikes[:, None]))
to_picture(to_uint8(trace.images[${upto - 1}])[0], scale=10).save("picture.png")`;
}

const damageText = ({ kind, amount }) => `Damage(kind="${kind}", amount=${amount})`;

/** Latent vectors, with the digits that name a place on the grid: to a quarter of its unit. */
function codes(cells, { low, high }) {
  const digits = low.map((from, j) => Math.max(0, Math.ceil(-Math.log10((high[j] - from) / GRID / 4))));
  const number = (height, j) => Number((low[j] + (height / GRID) * (high[j] - low[j])).toFixed(digits[j]));
  return cells.map((heights) => `[${Array.from(heights, number).join(", ")}]`);
}

/** The smallest unit of which all rates are multiples: T of most models, or the grid's. */
function commonUnit(cells) {
  const fits = (unit) => cells.every((rates) => rates.every((rate) => (rate * unit) % GRID === 0));
  return [1, 2, 4, 8, 16, 32, 64].find(fits) ?? GRID;
}

/** A text as Python reads it: JSON's escapes are Python's, if all is ASCII. */
function text(value) {
  return JSON.stringify(value).replace(/[^ -~]/gu, (c) => {
    const code = /** @type {number} */ (c.codePointAt(0));
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
  });
}
