/** Pictures that the visitor has saved, as links; kept in the browser, and in files that bring them back. */

import { msg } from "../messages.js";
import { recall, remember } from "./remembered.js";
import { decodeState, encodeState } from "./url_state.js";

const NAME = "saved";
const FORMAT = "esvae-saved";
/** Pictures that are kept. */
export const MOST = 60;
/** Bytes of a file of them. */
export const MAX_FILE = 2 ** 22;
const LONGEST_NAME = 120;
const LONGEST_PICTURE = 60_000; // characters
const PICTURE = /^data:image\/png;base64,[A-Za-z0-9+/=]+$/;

/** A file of saved pictures is not what it should be; one line. */
export class SavedError extends Error {}

/** @param {SavedPicture[]} pictures */
export const writeSaved = (pictures) => `${JSON.stringify({ format: FORMAT, version: 1, pictures }, null, 1)}\n`;

/** Whether a text may be such a file. @param {string} text */
export const looksSaved = (text) => /^\s*\{\s*"format":\s*"esvae-saved"/.test(text);

/**
 * Read what `writeSaved` wrote.
 * @param {string} text may be anything
 * @returns {SavedPicture[]}
 * @throws {SavedError}
 */
export function readSaved(text) {
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    throw new SavedError(msg`expected a file of saved pictures, found damaged JSON`);
  }
  if (file?.format !== FORMAT || file.version !== 1)
    throw new SavedError(
      msg`expected saved pictures of version 1, found ${JSON.stringify(file?.version) ?? msg`none`}`,
    );
  if (!Array.isArray(file.pictures) || file.pictures.length > MOST)
    throw new SavedError(msg`pictures: expected at most ${MOST}`);
  return file.pictures.map(checked);
}

/** @param {any} given @param {number} i @returns {SavedPicture} */
function checked(given, i) {
  const fail = (what) => new SavedError(msg`picture ${i + 1}: ${what}`);
  const { link, name, picture } = given ?? {};
  if (typeof link !== "string" || typeof name !== "string") throw fail(msg`expected a link and a name`);
  if (name.length > LONGEST_NAME) throw fail(msg`name: expected at most ${LONGEST_NAME} characters`);
  if (typeof picture !== "string" || picture.length > LONGEST_PICTURE || !PICTURE.test(picture))
    throw fail(msg`picture: expected a small PNG`);
  try {
    return { link: encodeState(decodeState(link)), name, picture };
  } catch (error) {
    throw fail(msg`link: ${error.message}`);
  }
}

/** The tray. */
export class SavedPictures {
  /** @type {SavedPicture[]} */
  #pictures;
  /** @type {Set<() => void>} */
  #listeners = new Set();
  /** Whether the browser keeps what is saved. */
  kept = true;

  constructor() {
    this.#pictures = stored();
  }

  /** The newest first. */
  get all() {
    return this.#pictures;
  }

  /** @param {string} link */
  has(link) {
    return this.#pictures.some((each) => each.link === link);
  }

  /**
   * Add those that are not there; the oldest go where there are too many.
   * @param {SavedPicture[]} pictures
   * @returns {number} how many were added
   */
  add(pictures) {
    if (this.kept) this.#pictures = stored(this.#pictures); // another tab may have added some
    const fresh = pictures.filter(({ link }) => !this.has(link));
    this.#set([...fresh, ...this.#pictures].slice(0, MOST));
    return fresh.length;
  }

  /** @param {string} link */
  remove(link) {
    this.#set(this.#pictures.filter((each) => each.link !== link));
  }

  /** Called after each change. @param {() => void} listener @returns {() => void} stop */
  on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {SavedPicture[]} pictures */
  #set(pictures) {
    this.#pictures = pictures;
    this.kept = remember(NAME, writeSaved(pictures));
    for (const listener of [...this.#listeners]) listener();
  }
}

/** What the browser has. @param {SavedPicture[]} [otherwise] @returns {SavedPicture[]} */
function stored(otherwise = []) {
  const text = recall(NAME);
  if (text === null) return otherwise;
  try {
    return readSaved(text);
  } catch {
    return otherwise; // of another version, or damaged
  }
}
