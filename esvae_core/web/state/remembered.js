/** What the browser keeps of earlier visits; nothing where it may keep nothing, as in a sandboxed frame. */

const PREFIX = "esvae.";

/**
 * @param {string} name
 * @param {"localStorage"|"sessionStorage"} [where] for all visits, or for this tab
 * @returns {string|null} null if nothing is kept
 */
export function recall(name, where = "localStorage") {
  try {
    return globalThis[where].getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {string} text
 * @param {"localStorage"|"sessionStorage"} [where]
 * @returns {boolean} whether there was leave and room to keep it
 */
export function remember(name, text = "1", where = "localStorage") {
  try {
    globalThis[where].setItem(PREFIX + name, text);
    return true;
  } catch {
    return false;
  }
}
