/** What a picture's spikes are held against: those before the last gesture, whether it had one move or many. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LiveDecoder } from "../../../esvae_core/web/live_decoder.js";
import { Store } from "../../../esvae_core/web/state/store.js";

const frames = [];
globalThis.requestAnimationFrame = (draw) => frames.push(draw);
const drawAll = () => frames.splice(0).forEach((draw) => draw());

/** A session whose engine draws a spike train that is the first rate. */
function started() {
  const store = new Store({
    model: "m",
    source: { kind: "prior", seed: 0 },
    rates: Uint16Array.of(1),
    seed: 7,
    sampler: "bernoulli",
    steps: 1,
    order: "index",
    view: {},
  });
  const engine = {
    model: { latent_dim: 1 },
    sample: () => Uint8Array.of(store.state.rates[0]),
    decodeChanged: () => ({ image: new Float32Array(1) }),
  };
  const live = new LiveDecoder({ store, engine, latent: { spiking: false, counts: false } });
  live.request();
  drawAll();
  return { store, live, before: () => live.now.before?.[0] };
}

const rate = (value) => ({ rates: Uint16Array.of(value) });

test("before a gesture of many moves is what was there when it began", () => {
  const { store, before } = started();
  for (const value of [2, 3, 4]) {
    store.set(rate(value));
    drawAll();
    assert.equal(before(), 1);
  }
  store.commit("d0");
  store.set(rate(5));
  drawAll();
  assert.equal(before(), 4);
});

test("a gesture of one change counts as one, also undo", () => {
  const { store, before } = started();
  store.change(rate(2), "reset");
  drawAll();
  assert.equal(before(), 1);
  store.set(rate(3));
  drawAll();
  assert.equal(before(), 2, "the reset was the last change");
  store.commit("d0");
  store.undo();
  drawAll();
  assert.equal(before(), 3);
  store.change(rate(9), "other");
  drawAll();
  assert.equal(before(), 2);
});

test("the last move may end its gesture before it is drawn", () => {
  const { store, before } = started();
  store.set(rate(2));
  drawAll();
  store.set(rate(3));
  store.commit("d0");
  drawAll();
  assert.equal(before(), 1);
  store.set(rate(4));
  drawAll();
  assert.equal(before(), 3);
});
