/**
 * Words on the screen. They stand in the code in English, as templates: msg`${count} test images`. Where a translation
 * is loaded, they are looked up by what stands there, with numbers in place of the values: "{0} test images".
 * `languages/en.json` lists them all, and docs/translate.md says how a translation is made.
 */

import { ELEMENT, ENGLISH } from "./language.js";

/**
 * @typedef {{code: string, messages: Record<string, string>, offered: string[]}} Language
 *   its code as in "de" or "pt-BR", its words, and the codes of what is offered besides English
 */

// The element is in the document before any module of words runs; a worker and Node.js have no document.
const text = globalThis.document?.getElementById(ELEMENT)?.textContent;
/** @type {Language} */
const active = text ? JSON.parse(text) : { code: ENGLISH, messages: {}, offered: [] };
const translations = new Map(Object.entries(active.messages));

/** Code of the language on the screen. */
export const language = active.code;

/** Codes of those that a visitor can choose besides English. */
export const languages = active.offered;

/**
 * A message in the language on the screen; in English, if it has not been translated.
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 * @returns {string}
 */
export function msg(strings, ...values) {
  const translated = translations.size ? translations.get(keyOf(strings)) : "";
  if (translated) return translated.replace(/\{(\d+)\}/g, (_, place) => String(values[place]));
  return values.length ? strings.reduce((text, each, i) => `${text}${values[i - 1]}${each}`) : strings[0];
}

/** A message as lists have it. @param {readonly string[]} strings */
const keyOf = (strings) => strings.reduce((key, each, i) => `${key}{${i - 1}}${each}`);
