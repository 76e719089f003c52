/** The bars without a page: what pointers and keys on them mean, and what that does to rates and history. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { latentOf } from "../../../esvae_core/web/math/latent.js";
import { GRID } from "../../../esvae_core/web/math/rates.js";
import { VectorError } from "../../../esvae_core/web/math/vector_text.js";
import { BarGesture, barKey, placeIn, snapped } from "../../../esvae_core/web/parts/shared/bar_gestures.js";
import { nameOf, orderOf, taughtValue } from "../../../esvae_core/web/parts/shared/dimension_names.js";
import { RateEditor } from "../../../esvae_core/web/parts/shared/rate_editor.js";
import { Store } from "../../../esvae_core/web/state/store.js";

const BOX = { left: 100, top: 50, width: 40, height: 200 }; // four bars of 10 px
const DIMS = [7, 3, 5, 1];
const pressed = (x, y) => new BarGesture(BOX, DIMS, 16, { x, y });

test("a press sets its bar, and one that goes up stays with it", () => {
  const gesture = pressed(112, 100);
  assert.deepEqual(gesture.moved({ x: 112, y: 100 }), [[3, 0.75]]);
  assert.deepEqual(gesture.moved({ x: 114, y: 60 }), [[3, 0.95]]);
  assert.deepEqual(gesture.moved({ x: 139, y: 40 }), [[3, 1.05]]); // sideways afterwards
  assert.deepEqual([gesture.swept, gesture.dim], [false, 3]);
});

test("one that goes sideways sweeps, and fills in the bars that it skips", () => {
  const gesture = pressed(102, 150);
  assert.deepEqual(gesture.moved({ x: 106, y: 150 }), [[7, 0.5]]); // no direction yet
  assert.deepEqual(gesture.moved({ x: 109, y: 150 }), [[7, 0.5]]);
  assert.deepEqual(gesture.moved({ x: 135, y: 90 }), [
    [7, 0.5],
    [3, 0.6],
    [5, 0.7],
    [1, 0.8],
  ]);
  assert.deepEqual([gesture.swept, gesture.dim], [true, 1]);
  assert.deepEqual(gesture.moved({ x: 500, y: 150 }), [[1, 0.5]]);
  assert.deepEqual(
    gesture.moved({ x: 125, y: 250 }).map(([i]) => i),
    [5, 1],
  );
});

test("with Shift values are multiples of 1/T", () => {
  assert.deepEqual(pressed(100, 100).moved({ x: 100, y: 104, shift: true }), [[7, 12 / 16]]);
  assert.equal(snapped(0.33, 4, true), 0.25);
  assert.equal(snapped(0.33, 4, false), 0.33);
  assert.deepEqual([placeIn(-9, 0, 40, 4), placeIn(39.9, 0, 40, 4), placeIn(99, 0, 40, 4)], [0, 3, 3]);
});

test("keys on a bar", () => {
  assert.deepEqual(barKey("ArrowUp"), { kind: "step", by: 1 });
  assert.deepEqual(barKey("PageDown"), { kind: "step", by: -8 });
  assert.deepEqual(barKey("ArrowLeft"), { kind: "move", by: -1 });
  assert.deepEqual(barKey("Home"), { kind: "end", value: 0 });
  assert.deepEqual(barKey("Enter"), { kind: "type" });
  assert.deepEqual(
    ["l", "m", "s", "Backspace", "Delete"].map((key) => barKey(key).act),
    ["lock", "mute", "alone", "reset", "reset"],
  );
  assert.equal(barKey("Tab"), null);
});

const START = [0.25, 0.5, 0.75];
const units = (values) => Uint16Array.from(values, (v) => v * GRID);

/** A session of three rates, or of another latent. */
function edited(latent = null, rates = START) {
  const entry = { dims: 3, steps: latent ? null : 16, latent };
  const store = new Store({
    model: "m",
    source: { kind: "own", rates: units(rates) },
    rates: units(rates),
    seed: 1,
    sampler: "bernoulli",
    steps: 16,
    order: "index",
    view: { name1: "slant" },
  });
  const session = { store, entry, latent: latentOf(entry), live: { follow() {} }, ratesOf: ({ rates: own }) => own };
  const shown = () => Array.from(store.state.rates, (rate) => rate / GRID);
  const labels = () => store.history.steps.map(({ label }) => label).slice(1);
  return { editor: new RateEditor(session), store, shown, labels };
}

test("a gesture is one step of undo, and a locked bar stays", () => {
  const { editor, store, shown, labels } = edited();
  editor.lock(2);
  editor.put([
    [0, 0.5],
    [2, 0],
  ]);
  editor.put([[0, 1.4]]);
  assert.deepEqual(shown(), [1, 0.5, 0.75]);
  assert.deepEqual(labels(), ["lock d2"]);
  editor.finish("sweep");
  assert.deepEqual(labels(), ["lock d2", "sweep"]);
  store.undo();
  assert.deepEqual(shown(), START);
  editor.lock(2);
  assert.ok(editor.free(2));
});

