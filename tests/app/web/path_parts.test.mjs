/** What Interpolate does without a screen: frames and their noise, the place on a path, the square, the list of anchors. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { sample } from "../../../esvae_core/web/engine/noise.js";
import { latentOf } from "../../../esvae_core/web/math/latent.js";
import { GRID } from "../../../esvae_core/web/math/rates.js";
import * as anchorList from "../../../esvae_core/web/parts/interpolate/anchor_list.js";
import * as blend from "../../../esvae_core/web/parts/interpolate/blend_position.js";
import { DecodedFrames } from "../../../esvae_core/web/parts/interpolate/decoded_frames.js";
import { nearestPlace, OrderDrag } from "../../../esvae_core/web/parts/interpolate/order_drag.js";
import {
  frameSeed,
  frameSpikes,
  nextFrame,
  PathFrames,
  pathSettings,
} from "../../../esvae_core/web/parts/interpolate/path_frames.js";
import { frameWords, stripStatistics, stripWords } from "../../../esvae_core/web/parts/interpolate/strip_statistics.js";
import { PathPosition } from "../../../esvae_core/web/parts/interpolate/path_position.js";

const RATES = latentOf({});
const CODE = latentOf({ latent: { name: "latent", low: [-4], high: [4], span: 8 } });
const LINEAR = { path: "linear", frames: 5 };
/** Three anchors of one neuron: 0, 1/2, 1. */
const ANCHORS = [0, GRID / 2, GRID].map((rate) => Uint16Array.of(rate));

test("settings of a path are what the link says, as far as the latent has them", () => {
  const wish = { path: "logit", noise: "fresh", frames: "24" };
  assert.deepEqual(pathSettings(wish, RATES), { path: "logit", noise: "fresh", frames: 24 });
  assert.deepEqual(pathSettings(wish, CODE), { path: "linear", noise: "frozen", frames: 24 });
  const none = { path: "x", noise: "y", frames: "17" };
  assert.deepEqual(pathSettings(none, RATES), { path: "arcsine", noise: "frozen", frames: 16 });
});

test("frames lie at even places from the first anchor to the last", () => {
  const path = new PathFrames(ANCHORS, LINEAR);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((k) => path.placeOf(k)),
    [0, 0.5, 1, 1.5, 2],
  );
  assert.deepEqual(
    path.all().map(([rate]) => rate / GRID),
    [0, 0.25, 0.5, 0.75, 1],
  );
  assert.deepEqual([path.frameAt(0.2), path.frameAt(0.3), path.frameAt(2)], [0, 1, 4]);
});

test("a walk goes there and back, also when there are fewer frames than before", () => {
  let at = { k: 1, step: 1 };
  const seen = Array.from({ length: 6 }, () => (at = nextFrame(at, 4)).k);
  assert.deepEqual(seen, [2, 3, 2, 1, 0, 1]);
  assert.deepEqual(nextFrame({ k: 20, step: 1 }, 8), { k: 7, step: -1 });
});

test("noise of a frame: the same, of its own, or between two", () => {
  assert.deepEqual(
    [frameSeed("frozen", 5, 3), frameSeed("fresh", 5, 3), frameSeed("fresh", 2 ** 31 - 1, 1)],
    [5, 8, 0],
  );
  const engine = { sample };
  const rates = new Float32Array(40).fill(0.5);
  const state = { seed: 7, sampler: /** @type {const} */ ("bernoulli"), steps: 10 };
  const spikes = (noise, k) => frameSpikes(engine, rates, k, { path: "linear", noise, frames: 5 }, state);
  assert.deepEqual(spikes("frozen", 3), sample(rates, 7, "bernoulli", 10));
  assert.deepEqual(spikes("fresh", 3), sample(rates, 10, "bernoulli", 10));
  const apart = (a, b) => a.reduce((sum, v, i) => sum + Number(v !== b[i]), 0);
  const [first, second, last] = [0, 1, 4].map((k) => spikes("drifting", k));
  assert.ok(apart(first, second) > 0);
  assert.ok(apart(first, second) < apart(first, last));
});

