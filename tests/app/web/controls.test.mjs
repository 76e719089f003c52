/** Controls move rates as Python's do. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { readArrays } from "../../../esvae_core/web/formats/array_format.js";
import { controlsOf } from "../../../esvae_core/web/math/controls.js";

const cases = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8")).controls;
const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64")).buffer;

test("rates are moved as by Control.apply", () => {
  assert.ok(cases.length > 1);
  for (const { held, moves } of cases) {
    const controls = controlsOf(readArrays(bytes(held)));
    for (const { name, rates, amount, moved } of moves) {
      const control = controls.find((each) => each.name === name);
      const found = control.apply(Uint16Array.from(rates), amount);
      const off = Math.max(...found.map((rate, i) => Math.abs(rate - moved[i])));
      assert.ok(off <= 1, `${name} by ${amount}: ${off} units of the grid`);
    }
  }
});

test("where rates lie along a control is their place's dot product with its step", () => {
  for (const { held, moves } of cases) {
    const controls = controlsOf(readArrays(bytes(held)));
    for (const { name, rates, lies } of moves) {
      const found = controls.find((each) => each.name === name).lies(Uint16Array.from(rates));
      assert.ok(Math.abs(found - lies) < 1e-5, `${name}: ${found} for ${lies}`);
    }
  }
});

test("an amount of 0 changes nothing", () => {
  const [control] = controlsOf(readArrays(bytes(cases[0].held)));
  const rates = Uint16Array.from(cases[0].moves[0].rates);
  assert.deepEqual(control.apply(rates, 0), rates);
});

test("without a file there are none", () => assert.deepEqual(controlsOf(null), []));
