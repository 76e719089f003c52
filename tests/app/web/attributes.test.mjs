/** Attributes measured in the page are those that the library measures. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { meterOf } from "../../../esvae_core/web/math/attributes.js";

const { attributes } = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8"));

for (const { dataset, channels, size, names, images, values } of attributes)
  test(`pictures of ${dataset}`, () => {
    const measure = meterOf(dataset, channels);
    images.forEach((bytes, row) => {
      const found = measure(
        Float32Array.from(bytes, (byte) => byte / 127.5 - 1),
        size,
      );
      assert.deepEqual(Object.keys(found), names);
      names.forEach((name, k) => {
        const expected = values[row][k];
        if (expected === null) return assert.ok(Number.isNaN(found[name]), `${name} of ${row}`);
        const close = Math.abs(found[name] - expected) <= 1e-4 * Math.max(1, Math.abs(expected));
        assert.ok(close, `${name} of picture ${row}: expected ${expected}, found ${found[name]}`);
      });
    });
  });

test("sprites are not measured", () => assert.equal(meterOf("sprites-rgb", 3), null));