test("a lock is a step of undo, and the link has it", () => {
  const { editor, store, labels } = edited();
  editor.lock(2);
  editor.lock(0);
  assert.equal(store.state.view.locked, "2.0");
  editor.lock(2);
  assert.deepEqual([0, 1, 2].map(editor.free), [false, true, true]);
  assert.deepEqual(labels(), ["lock d2", "lock d0", "unlock d2"]);
  store.undo();
  assert.deepEqual([0, 1, 2].map(editor.free), [false, true, false]);
  store.undo();
  store.undo();
  assert.ok(!("locked" in store.state.view));
  store.set({ view: { locked: "1.x.99" } });
  assert.deepEqual([0, 1, 2].map(editor.free), [true, false, true], "what is no dimension is passed over");
});

test("keys soon after each other are one step, named after the bar", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { editor, shown, labels } = edited();
    editor.step(1, 1, { shiftKey: false });
    mock.timers.tick(400);
    editor.step(1, 1, { shiftKey: true });
    assert.deepEqual(shown(), [0.25, 0.5625, 0.75]); // 0.5 + 1/64, then a notch on: the nearest of 1/16
    mock.timers.tick(499);
    assert.deepEqual(labels(), []);
    mock.timers.tick(1);
    assert.deepEqual(labels(), ["slant"]);
    editor.nudge(0, 1);
    editor.finishPending(); // another gesture begins
    editor.finishPending();
    assert.deepEqual(labels(), ["slant", "d0"]);
  } finally {
    mock.timers.reset();
  }
});

test("Mute holds a rate back and gives it again", () => {
  const { editor, shown, labels } = edited();
  editor.mute(1);
  assert.deepEqual(shown(), [0.25, 0, 0.75]);
  assert.deepEqual(editor.marks(1), { lock: false, mute: true, alone: false });
  editor.put([[0, 1]]);
  editor.mute(1);
  assert.deepEqual(shown(), [1, 0.5, 0.75]);
  assert.deepEqual(labels(), ["mute slant", "unmute slant"]);
});

test("Solo gives all others again, with what was changed meanwhile, and can move to another bar", () => {
  const { editor, shown } = edited();
  editor.alone(0);
  assert.deepEqual(shown(), [0.25, 0, 0]);
  editor.put([[0, 0.875]]);
  editor.alone(2);
  assert.deepEqual(shown(), [0, 0, 0.75]);
  editor.alone(2);
  assert.deepEqual(shown(), [0.875, 0.5, 0.75]);
  assert.equal(editor.marks(2).alone, false);
  editor.reset(0);
  assert.deepEqual(shown(), START);
});

test("a latent without spikes rests in the middle of its range", () => {
  const { editor, shown } = edited({ name: "number", low: [-4, -4, -4], high: [4, 4, 4], span: 8 });
  editor.mute(0);
  assert.deepEqual(shown(), [0.5, 0.5, 0.75]);
  assert.equal(editor.heightOf(0, "-2"), 0.25);
  assert.equal(editor.asText(), "[0,0,2]");
});

test("values that are typed or pasted", () => {
  const { editor, shown, labels } = edited();
  editor.typed(0, editor.heightOf(0, "1/2"));
  assert.deepEqual(shown(), [0.5, 0.5, 0.75]);
  assert.throws(() => editor.heightOf(0, "1.5"), new VectorError("expected 0 to 1, found 1.5"));
  editor.lock(1);
  assert.throws(() => editor.typed(1, 1), new VectorError("it is locked"));
  editor.fromText("[1, 0, 0.000001]");
  assert.deepEqual(shown(), [1, 0.5, 0]);
  assert.deepEqual(labels(), ["d0", "lock slant", "pasted rates"]);
  assert.throws(() => editor.fromText("0 0 1.1"), new VectorError("d2: expected 0 to 1, found 1.1"));
  assert.throws(() => editor.fromText("0 0"), VectorError);
});

test("names and order of dimensions", () => {
  const { store } = edited();
  const session = {
    store,
    entry: { dims: 3, taught: ["x"], taughtLevels: [[0, 10, 30]], taughtUnits: ["px"] },
    atlas: { effect: [0.1, 0.3, 0.3], usage: () => [3, 1, 2] },
  };
  assert.deepEqual(
    [0, 1, 2].map((i) => nameOf(session, i)),
    ["x", "slant", "d2"],
  );
  assert.deepEqual(orderOf(session, "effect"), [1, 2, 0]);
  assert.deepEqual(orderOf(session, "usage"), [0, 2, 1]);
  assert.deepEqual(orderOf(session), [0, 1, 2]);
  assert.equal(taughtValue(session, 0, 0.75), "20 px");
  assert.equal(taughtValue(session, 1, 0.75), "");
});
