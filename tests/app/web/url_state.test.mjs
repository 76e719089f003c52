/** Links: the page reads and writes what `app/state.py` does; both are held against link_vectors.json. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  decodeState,
  encodeState,
  LinkError,
  packRates,
  unpackRates,
} from "../../../esvae_core/web/state/url_state.js";
import { GRID, toGrid } from "../../../esvae_core/web/math/rates.js";

const known = JSON.parse(readFileSync(new URL("../link_vectors.json", import.meta.url), "utf8"));

/** A state as Python's dataclasses write it. */
function asPython({ source, rates, view, ...rest }) {
  const from = {
    test: { index: source.index },
    prior: { seed: source.seed },
    own: { rates: [...(source.rates ?? [])] },
  };
  return { ...rest, source: from[source.kind], rates: [...rates], view: Object.entries(view) };
}

test("good links mean the same here and in Python", () => {
  for (const { text, state } of known.good) {
    assert.deepEqual(asPython(decodeState(text)), state);
    assert.equal(encodeState(decodeState(text)), text);
  }
});

test("bad links are refused with the same words", () => {
  for (const { text, message } of known.bad) {
    assert.throws(
      () => decodeState(text),
      (error) => error instanceof LinkError && error.message === message,
      message,
    );
  }
});

test("packed rates come back", () => {
  for (let unit = 1; unit <= 70; unit++) {
    for (const d of [1, 7, 32]) {
      const rates = toGrid(Array.from({ length: d }, (_, i) => ((i * 5) % (unit + 1)) / unit));
      assert.deepEqual(unpackRates(packRates(rates), "rates"), rates);
    }
  }
  const odd = Uint16Array.of(1, GRID, 0, 46079);
  assert.deepEqual(unpackRates(packRates(odd), "rates"), odd);
});
