/**
 * Writes the list of all messages of the page, `esvae_core/web/languages/en.json`; with --check, says whether it is what
 * the code has. Translations beside it are read, too: each may leave messages out, but not change their values' places.
 */

import { parse } from "espree";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const WEB = new URL("../esvae_core/web/", import.meta.url);
const LANGUAGES = new URL("languages/", WEB);
const LIST = "en.json";
const PLACE = /\{\d+\}/g;

/**
 * The messages of a module: templates with the tag `msg`, with numbers in place of their values.
 * @param {string} source
 * @param {string} name of the module
 * @returns {string[]}
 */
export function messagesOf(source, name) {
  const found = [];
  const visit = (node) => {
    if (node.type === "TaggedTemplateExpression" && node.tag.name === "msg") {
      const texts = node.quasi.quasis.map(({ value }) => value.cooked);
      if (texts.some((text) => text.match(PLACE))) throw new Error(`${name}: a message may not hold {0} as a text`);
      found.push(texts.reduce((key, text, i) => `${key}{${i - 1}}${text}`));
    }
    for (const child of Object.values(node).flat()) if (child?.type) visit(child);
  };
  visit(parse(source, { ecmaVersion: "latest", sourceType: "module" }));
  return found;
}

/** All messages of the page, each as its own translation, in alphabetical order. @returns {Record<string, string>} */
function allMessages() {
  const names = readdirSync(WEB, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const found = new Set(names.flatMap((name) => messagesOf(readFileSync(new URL(name, WEB), "utf8"), name)));
  return Object.fromEntries([...found].sort().map((message) => [message, message]));
}

/**
 * What is wrong with a translation; lines.
 * @param {Record<string, string>} messages
 * @param {Record<string, unknown>} translation
 */
export function faultsOf(messages, translation) {
  const places = (text) => [...new Set(text.match(PLACE))].sort().join(" ");
  return Object.entries(translation).flatMap(([message, text]) => {
    if (!(message in messages)) return [`no such message: "${message}"`];
    if (typeof text !== "string") return [`expected a text for "${message}"`];
    return !text || [...text.matchAll(PLACE)].every(([place]) => places(message).includes(place))
      ? []
      : [`expected at most ${places(message) || "no places"} in "${text}"`];
  });
}

function main() {
  const messages = allMessages();
  const text = `${JSON.stringify(messages, null, 2)}\n`;
  const check = process.argv.includes("--check");
  const faults = [];
  if (!check) writeFileSync(new URL(LIST, LANGUAGES), text);
  else if (readFileSync(new URL(LIST, LANGUAGES), "utf8") !== text)
    faults.push(`${LIST}: not current; npm run strings`);
  for (const name of readdirSync(LANGUAGES).filter((each) => each !== LIST)) {
    const translation = JSON.parse(readFileSync(new URL(name, LANGUAGES), "utf8"));
    faults.push(...faultsOf(messages, translation).map((fault) => `${name}: ${fault}`));
    const missing = Object.keys(messages).filter((message) => !translation[message]).length;
    console.log(`${name}: ${missing} of ${Object.keys(messages).length} messages are not translated`);
  }
  for (const fault of faults) console.error(fault);
  if (faults.length) process.exitCode = 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();
