/** Strips of pictures: the present rates with one dimension on its way, and where it changes the picture. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { equalValues, geodesicValues, quantileValues, sensitivity, withValue } from "../../math/dimensions.js";
import { fromGrid } from "../../math/rates.js";
import { chosenOf } from "./chosen_dimension.js";
import { sensitivityMap } from "./sensitivity_map.js";
import { Traversal } from "./traversal.js";

const FRAMES = 9;
const DRAWS = 8; // of noise, for the sensitivity

/**
 * What is shown: a dimension of a state, until another one is asked for; `draw` decodes the rates with the dimension at
 * a value, null where a newer question has taken its place.
 * @typedef {object} Asked
 * @property {number} j
 * @property {State} state
 * @property {(key: string, value: number, seed: number) => Promise<{image: Float32Array}|null>} draw
 * @property {() => boolean} current
 */

/** @param {Having<"atlas">} session */
export function strips(session) {
  const { store, atlas, entry, latent } = session;
  const draws = latent.spiking ? DRAWS : 1;
  const [quantiles, equal] = bothTraversals(session);
  const map = sensitivityMap(session, draws);
  let turn = 0;
  let gone = false;

  async function show() {
    const { state } = store;
    if (state.model !== entry.name) return;
    const mine = ++turn;
    const current = () => !gone && mine === turn;
    const j = chosenOf(session);
    map.await(j);
    const rates = fromGrid(state.rates);
    const ways = /** @type {[Traversal, number[]][]} */ ([
      [quantiles, quantileValues(column(atlas, j), FRAMES)],
      [equal, equalSteps(latent)],
    ]);
    // at once: their buttons have no names before, and can be pressed while the decoders are still loading
    ways.forEach(([strip, values]) => strip.announce(j, values, rates[j]));
    if (!session.engine) return void map.say(msg`This browser cannot run the model, so nothing is decoded here.`);
    const pool = await session.pool().catch(() => null);
    if (!pool || !current()) return;
    const draw = (key, value, seed) =>
      pool.latest(key, "play", withValue(rates, j, value), seed, state.sampler, state.steps);
    const asked = { j, state, draw, current };
    ways.forEach(([strip, values]) => drawTraversal(strip, values, asked));
    await showMap(asked).catch(failed);
  }

  /** @param {Traversal} strip @param {number[]} values @param {Asked} asked */
  function drawTraversal(strip, values, { state, draw, current }) {
    values.forEach((value, i) => {
      const show = (answer) => answer && current() && strip.drawFrame(i, value, answer.image);
      draw(`${strip.key}-${i}`, value, state.seed).then(show, failed);
    });
  }

  /** @param {Asked} asked */
  async function showMap({ j, state, draw, current }) {
    const { low, high } = atlas.range();
    const seeds = Array.from({ length: draws }, (_, k) => (state.seed + k) % 2 ** 31);
    const images = (end, value) => Promise.all(seeds.map((seed, k) => draw(`${end}-${k}`, value, seed)));
    const [from, to] = await Promise.all([images("low", low[j]), images("high", high[j])]);
    if (!current() || [...from, ...to].includes(null)) return;
    const [before, after] = [from, to].map((answers) => answers.flatMap((answer) => (answer ? [answer.image] : [])));
    map.show(j, sensitivity(before, after, entry.channels), latent.text(j, low[j]), latent.text(j, high[j]));
  }

  function failed(error) {
    if (!gone && session.entry === entry) map.say(msg`Not decoded: ${error.message}`);
  }

  const later = onceAFrame(() => gone || show());
  const stop = store.on("state", later);
  show();
  return Object.assign(
    h("div", { class: "strips", "data-figure": msg`Strips` }, quantiles.element, equal.element, map),
    {
      dispose() {
        gone = true;
        stop();
      },
    },
  );
}

/** @param {Session} session */
function bothTraversals(session) {
  const arcsine = session.latent.coordinates === "arcsine";
  return [
    new Traversal(session, {
      key: "quantiles",
      title: msg`Through its own quantiles`,
      help: msg`each step passes as many test images`,
      count: FRAMES,
      captionOf: (i, text) => `${Math.round((100 * i) / (FRAMES - 1))} %: ${text}`,
    }),
    new Traversal(session, {
      key: "equal",
      title: arcsine ? msg`In equal steps of what the noise can tell` : msg`In equal steps`,
      help: arcsine ? msg`from 0 to 1 along arcsin √r` : msg`from one end of its range to the other`,
      count: FRAMES,
    }),
  ];
}

/** @param {Latent} latent */
const equalSteps = ({ coordinates }) => (coordinates === "arcsine" ? geodesicValues(FRAMES) : equalValues(FRAMES));

/** The rates of a dimension in all test images. @param {Atlas} atlas @param {number} j */
const column = ({ count, counts, dims, steps }, j) =>
  Array.from({ length: count }, (_, row) => counts[row * dims + j] / steps);

/** However often it is asked for, done on the next frame. @param {() => void} work */
function onceAFrame(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}
