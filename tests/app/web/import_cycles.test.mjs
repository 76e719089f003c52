/** No module of the page imports itself, directly or through others. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const WEB = new URL("../../../esvae_core/web/", import.meta.url);

/** @param {string} source @param {URL} from where it is @returns {string[]} addresses of the modules that it imports */
function importsOf(source, from) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "");
  const found = code.matchAll(/^(?:import|export)\b[^"';()=]*?(?:\bfrom\s*)?"(\.{1,2}\/[^"]+)"/gm);
  return Array.from(found, ([, relative]) => new URL(relative, from).href);
}

/** @param {Map<string, string[]>} graph @returns {string[]|null} a way from a module back to itself */
function cycleIn(graph) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return null;
    for (const next of graph.get(name) ?? []) {
      const found = visit(next, [...path, name]);
      if (found) return found;
    }
    done.add(name);
    return null;
  };
  for (const name of graph.keys()) {
    const found = visit(name, []);
    if (found) return found;
  }
  return null;
}

test("a cycle is found", () => {
  const from = new URL("a.js", WEB);
  const source =
    '/* import "./comment.js"; */\nimport {\n  x,\n} from "./b.js";\nexport * from "../c.js";\nimport "./d.js";\n';
  assert.deepEqual(
    importsOf(source, from),
    ["b.js", "../c.js", "d.js"].map((name) => new URL(name, WEB).href),
  );
  assert.deepEqual(cycleIn(new Map(Object.entries({ a: ["b", "c"], b: [], c: ["d"], d: ["c"] }))), ["c", "d", "c"]);
  assert.equal(cycleIn(new Map(Object.entries({ a: ["b", "c"], b: ["c"], c: [] }))), null);
});

test("the page's modules have none", () => {
  const names = readdirSync(WEB, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const graph = new Map(
    names.map((name) => {
      const at = new URL(name, WEB);
      return [at.href, importsOf(readFileSync(at, "utf8"), at)];
    }),
  );
  assert.ok(graph.size > 60 && [...graph.values()].flat().length > 200, `${graph.size} modules`);
  for (const [name, imported] of graph) for (const each of imported) assert.ok(graph.has(each), `${name}: ${each}`);
  assert.equal(cycleIn(graph), null);
});
