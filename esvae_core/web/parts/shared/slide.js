/** Sliders and number fields: a drag, or presses of keys soon after each other, is one step that can be undone. */

/**
 * What changed an input last, for `Store.commit`.
 * @param {HTMLInputElement} input
 * @returns {() => HTMLInputElement|null} the input if it was its keys
 */
export function keysOf(input) {
  let keys = false;
  input.addEventListener("keydown", () => (keys = true));
  input.addEventListener("pointerdown", () => (keys = false));
  return () => (keys ? input : null);
}

/**
 * Ends the gestures of a slider that changes the state while it moves.
 * @param {Session} session
 * @param {HTMLInputElement} slider
 * @param {() => string} label of the step
 */
export function commitSlides({ store }, slider, label) {
  const keys = keysOf(slider);
  slider.addEventListener("change", () => store.commit(label(), keys()));
}
