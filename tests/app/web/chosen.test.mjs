/** Which neuron is chosen: what is pressed stays, what a pointer passes over does not, what it rests on does. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Chosen } from "../../../esvae_core/web/parts/shared/chosen.js";

mock.timers.enable({ apis: ["setTimeout"] });

test("a pointer that passes over shows a neuron and picks none", () => {
  const chosen = new Chosen();
  const told = [];
  chosen.on((i) => told.push(i));
  chosen.set(3);
  for (const i of [4, 5]) {
    chosen.look(i);
    assert.equal(chosen.i, i);
    mock.timers.tick(399);
  }
  chosen.look(null);
  assert.equal(chosen.i, 3);
  mock.timers.tick(1000);
  assert.deepEqual([chosen.i, chosen.picked], [3, 3]);
  assert.deepEqual(told, [3, 4, 5, 3]);
});

test("one that it rests on is picked, and a press at once", () => {
  const chosen = new Chosen();
  chosen.set(3);
  chosen.look(4);
  mock.timers.tick(400);
  chosen.look(null);
  assert.equal(chosen.i, 4);
  chosen.look(5);
  chosen.set(6);
  mock.timers.tick(1000);
  assert.deepEqual([chosen.i, chosen.picked], [6, 6]);
});

test("while a value is typed nothing else is chosen", () => {
  const chosen = new Chosen();
  chosen.set(3);
  chosen.look(4);
  chosen.held = true;
  mock.timers.tick(1000);
  chosen.look(5);
  chosen.set(6);
  assert.deepEqual([chosen.i, chosen.picked], [4, 3]);
});
