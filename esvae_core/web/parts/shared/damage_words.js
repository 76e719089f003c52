/** How damage to spikes is called on the screen. */

import { msg } from "../../messages.js";

/** What each kind does; an amount as a number of its unit follows. @type {Record<DamageKind, [string, string, string]>} */
export const DAMAGES = {
  flip: [msg`Flip`, "%", msg`Each cell: a spike becomes silence, and silence a spike, with this probability`],
  delete: [msg`Delete`, "%", msg`Each spike is lost with this probability`],
  jitter: [
    msg`Jitter`,
    msg`steps`,
    msg`Each spike moves in time by a random number of steps with this standard deviation`,
  ],
  shuffle: [msg`Shuffle in time`, "%", msg`In this share of the neurons, the spikes change places in time`],
};

/** An amount with its unit. @param {Damage} damage */
export const amountOf = ({ kind, amount }) =>
  DAMAGES[kind][1] === "%" ? `${amount} %` : msg`${(amount / 100).toFixed(2)} steps`;

/** @param {Damage} damage */
export const inWords = (damage) => `${DAMAGES[damage.kind][0].toLowerCase()}, ${amountOf(damage)}`;
