/** What the panels beside the map do without a page: maps drawn anew, and files of a selection. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { latentOf } from "../../../esvae_core/web/math/latent.js";
import { MapRequest, readSettings, settingsText } from "../../../esvae_core/web/parts/map/map_request.js";
import { selectionCsv, selectionJson } from "../../../esvae_core/web/parts/map/selection_files.js";

const WISH = { neighbors: "15", min_dist: "0.1", metric: "geodesic" };

test("settings of a map in a link", () => {
  assert.equal(settingsText(WISH), "15-0.1-geodesic");
  assert.deepEqual(readSettings("15-0.1-geodesic"), WISH);
  for (const text of ["", "15-0.1", "x-0.1-cosine", "15-0.1-toString"]) assert.equal(readSettings(text), null, text);
});

/** A server that answers with these states, one at each question, and says what it was asked. */
function server(states) {
  const asked = [];
  const job = () => ({ key: "k", progress: 0.5, state: states.shift() });
  return {
    asked,
    begin: async (hash, wish) => (asked.push(["begin", hash, wish.metric]), job()),
    state: async (key) => (asked.push(["state", key]), job()),
    cancel: async (key) => void asked.push(["cancel", key]),
    data: async (key) => (asked.push(["data", key]), { about: {}, arrays: {} }),
  };
}

/** Let time pass until a promise is settled. */
async function passed(promise) {
  let settled = false;
  const end = () => (settled = true);
  promise.then(end, end);
  for (let i = 0; i < 50 && !settled; i++) {
    await new Promise((done) => setImmediate(done));
    mock.timers.tick(400);
  }
  return promise;
}

test("a map is asked for until it is there, failed, or given up", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const good = server(["running", "running", "done"]);
    const drawing = new MapRequest(good, "hash");
    const shares = [];
    const draw = drawing.draw(WISH, (share) => shares.push(share));
    assert.deepEqual(await passed(draw), { about: {}, arrays: {} });
    assert.deepEqual(
      good.asked.map(([what]) => what),
      ["begin", "state", "state", "data"],
    );
    assert.deepEqual([shares, drawing.running], [[0.5, 0.5], false]);
    const failed = new MapRequest(server(["running", "failed"]), "hash");
    await assert.rejects(passed(failed.draw(WISH, () => {})), /its drawing failed; the server's log says why/);
    assert.equal(failed.running, false);
    const cancelled = new MapRequest(server(["cancelled"]), "hash");
    assert.equal(await passed(cancelled.draw(WISH, () => {})), null);
    assert.equal(cancelled.gone, false);
  } finally {
    mock.timers.reset();
  }
});

test("who leaves asks no more, and a map that is drawn can be cancelled", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const slow = server(Array(9).fill("running"));
    const drawing = new MapRequest(slow, "hash");
    drawing.cancel(); // nothing is drawn
    const draw = drawing.draw(WISH, () => {});
    await new Promise((done) => setImmediate(done));
    assert.ok(drawing.running);
    drawing.cancel();
    drawing.leave();
    assert.equal(await passed(draw), null);
    assert.deepEqual(slow.asked, [
      ["begin", "hash", "geodesic"],
      ["cancel", "k"],
      ["state", "k"],
    ]);
  } finally {
    mock.timers.reset();
  }
});

/** Three test images of two dimensions, in four steps. */
function model(latent) {
  const entry = { name: "m", hash: "f00", dims: 2, latent };
  const atlas = {
    dims: 2,
    steps: 4,
    dataset: "digits",
    counts: Uint8Array.of(0, 4, 1, 3, 2, 2),
    indices: Uint32Array.of(10, 11, 12),
    classNames: ["zero", "one, or I"],
    label: (row) => ["zero", "one, or I", "zero"][row],
  };
  const session = { entry, latent: latentOf(entry), store: { state: { view: { name1: "tall" } } } };
  return { session, atlas, entry };
}

test("a selection as a table and as JSON", () => {
  const rates = model(null);
  assert.equal(
    selectionCsv(rates, [0, 1], [0.125, 0.875]),
    'test_image,class,d0,tall\n10,zero,0,1\n11,"one, or I",0.25,0.75\nmean,,0.125000,0.875000\n',
  );
  const told = JSON.parse(selectionJson(rates, [0, 1], [0.125, 0.875], [[1, 1]]));
  assert.deepEqual(told, {
    model: "m",
    checkpoint: "f00",
    dataset: "digits",
    split: "test",
    steps: 4,
    indices: [10, 11],
    classes: { "one, or I": 1 },
    dimensions: ["d0", "tall"],
    meanRates: [0.125, 0.875],
  });
});

test("of a latent without spikes the file has the model's own numbers, and no steps", () => {
  const numbers = model({ name: "number", low: [-4, -4], high: [4, 4], span: 8 });
  assert.equal(selectionCsv(numbers, [0], [0.5, 0.25]).split("\n")[1], "10,zero,-4,4");
  const told = JSON.parse(selectionJson(numbers, [0], [0.5, 0.25], []));
  assert.deepEqual([told.meanLatent, told.steps, told.meanRates], [[0, -2], undefined, undefined]);
});