test("the place on the path is gone to, left and found again", () => {
  const place = new PathPosition(() => new PathFrames(ANCHORS, LINEAR));
  const frames = new PathFrames(ANCHORS, LINEAR).all();
  assert.ok(!place.holds(frames[0]));
  assert.deepEqual(place.go(0.5), frames[1]);
  assert.ok(place.holds(frames[1]) && !place.holds(frames[2]));
  assert.equal(place.frame(), 1);
  place.leave();
  assert.ok(!place.holds(frames[1]));
  assert.equal(place.find(frames[3], frames), 3);
  assert.equal(place.now, 1.5);
  assert.equal(place.find(Uint16Array.of(1), frames), -1);
  assert.equal(place.now, null);
});

test("a place beyond the end of a shorter path is its end", () => {
  let anchors = ANCHORS;
  const place = new PathPosition(() => new PathFrames(anchors, LINEAR));
  place.shorten();
  assert.equal(place.now, null);
  place.go(1.75);
  anchors = ANCHORS.slice(0, 2);
  place.shorten();
  assert.equal(place.now, 1);
});

/** A session whose pool answers when it is told to. */
function pretendSession() {
  const waiting = [];
  const said = [];
  const run = (_call, spikes) => new Promise((done, failed) => waiting.push({ done: () => done(spikes), failed }));
  const state = { seed: 1, sampler: "bernoulli", steps: 2 };
  const session = {
    engine: { sample },
    store: { state },
    pool: async () => ({ run }),
    say: (words) => said.push(words),
  };
  return { session, waiting, said };
}

test("pictures of a path arrive one by one, and those of an earlier path are dropped", async () => {
  const { session, waiting } = pretendSession();
  const shown = [];
  const frames = new DecodedFrames(session, (list) => shown.push(list.map(({ image }) => image !== null)));
  const settings = () => ({ path: "linear", noise: "frozen", frames: 2 });
  const early = frames.decode(ANCHORS.slice(0, 2), settings);
  await null;
  const late = frames.decode(ANCHORS.slice(1), settings);
  await null;
  waiting.slice(2).forEach(({ done }) => done());
  assert.equal(await late, true);
  waiting.slice(0, 2).forEach(({ done }) => done());
  assert.equal(await early, false);
  assert.deepEqual(frames.rates, ANCHORS.slice(1));
  assert.deepEqual(shown.slice(2), [
    [true, false],
    [true, true],
  ]);
  assert.deepEqual(shown.slice(0, 2), [
    [false, false],
    [false, false],
  ]);
});

test("a path that cannot be decoded is said, unless it is no longer wanted", async () => {
  const { session, waiting, said } = pretendSession();
  const frames = new DecodedFrames(session, () => {});
  const settings = () => ({ path: "linear", noise: "frozen", frames: 2 });
  const first = frames.decode(ANCHORS, settings);
  await null;
  waiting[0].failed(new Error("no memory"));
  assert.equal(await first, false);
  assert.deepEqual(said, ["The path is not shown: no memory"]);
  const second = frames.decode(ANCHORS, settings);
  await null;
  frames.stop();
  waiting[3].failed(new Error("stopped"));
  assert.equal(await second, false);
  assert.equal(said.length, 1);
});

// ---- the square --------------------------------------------------------------------------------------------------

test("a place of the square is a point of the pad, and the pad's edge is no farther than the corner", () => {
  const pad = { width: 216, height: 116 };
  assert.deepEqual(blend.placeAt(8, 8, pad), { x: 0, y: 0 });
  assert.deepEqual(blend.placeAt(158, 33, pad), { x: 0.75, y: 0.25 });
  assert.deepEqual(blend.pointOf({ x: 0.75, y: 0.25 }, pad.width, pad.height), [158, 33]);
  assert.deepEqual(blend.placeAt(-50, 400, pad), { x: 0, y: 1 });
});

