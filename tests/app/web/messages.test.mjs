/** Words of the page: in English, in a translation, and the list of them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { preferred } from "../../../esvae_core/web/language.js";
import { language, languages, msg } from "../../../esvae_core/web/messages.js";
import { faultsOf, messagesOf } from "../../../scripts/strings.mjs";

/** The module anew, in a document that holds a translation. */
async function translated(messages) {
  const spoken = { code: "de", messages, offered: ["de", "fr"] };
  globalThis.document = /** @type {any} */ ({ getElementById: () => ({ textContent: JSON.stringify(spoken) }) });
  try {
    return await import("../../../esvae_core/web/messages.js?translated");
  } finally {
    delete globalThis.document;
  }
}

test("without a translation a message is the template that it is written as", () => {
  const [count, name] = [3, "a $& `b` {0}"];
  assert.equal(msg`Undo`, "Undo");
  assert.equal(msg`${count} images of “${name}”\n`, `${count} images of “${name}”\n`);
  assert.equal(msg`${null}${undefined}${[1, 2]}`, `${null}${undefined}${[1, 2]}`);
  assert.deepEqual([language, languages], ["en", []]);
});

test("a translation is looked up by what stands in the code, and puts values where it likes", async () => {
  const found = await translated({
    Undo: "Zurück",
    "{0} of {1}": "{1}, davon {0}",
    "all {0}": "alle",
    "{0} left": "",
    toString: "Text",
  });
  assert.equal(found.msg`Undo`, "Zurück");
  assert.equal(found.msg`${"$1 {1}"} of ${4}`, "4, davon $1 {1}");
  assert.equal(found.msg`all ${3}`, "alle");
  assert.equal(found.msg`${2} left`, "2 left", "not translated yet");
  assert.equal(found.msg`constructor`, "constructor");
  assert.equal(found.msg`toString`, "Text");
  assert.deepEqual([found.language, found.languages], ["de", ["de", "fr"]]);
});

test("the language is the first wanted one that there is", () => {
  const offered = ["de", "pt-BR"];
  assert.equal(preferred(offered, [null, null, "de-AT", "en"]), "de");
  assert.equal(preferred(offered, ["PT-br"]), "pt-BR");
  assert.equal(preferred(offered, ["fr", "en-GB", "de"]), "en", "English is there, too");
  assert.equal(preferred(offered, ["pt", "it"]), "en");
  assert.equal(preferred(offered, ["../de"]), "en");
});

test("messages are found wherever they stand", () => {
  const source = 'const a = [msg`One`, f(() => ({ b: msg`${x} of ${msg`two`}` })), "no", `${y}`, other`No`];';
  assert.deepEqual(messagesOf(source, "x.js"), ["One", "{0} of {1}", "two"]);
  assert.throws(() => messagesOf("msg`{0} left`", "x.js"), /x\.js: a message may not hold/);
});

test("a translation may leave out messages and values, and add none", () => {
  const messages = { Undo: "Undo", "{0} of {1}": "{0} of {1}" };
  assert.deepEqual(faultsOf(messages, { Undo: "Zurück", "{0} of {1}": "{1} ({0}), {1}" }), []);
  assert.deepEqual(faultsOf(messages, { "{0} of {1}": "" }), []);
  assert.deepEqual(faultsOf(messages, { "{0} of {1}": "{2}", Undo: 1, Redo: "x" }), [
    'expected at most {0} {1} in "{2}"',
    'expected a text for "Undo"',
    'no such message: "Redo"',
  ]);
});
