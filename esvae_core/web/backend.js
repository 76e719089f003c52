/** Asks the server: the one place where the page fetches what is no module or style sheet. */

import { CHOICE } from "./language.js";
import { language } from "./messages.js";
import { readArrays } from "./formats/array_format.js";
import { receive } from "./receive.js";
import { encodeState, packRates, PARAMETER } from "./state/url_state.js";

const OWN = { "X-ESVAE": "1" }; // which the pages of other sites cannot send
const BUSY = 429;
const TIMES = 5; // that a busy server is asked before its words are told

/**
 * @param {string} base address of the server's routes
 * @param {string} path below it
 * @param {"GET"|"POST"|"DELETE"} [method]
 * @param {Record<string, string>} [headers]
 * @param {Blob} [body]
 * @returns {Promise<Response>} what it answered
 * @throws {Error} with the server's words, if it refused or failed
 */
async function ask(base, path, method = "GET", headers = OWN, body = undefined) {
  const request = { method, headers, body };
  let answer = await fetch(`${base}/${path}`, request);
  for (let turn = 1; answer.status === BUSY && answer.headers.has("retry-after") && turn < TIMES; turn++) {
    await new Promise((done) => setTimeout(done, 1000 * Math.min(10, Number(answer.headers.get("retry-after")) || 1)));
    answer = await fetch(`${base}/${path}`, request);
  }
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({}));
  throw new Error(error ?? `${path.split("?")[0]}: ${answer.status} ${answer.statusText}`);
}

/**
 * The server's routes; `app/model_routes.py` says what each answers.
 * @param {string} base their address
 * @param {string[]} [pages] views that `page` can make a file of
 * @returns {Backend}
 */
export function serverBackend(base, pages = []) {
  /** Parts of bundles on the way, and the decoder, which the workers need as well. @type {Map<string, Promise<ArrayBuffer>>} */
  const kept = new Map();
  const bytes = async (path) => (await ask(base, path)).arrayBuffer();
  // what the page's head names beforehand, see `app/preload.py`: a header would make it another request
  const named = (path) => ask(base, path, "GET", {});
  const part = async (path, told) => receive(await named(path), told);
  const json = async (path, method) => (await ask(base, path, method)).json();
  const arrays = async (path) => readArrays(await bytes(path));
  const pathOf = (name) => name.split("/").map(encodeURIComponent).join("/");
  const films = async (route, name, query) =>
    (await arrays(`${route}/${pathOf(name)}?${new URLSearchParams(query)}`)).arrays;
  const link = (state) => `${PARAMETER}=${encodeURIComponent(encodeState(state))}`;
  return {
    wasm: new URL("./engine/engine.wasm", import.meta.url),
    addressable: true,
    models: async () => (await named("models")).json(),
    model: async (name) => (await named(`model/${pathOf(name)}`)).json(),
    open: async (file) => (await ask(base, "checkpoint", "POST", OWN, file)).json(),
    thumbnails: async (name) => (await arrays(`thumbnails/${pathOf(name)}`)).arrays.tiles,
    bundle: (hash, name, told) => {
      const path = `bundle/${hash}/${name}`;
      const forget = () => void kept.delete(path);
      const known = kept.get(path);
      if (known) return known;
      const coming = part(path, told);
      kept.set(path, coming);
      coming.then(name === "decoder" ? null : forget, forget);
      return coming;
    },
    atlas: async (hash, version, told) => readArrays(await part(`atlas/${hash}?${version}`, told)), // it may be built anew
    controls: async (hash, version) => readArrays(await part(`controls/${hash}?${version}`)),
    originals: async (hash) => (await arrays(`originals/${hash}`)).arrays.images,
    recordings: (name, seed, count) => films("recordings", name, { seed: String(seed), count: String(count) }),
    reconstructions: (name, seed, count) =>
      films("reconstructions", name, { seed: String(seed), count: String(count) }),
    recording: (name, seed, rates) => films("recording", name, { seed: String(seed), rates: packRates(rates) }),
    dimensions: (hash, version) => json(`dimensions/${hash}?${version}`),
    decode: async (state) => (await arrays(`draw?${link(state)}`)).arrays,
    pages,
    page: async (hash, view, state) =>
      (await ask(base, `page/${hash}?view=${view}&${CHOICE}=${language}&${link(state)}`)).text(),
    maps: {
      begin: (hash, settings) => json(`map/${hash}?${new URLSearchParams(settings)}`, "POST"),
      state: (key) => json(`map-state/${key}`),
      cancel: (key) => ask(base, `map-state/${key}`, "DELETE"),
      data: (key) => arrays(`map-data/${key}`),
    },
  };
}