test("arrow keys move the place from the middle, up to the edges", () => {
  assert.deepEqual(blend.placeByKey(null, "ArrowRight"), { x: 0.53125, y: 0.5 });
  assert.deepEqual(blend.placeByKey({ x: 0.5, y: 0 }, "ArrowUp"), { x: 0.5, y: 0 });
  assert.deepEqual(blend.placeByKey({ x: 0.5, y: 0 }, "ArrowDown"), { x: 0.5, y: 0.03125 });
  assert.equal(blend.placeByKey({ x: 0.5, y: 0 }, "Enter"), null);
  assert.equal(blend.placeWords({ x: 0.53125, y: 0.5 }), "53 % to the right, 50 % down");
});

test("tiles reach from corner to corner, and a missing corner is the last anchor", () => {
  const tiles = blend.tilePlaces(3);
  assert.deepEqual([tiles.length, tiles[0], tiles[5], tiles[8]], [9, { x: 0, y: 0 }, { x: 1, y: 0.5 }, { x: 1, y: 1 }]);
  assert.deepEqual(blend.fourOf(["a", "b"]), ["a", "b", "b", "b"]);
  assert.deepEqual(blend.fourOf([1, 2, 3, 4, 5]), [1, 2, 3, 4]);
});

// ---- anchors -----------------------------------------------------------------------------------------------------

/** @param {string|undefined} text @param {object|null} atlas */
const anchorsSession = (text, atlas = null) => ({
  store: { state: { view: { anchors: text } } },
  entry: { dims: 2 },
  atlas,
  ratesOf: (source) => (source.kind === "own" ? source.rates : Uint16Array.of(source.index ?? source.seed, 0)),
});

test("anchors come back from the link; other models' and too few make a first choice", () => {
  const list = [1, 2, 3].map((n) => ({ source: { kind: "own", rates: Uint16Array.of(n, GRID) } }));
  const read = anchorList.anchorsOf(anchorsSession(anchorList.anchorsText(list)));
  assert.deepEqual(
    read.map(({ rates }) => [...rates]),
    [
      [1, GRID],
      [2, GRID],
      [3, GRID],
    ],
  );
  const priors = [2, 3, 4, 5].map((seed) => ({ kind: "prior", seed }));
  const sources = (text, atlas) => anchorList.anchorsOf(anchorsSession(text, atlas)).map(({ source }) => source);
  const other = anchorList.anchorsText(list.map(() => ({ source: { kind: "own", rates: Uint16Array.of(1, 2, 3) } })));
  for (const text of [undefined, "nonsense", other, anchorList.anchorsText(list.slice(0, 1))])
    assert.deepEqual(sources(text), priors, text);
  const atlas = {
    count: 9,
    tilePositions: Uint32Array.of(7, 1),
    indices: Uint32Array.from({ length: 9 }, (_, i) => 10 * i),
  };
  assert.deepEqual(
    sources(undefined, atlas).map(({ index }) => index),
    [70, 10, 0, 20],
  );
});

test("a link holds only so many anchors of a large model", () => {
  const large = { source: { kind: "own", rates: new Uint16Array(512).fill(12345) } };
  assert.equal(anchorList.anchorsText(Array(8).fill(large)), null);
});

test("anchors along a control reach from its lowest amount to its highest", () => {
  const apply = (rates, amount) => rates.map((rate) => rate + 100 * amount);
  const list = anchorList.alongControl(Uint16Array.of(500), { reach: [-2, 2], apply });
  assert.deepEqual(
    list.map(({ source }) => source.rates[0]),
    [300, 400, 500, 600, 700],
  );
});

