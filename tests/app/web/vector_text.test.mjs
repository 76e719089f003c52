/** Vectors and numbers that people type and paste. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parseNumber, parseVector, vectorText } from "../../../esvae_core/web/math/vector_text.js";
import { fromGrid, GRID, toGrid } from "../../../esvae_core/web/math/rates.js";

test("a number is read as people write it", () => {
  const written = {
    0.5: 0.5,
    ".5": 0.5,
    "5/16": 0.3125,
    "0,25": 0.25,
    " 1 ": 1,
    "-2.5": -2.5,
    "\u22121": -1,
    "1e-2": 0.01,
  };
  for (const [text, value] of Object.entries(written)) assert.equal(parseNumber(text), value, text);
  for (const text of ["", "much", "1/0", "1/2/3", "0x10", "NaN", "Infinity", "1 2", "/2"]) {
    assert.throws(() => parseNumber(text), { name: "Error", message: /^expected a number, found '/ }, text);
  }
});

test("a vector is a JSON list, or numbers with spaces, commas or lines between them", () => {
  for (const text of ["[1, 0.5, 0]", "1 0.5 0", "1,0.5,0", "1;\t.5\r\n0\n", " [1 0.5 0] "]) {
    assert.deepEqual(parseVector(text, 3), [1, 0.5, 0], text);
  }
});

test("what is no vector of that length is refused in one line", () => {
  const refused = {
    "1 2": "expected 3 numbers, found 2",
    "": "expected 3 numbers, found 0",
    "1 two 3": "expected numbers, found 'two'",
  };
  for (const [text, message] of Object.entries(refused)) assert.throws(() => parseVector(text, 3), { message });
  assert.throws(() => parseVector("[[1, 2, 3]]", 3), /found '\[1'/);
  assert.throws(() => parseVector("1 ".repeat(200_000), 3), /expected at most 200000 characters/);
  assert.throws(() => parseVector("x".repeat(90), 1), { message: `expected numbers, found '${"x".repeat(24)}...'` });
});

test("every rate of the grid survives being copied and pasted", () => {
  for (let first = 0; first <= GRID; first += 4096) {
    const rates = Uint16Array.from({ length: Math.min(4096, GRID + 1 - first) }, (_, i) => first + i);
    assert.deepEqual(toGrid(parseVector(vectorText(Array.from(fromGrid(rates))), rates.length)), rates);
  }
});
