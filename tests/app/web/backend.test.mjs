/** How the page asks the server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { serverBackend } from "../../../esvae_core/web/backend.js";

/** Let `fetch` give these answers in turn, the last one for ever; what was asked. */
function answering(...answers) {
  const asked = [];
  globalThis.fetch = async (url, options) => {
    asked.push([url, options]);
    return answers[Math.min(asked.length, answers.length) - 1].clone();
  };
  return asked;
}

const json = (value, options) => new Response(JSON.stringify(value), options);

test("the server is told that the page asks", async () => {
  const asked = answering(json({ key: "k" }));
  assert.deepEqual(await serverBackend("http://here/lab/esvae").maps.begin("0", { neighbors: "4" }), { key: "k" });
  const [[url, { method, headers }]] = asked;
  assert.deepEqual(
    [url, method, new Headers(headers).has("x-esvae")],
    ["http://here/lab/esvae/map/0?neighbors=4", "POST", true],
  );
});

test("a refusal is told in the server's words, or by its status", async () => {
  answering(json({ error: "no such model" }, { status: 404 }));
  await assert.rejects(serverBackend("").model("x"), { message: "no such model" });
  answering(new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
  await assert.rejects(serverBackend("").models(), { message: "models: 502 Bad Gateway" });
});

test("a server that is busy is asked again when it says so, and not for ever", async () => {
  const busy = json({ error: "too many" }, { status: 429, headers: { "retry-after": "0.01" } });
  const once = answering(busy, json([]));
  assert.deepEqual(await serverBackend("").models(), []);
  assert.equal(once.length, 2);
  const always = answering(busy);
  await assert.rejects(serverBackend("").models(), { message: "too many" });
  assert.equal(always.length, 5);
});
