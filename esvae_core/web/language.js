/**
 * The language of the page, one of those that the server offers. A module of words is evaluated with the page, so the
 * words must be there before: this one is imported first, by itself, and imports no module that has words.
 */

import { recall, remember } from "./state/remembered.js";

/** Id of the element that holds the words, see `messages.js`. */
export const ELEMENT = "esvae-language";

/** What the code is written in. */
export const ENGLISH = "en";

/** Parameter of addresses, and what the browser keeps: a language's code. */
export const CHOICE = "lang";

/**
 * The first of the wanted languages that there is: itself, or the language of which it is a country's form.
 * @param {readonly string[]} offered codes besides English
 * @param {readonly (string|null)[]} wanted codes, the most wanted first
 * @returns {string}
 */
export function preferred(offered, wanted) {
  for (const code of wanted) {
    if (!code) continue;
    const forms = [code.toLowerCase(), code.toLowerCase().split("-")[0]];
    const found = forms.flatMap((form) => [ENGLISH, ...offered].filter((each) => each.toLowerCase() === form));
    if (found.length) return found[0];
  }
  return ENGLISH;
}

/**
 * Put the words of the visitor's language into the document: that of the address, the one chosen before, or the
 * browser's. Nothing where English alone is offered; English where the words do not come.
 * @param {readonly string[]} offered codes besides English
 */
export async function loadLanguage(offered) {
  if (!offered.length || document.getElementById(ELEMENT)) return;
  const asked = new URLSearchParams(location.search).get(CHOICE);
  if (asked) remember(CHOICE, asked); // the next view's address does not ask
  const code = preferred(offered, [asked, recall(CHOICE), ...navigator.languages]);
  const messages = code === ENGLISH ? {} : await wordsOf(code);
  const active = { code: messages ? code : ENGLISH, messages: messages ?? {}, offered };
  const element = Object.assign(document.createElement("script"), { id: ELEMENT, type: "application/json" });
  element.textContent = JSON.stringify(active);
  if (!document.getElementById(ELEMENT)) document.head.append(element);
}

/** @param {string} code @returns {Promise<Record<string, string>|null>} null if they do not come */
async function wordsOf(code) {
  try {
    const answer = await fetch(new URL(`./languages/${code}.json`, import.meta.url));
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
