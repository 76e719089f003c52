/** What the browser keeps of earlier visits; nothing where it may keep nothing, as in a sandboxed frame. */

const PREFIX = "esvae.";

/** @param {string} name @returns {boolean} */
export function remembers(name) {
  try {
    return localStorage.getItem(PREFIX + name) !== null;
  } catch {
    return false;
  }
}

/** @param {string} name */
export function remember(name) {
  try {
    localStorage.setItem(PREFIX + name, "1");
  } catch {
    // it is asked again at the next visit
  }
}
