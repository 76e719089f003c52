/** Sliders that change the state while they move. */

/**
 * Ends the gesture of a slider: a drag becomes a step that can be undone, and so do presses of its keys together.
 * @param {Session} session
 * @param {HTMLInputElement} slider
 * @param {() => string} label of the step
 */
export function commitSlides({ store }, slider, label) {
  let keys = false;
  slider.addEventListener("keydown", () => (keys = true));
  slider.addEventListener("pointerdown", () => (keys = false));
  slider.addEventListener("change", () => store.commit(label(), keys ? slider : null));
}
