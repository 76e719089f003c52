/**
 * Damage to spikes, as a link keeps it: its kind and its amount in hundredths, `flip10`. The twin of `app/damage.py`;
 * both are held against `tests/app/link_vectors.json`.
 */

import { msg } from "../messages.js";
import { KINDS, MOST } from "../engine/damage.js";
import { LinkError } from "./url_state.js";

/** @param {Damage|null} damage @returns {string} "" for none */
export const writeDamage = (damage) => (damage?.amount ? `${damage.kind}${damage.amount}` : "");

/**
 * Read what `writeDamage` wrote.
 * @param {string|undefined} text
 * @returns {Damage|null}
 * @throws {LinkError}
 */
export function readDamage(text) {
  if (!text) return null;
  const [, name, digits] = /^([a-z]+)([1-9][0-9]{0,3})$/.exec(text) ?? [];
  const kind = KINDS.find((known) => known === name);
  if (kind && Number(digits) <= MOST[kind]) return { kind, amount: Number(digits) };
  const known = Object.entries(MOST).map(([each, most]) => `${each}1 to ${each}${most}`);
  throw new LinkError(
    msg`damage: expected ${known.join(", ")}, found '${text.length <= 24 ? text : `${text.slice(0, 24)}...`}'`,
  );
}
