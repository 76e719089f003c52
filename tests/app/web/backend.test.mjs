/** How the page asks the server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ask } from "../../../app/web/backend.js";

function answering(answer) {
  const asked = [];
  globalThis.fetch = async (url, options) => {
    asked.push([url, options]);
    return answer;
  };
  return asked;
}

test("the server is told that the page asks", async () => {
  const answer = new Response("fine");
  const asked = answering(answer);
  assert.equal(await ask("http://here/lab/esvae", "map/0?neighbors=4", "POST"), answer);
  const [[url, { method, headers }]] = asked;
  assert.deepEqual([url, method, new Headers(headers).has("x-esvae")], ["http://here/lab/esvae/map/0?neighbors=4", "POST", true]);
});

test("a refusal is told in the server's words, or by its status", async () => {
  answering(new Response(JSON.stringify({ error: "too many" }), { status: 429 }));
  await assert.rejects(ask("", "draw?s=long"), { message: "too many" });
  answering(new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
  await assert.rejects(ask("", "draw?s=long"), { message: "draw: 502 Bad Gateway" });
});
