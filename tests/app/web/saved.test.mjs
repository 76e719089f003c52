/** What the browser keeps: saved pictures and the steps that can be undone. */

import assert from "node:assert/strict";
import test from "node:test";

import { moveControl, movedOf } from "../../../esvae_core/web/state/control_amounts.js";
import { readHistory, writeHistory } from "../../../esvae_core/web/state/kept_history.js";
import { looksSaved, MOST, readSaved, SavedPictures, writeSaved } from "../../../esvae_core/web/state/saved.js";
import { Store } from "../../../esvae_core/web/state/store.js";
import { decodeState, encodeState } from "../../../esvae_core/web/state/url_state.js";

const PNG = "data:image/png;base64,iVBORw0KGgo=";
const state = (seed) => ({
  model: "m",
  source: { kind: "prior", seed: 0 },
  rates: Uint16Array.of(1, 2),
  seed,
  sampler: "bernoulli",
  steps: 8,
  order: "effect",
  view: {},
});
const picture = (seed) => ({ link: encodeState(state(seed)), name: `noise ${seed}`, picture: PNG });

function storage(room = Infinity) {
  const held = new Map();
  return {
    getItem: (name) => held.get(name) ?? null,
    setItem(name, text) {
      if (text.length > room) throw new Error("QuotaExceededError");
      held.set(name, text);
    },
  };
}

test("a file of saved pictures comes back, and what is none is refused in a line", () => {
  const pictures = [picture(1), picture(2)];
  assert.ok(looksSaved(writeSaved(pictures)));
  assert.deepEqual(readSaved(writeSaved(pictures)), pictures);
  const file = (given, version = 1) => JSON.stringify({ format: "esvae-saved", version, pictures: given });
  for (const [text, words] of [
    ["{", /damaged JSON/],
    [file([], 2), /version 1, found 2/],
    [file(Array(MOST + 1).fill(picture(1))), /at most 60/],
    [file([null]), /picture 1: expected a link and a name/],
    [file([{ ...picture(1), link: "2~m" }]), /picture 1: link: expected 7 or 8 parts/],
    [file([{ ...picture(1), picture: "https://elsewhere/x.png" }]), /picture 1: picture: expected a small PNG/],
    [file([{ ...picture(1), name: "x".repeat(121) }]), /name: expected at most 120/],
  ])
    assert.throws(() => readSaved(text), words);
});

test("the tray is bounded, keeps each picture once, and lives without storage", () => {
  globalThis.localStorage = storage();
  const tray = new SavedPictures();
  let heard = 0;
  tray.on(() => heard++);
  assert.equal(tray.add([picture(1), picture(2)]), 2);
  assert.equal(tray.add([picture(2), picture(3)]), 1);
  assert.equal(heard, 2);
  assert.equal(new SavedPictures().all.length, 3, "another visit has them");
  tray.remove(picture(1).link);
  assert.ok(!new SavedPictures().has(picture(1).link));
  for (let seed = 10; seed < 10 + MOST; seed++) tray.add([picture(seed)]);
  assert.equal(tray.all.length, MOST);
  assert.equal(tray.all[0].name, `noise ${9 + MOST}`, "the newest first, the oldest are gone");
  globalThis.localStorage = storage(10);
  const full = new SavedPictures();
  full.add([picture(1)]);
  full.add([picture(2)]);
  assert.equal(full.kept, false);
  assert.equal(full.all.length, 2, "as long as the page is open");
});

test("the history is kept around the state on the screen, and only for it", () => {
  const store = new Store(state(0));
  for (let seed = 1; seed <= 150; seed++) store.change({ seed }, `noise ${seed}`);
  store.jump(120);
  const read = readHistory(writeHistory(store.history), store.state);
  assert.equal(read.steps.length, 100);
  const again = new Store(decodeState(encodeState(store.state)), read);
  assert.equal(again.state.seed, 120);
  again.undo();
  assert.equal(again.state.seed, 119);
  again.redo();
  again.redo();
  assert.equal(again.state.seed, 121);
  assert.equal(readHistory(writeHistory(store.history), state(5)), null, "the address leads elsewhere");
  for (const text of [null, "", "{}", '{"at":0,"steps":[["a","nonsense"]]}'])
    assert.equal(readHistory(text, state(0)), null);
});

test("amounts of controls are kept with the history", () => {
  const control = { name: "slant", reach: [-1, 1], apply: (rates, amount) => rates.with(0, rates[0] + 100 * amount) };
  const moved = (rates, amount) => moveControl(rates, [control], "slant", amount, () => true);
  const store = new Store(state(0));
  const base = store.state.rates;
  store.change({ rates: moved(base, 0.5) }, "slant");
  store.change({ rates: moved(store.state.rates, 1) }, "slant");
  const text = writeHistory(store.history);
  const reloaded = decodeState(encodeState(store.state));
  const again = new Store(reloaded, readHistory(text, reloaded));
  assert.deepEqual(movedOf(again.state.rates), { base, amounts: new Map([["slant", 1]]) });
  again.undo();
  assert.equal(movedOf(again.state.rates).amounts.get("slant"), 0.5);
  again.undo();
  assert.equal(movedOf(again.state.rates).amounts.size, 0);
  for (const wrong of [
    '["k1x1.AA",["slant",1]]',
    '["",["slant",1]]',
    '["r.AAA",[1,1]]',
    "7",
    '[null,["slant",null]]',
  ]) {
    const damaged = text.replace(/\["[kr][^\]]*\["slant",1\]\]/, wrong);
    assert.notEqual(damaged, text);
    assert.equal(readHistory(damaged, reloaded), null, wrong);
  }
});
