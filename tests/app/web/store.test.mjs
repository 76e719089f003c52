/** The store: gestures become steps, steps are undone, and listeners hear of it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Store } from "../../../esvae_core/web/state/store.js";

const start = () => ({
  model: "m",
  source: { kind: "prior", seed: 0 },
  rates: Uint16Array.of(1, 2),
  seed: 7,
  sampler: "bernoulli",
  steps: 8,
  order: "index",
  view: {},
});
const rates = (...values) => ({ rates: Uint16Array.from(values) });

const labels = (store) => store.history.steps.map(({ label }) => label);

test("a gesture of many moves is one step", () => {
  const store = new Store(start());
  let moves = 0;
  store.on("state", () => moves++);
  for (let k = 0; k < 5; k++) store.set(rates(k, 2));
  store.commit("d0");
  assert.equal(moves, 5);
  assert.deepEqual(labels(store), ["start", "d0"]);
  assert.equal(store.history.at, 1);
  store.undo();
  assert.deepEqual([...store.state.rates], [1, 2]);
  store.redo();
  assert.deepEqual([...store.state.rates], [4, 2]);
});

test("a gesture that ends where it began is no step", () => {
  const store = new Store(start());
  store.set(rates(9, 9));
  store.set(rates(1, 2));
  store.commit("d0");
  assert.equal(store.history.steps.length, 1);
});

test("a new step after undo forgets what was undone; any step can be jumped to", () => {
  const store = new Store(start());
  for (const seed of [1, 2, 3]) store.change({ seed }, `seed ${seed}`);
  store.jump(1);
  assert.equal(store.state.seed, 1);
  store.change({ steps: 4 }, "T");
  assert.deepEqual(labels(store), ["start", "seed 1", "T"]);
  assert.equal(store.history.at, 2);
  store.undo();
  store.undo();
  store.undo(); // nothing before the first
  assert.equal(store.state.seed, 7);
});

test("states are never changed in place, and a cancelled gesture leaves none", () => {
  const store = new Store(start());
  const before = store.state;
  store.set(rates(5, 5));
  assert.deepEqual([...before.rates], [1, 2]);
  assert.equal(store.settled, before);
  store.cancel();
  assert.equal(store.state, before);
  assert.throws(() => {
    store.state.seed = 1;
  }, TypeError);
});

test("the history is bounded, and who stops listening hears nothing", () => {
  const store = new Store(start());
  let heard = 0;
  const stop = store.on("commit", () => heard++);
  for (let seed = 0; seed < 600; seed++) store.change({ seed: seed + 100 }, "x");
  stop();
  store.undo();
  assert.equal(heard, 600);
  assert.equal(store.history.steps.length, 500);
  assert.equal(store.state.seed, 698);
});

test("presses of one control's keys are one step, those of another and drags are not", () => {
  const store = new Store(start());
  const [slider, other] = [{}, {}];
  const press = (steps, keys) => {
    store.set({ steps });
    store.commit(`T = ${steps}`, keys);
  };
  for (const steps of [9, 10, 11]) press(steps, slider);
  assert.deepEqual(labels(store), ["start", "T = 11"]);
  press(12, other);
  press(13, null);
  press(14, null);
  assert.deepEqual(labels(store), ["start", "T = 11", "T = 12", "T = 13", "T = 14"]);
  store.jump(1);
  press(15, slider); // after undo it begins anew
  assert.deepEqual(labels(store), ["start", "T = 11", "T = 15"]);
  store.undo();
  assert.equal(store.state.steps, 11);
});

test("the nearest step of a kind is jumped to, an earlier one first", () => {
  const store = new Store(start());
  for (const model of ["a", "b", "c", "b"]) store.change({ model }, model);
  store.jump(3);
  store.jumpTo(({ model }) => model === "b");
  assert.equal(store.history.at, 2);
  store.jumpTo(({ model }) => model === "nowhere");
  assert.equal(store.history.at, 2);
});

test("a gesture that waits for more keys ends as a step before undo and redo", () => {
  const store = new Store(start());
  const wait = (label) => {
    const stop = store.on("leave", () => {
      stop();
      store.commit(label);
    });
  };
  store.set(rates(5, 2));
  wait("d0");
  store.undo();
  assert.deepEqual([...store.state.rates], [1, 2]);
  store.redo();
  assert.deepEqual([...store.state.rates], [5, 2]);
  store.undo();
  store.set(rates(1, 6));
  wait("d1");
  store.redo(); // it is the last step now
  assert.deepEqual([...store.state.rates], [1, 6]);
  assert.deepEqual(labels(store), ["start", "d1"]);
});
