/** One dimension moved: held against the library's functions by cases that `test_web.py` writes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  geodesicValues,
  withValue,
  quantileValues,
  sensitivity,
  strongest,
} from "../../../esvae_core/web/math/dimensions.js";

const { dimensions: cases } = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8"));
const close = (found, expected) => {
  assert.equal(found.length, expected.length);
  expected.forEach((v, i) => assert.ok(Math.abs(found[i] - v) < 1e-5, `${i}: ${found[i]} is not ${v}`));
};

test("quantiles and equal steps are the library's", () => {
  for (const { column, frames, values } of cases.quantiles) close(quantileValues(column, frames), values);
  for (const { frames, values } of cases.geodesic) close(geodesicValues(frames), values);
});

test("only one dimension moves", () => {
  assert.deepEqual([...withValue([0.5, 0.25, 0.75], 1, 1)], [0.5, 1, 0.75]);
});

test("the sensitivity is the library's", () => {
  const { low, high, channels, map } = cases.sensitivity;
  const images = (list) => list.map((image) => Float32Array.from(image));
  close([...sensitivity(images(low), images(high), channels)], map);
});

test("the strongest class may be one that the dimension avoids", () => {
  assert.deepEqual(
    strongest(
      [
        [0.1, 0.3],
        [-0.4, 0.2],
      ],
      0,
    ),
    { label: 1, value: -0.4 },
  );
});
