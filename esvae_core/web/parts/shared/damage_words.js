/** How damage to spikes is called on the screen. */

/** What each kind does; an amount as a number of its unit follows. @type {Record<DamageKind, [string, string, string]>} */
export const DAMAGES = {
  flip: ["Flip", "%", "Each cell: a spike becomes silence, and silence a spike, with this probability"],
  delete: ["Delete", "%", "Each spike is lost with this probability"],
  jitter: ["Jitter", "steps", "Each spike moves in time by a random number of steps with this standard deviation"],
  shuffle: ["Shuffle in time", "%", "In this share of the neurons, the spikes change places in time"],
};

/** An amount with its unit. @param {Damage} damage */
export const amountOf = ({ kind, amount }) =>
  DAMAGES[kind][1] === "%" ? `${amount} %` : `${(amount / 100).toFixed(2)} steps`;

/** @param {Damage} damage */
export const inWords = (damage) => `${DAMAGES[damage.kind][0].toLowerCase()}, ${amountOf(damage)}`;