test("an anchor is moved by the keys with Shift, and not beyond an end", () => {
  assert.deepEqual(anchorList.movedTo(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.deepEqual(anchorList.movedTo(["a", "b", "c"], 2, 1), ["a", "c", "b"]);
  const to = (key, i, shiftKey = true) => anchorList.placeByKey({ key, shiftKey }, i, 3);
  assert.deepEqual(
    [to("ArrowLeft", 1), to("ArrowRight", 1), to("ArrowLeft", 0), to("ArrowRight", 2), to("Enter", 1)],
    [0, 2, -1, -1, -1],
  );
  assert.equal(to("ArrowRight", 1, false), -1);
});

test("what an anchor is, in words", () => {
  const atlas = { label: (row) => ["zero", "one"][row], rowOf: (index) => index - 10 };
  assert.equal(anchorList.sourceWords({ kind: "test", index: 11 }, { atlas, latent: RATES }), "one · test 11");
  assert.equal(anchorList.sourceWords({ kind: "prior", seed: 3 }, { atlas: null, latent: RATES }), "prior 3");
  const own = { kind: /** @type {const} */ ("own"), rates: Uint16Array.of(1) };
  assert.equal(anchorList.sourceWords(own, { atlas: null, latent: CODE }), "own latent");
});

test("what views say of a latent", () => {
  assert.deepEqual(
    [RATES.within(0.5), RATES.caption(0, 0.25), RATES.caption(0, 1)],
    ["0.50 in rate space", "0.25", "1"],
  );
  assert.deepEqual([CODE.within(0.5), CODE.caption(0, 0.25)], ["4.00 deviations in the latent", "−2.0"]);
  const counts = latentOf({ latent: { name: "rate", low: [-2], high: [2], span: 4, counts: true } });
  const pull = "Drag a bar";
  assert.match(RATES.introduction(pull), /firing rates: .* Drag a bar: spikes and picture follow\.$/);
  assert.match(
    latentOf({ kind: "fsvae" }).introduction(pull),
    /over T; drag a bar, and its spikes are placed in time anew/,
  );
  assert.match(
    CODE.introduction(pull),
    /^A network without spikes .* a vector of latents\. Drag a bar: the picture follows/,
  );
  assert.match(counts.introduction(pull), /spike counts: .* Drag a bar: counts and picture follow\.$/);
  assert.deepEqual([counts.within(0.5), counts.caption(0, 0.5)], ["2.00 in log-rate in the latent", "1"]);
});

test("a press becomes a drag after a few pixels, and ends at the nearest place", () => {
  const centres = /** @type {[number, number][]} */ ([
    [50, 50],
    [150, 50],
    [50, 150],
  ]);
  assert.deepEqual(
    [nearestPlace(90, 60, centres), nearestPlace(110, 60, centres), nearestPlace(40, 900, centres)],
    [0, 1, 2],
  );
  const drag = new OrderDrag();
  drag.press(0, 50, 50);
  assert.equal(
    drag.move(53, 54, () => assert.fail("this is no drag yet")),
    false,
  );
  assert.equal(drag.release(), null);
  assert.equal(
    drag.move(140, 60, () => nearestPlace(140, 60, centres)),
    true,
  );
  assert.deepEqual(drag.by, [90, 10]);
  assert.deepEqual(drag.release(), { from: 0, to: 1 });
  assert.ok(drag.dragging); // the click is still to come
  assert.equal(
    drag.move(52, 51, () => nearestPlace(52, 51, centres)),
    true,
  ); // a drag may come back
  assert.equal(drag.release(), null);
  drag.cancel();
  assert.ok(!drag.dragging);
});

test("under each frame how far it has moved, and how many real images are near", () => {
  const frame = (rate, shade) => ({
    rates: Float32Array.of(rate),
    image: shade === null ? null : new Float32Array(4).fill(shade),
  });
  const frames = [frame(0.5, 0), frame(0.625, 0.5), frame(1, null)];
  const near = { counts: Uint8Array.of(8, 9, 10), steps: 16, count: 3, ownDistances: () => Float64Array.of(0.1, 0.2) };
  const statistics = stripStatistics(frames, near);
  assert.deepEqual(statistics, { changes: [0, 0.5, 0], most: 0.5, near: [2, 2, 0], radius: 0.1 });
  assert.equal(frameWords(statistics, 1, near), "Frame 2 of 3: change 0.50 per pixel, 2 of 3 test images near");
  assert.match(
    stripWords(statistics, RATES),
    /^Change: .* at most 0\.50\. Real images nearby: test images within 0\.10 in rate space, .* On 1 of 3 frames there is none/,
  );
  const alone = stripStatistics(frames, null);
  assert.deepEqual(alone.near, [null, null, null]);
  assert.equal(frameWords(alone, 0, null), "Frame 1 of 3: change 0.00 per pixel");
  assert.match(stripWords(alone, RATES), /at most 0\.50\.$/);
});
