/** A group of buttons, in rows of equal length, that is one stop of the tab key: arrow keys, Home and End go on from there. */

/**
 * @param {HTMLElement} group whose buttons may be built anew at any time
 * @returns {() => void} to be called after that: the pressed button, or else the first, becomes the stop
 */
export function oneTabStop(group) {
  const buttons = () => [...group.querySelectorAll("button")];
  /** @param {HTMLButtonElement} stop */
  const settle = (stop) => buttons().forEach((button) => (button.tabIndex = button === stop ? 0 : -1));
  group.addEventListener("focusin", ({ target }) => {
    const button = /** @type {HTMLElement} */ (target).closest("button");
    if (button) settle(button);
  });
  group.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const all = buttons();
    const at = all.findIndex((button) => button === event.target);
    const to = at < 0 ? undefined : placeAfter(event.key, at, all.length, lengthOfRow(all));
    if (to === undefined) return;
    event.preventDefault();
    all[to].focus();
  });
  return () => {
    const all = buttons();
    if (all.length) settle(all.find((button) => button.ariaPressed === "true") ?? all[0]);
  };
}

/** @param {HTMLElement[]} all */
const lengthOfRow = (all) => all.filter(({ offsetTop }) => offsetTop === all[0].offsetTop).length;

/**
 * Where a key leads; undefined for other keys.
 * @param {string} key
 * @param {number} at from 0
 * @param {number} count
 * @param {number} row how many lie beside each other
 * @returns {number|undefined}
 */
export function placeAfter(key, at, count, row) {
  const last = count - 1;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
  if (key === "Home" || key === "End") return key === "Home" ? 0 : last;
  if (!(key in steps)) return undefined;
  const to = at + steps[key];
  return to < 0 || to > last ? at : to;
}
