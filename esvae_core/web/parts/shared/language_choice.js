/** The choice of the page's language, where more than English is offered. */

import { choice, h } from "../../dom.js";
import { CHOICE, ENGLISH } from "../../language.js";
import { language, languages, msg } from "../../messages.js";
import { remember } from "../../state/remembered.js";

/** Each by its name in that language, as "Deutsch"; null where there is nothing to choose. */
export function languageChoice() {
  if (!languages.length) return null;
  const codes = [ENGLISH, ...languages];
  const names = codes.map((code) => /** @type {[string, string]} */ ([code, nameOf(code)]));
  return [h("h3", {}, msg`Language`), choice(msg`Language`, names, language, speak)];
}

/** @param {string} code */
const nameOf = (code) => new Intl.DisplayNames([code], { type: "language" }).of(code);

/** Open the page anew in a language, and at later visits as well. @param {string} code */
function speak(code) {
  remember(CHOICE, code);
  const address = new URL(location.href);
  address.searchParams.delete(CHOICE);
  history.replaceState(history.state, "", address);
  location.reload();
}
