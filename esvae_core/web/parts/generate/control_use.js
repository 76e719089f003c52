/** How the link says that a control is used on all samples: moved by an amount, or held at a value. */

const EDGE = 0.02; // share of the test images beyond either end of the range of values
const ROUNDS = 3; // of measuring and moving again

/** Inside of a range; 0 in place of what is no number. @param {[number, number]} range @param {number} value */
export const within = ([low, high], value) => Math.min(high, Math.max(low, Number.isFinite(value) ? value : 0));

/** @param {ArrayLike<number>} values sorted @param {number} share 0 to 1 */
const at = (values, share) => values[Math.round(share * (values.length - 1))];

/** The value of which as many test images have less as have more. @param {ArrayLike<number>} values sorted */
export const middleOf = (values) => at(values, 0.5);

/** The values that nearly all test images have. @param {ArrayLike<number>} values sorted @returns {[number, number]} */
export const rangeOf = (values) => [at(values, EDGE), at(values, 1 - EDGE)];

/**
 * `value` is that at which samples are held, null where they are moved by `amount`; `range` is that of either one.
 * @typedef {{control: Control, amount: number, value: number|null, range: [number, number]}} ControlUse
 */

/**
 * @param {State["view"]} view `steer` names the control, `by` the amount, `hold` the value
 * @param {Control[]} controls that can be used
 * @param {(control: Control) => ArrayLike<number>|null} valuesOf sorted values of the test images; null: not measurable
 * @returns {ControlUse|null} null without a control
 */
export function controlUse({ steer, by, hold }, controls, valuesOf) {
  const control = controls.find(({ name }) => name === steer);
  if (!control) return null;
  const amount = within(control.reach, Number(by ?? 0));
  const values = hold === undefined ? null : valuesOf(control);
  if (!values?.length) return { control, amount, value: null, range: control.reach };
  const range = rangeOf(values);
  return { control, amount, value: within(range, Number(hold)), range };
}

/** @typedef {{rates: Uint16Array, seed: number}} Sample rates on the grid, and the seed of its noise */

/**
 * Rates whose pictures have a value, as nearly as the control gets them there.
 * @param {Sample[]} samples
 * @param {{control: Control, value: number}} use
 * @param {(samples: Sample[]) => Promise<number[]>} measured the attribute of each picture, NaN where undefined
 * @returns {Promise<Uint16Array[]>}
 */
export async function heldAt(samples, { control, value }, measured) {
  const amounts = samples.map(() => 0);
  let now = samples;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await measured(now);
    found.forEach((each, k) => {
      if (!Number.isNaN(each)) amounts[k] = within(control.reach, amounts[k] + (value - each) / control.size);
    });
    now = samples.map(({ rates, seed }, k) => ({ rates: control.apply(rates, amounts[k]), seed }));
  }
  return now.map(({ rates }) => rates);
}
