/** Attributes as the page reads them, names that they suggest, and controls of the visitor's own. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { readArrays } from "../../../esvae_core/web/formats/array_format.js";
import { tableCsv } from "../../../esvae_core/web/formats/table_csv.js";
import { circularColour, signedColour } from "../../../esvae_core/web/math/colour.js";
import { correlationText, measuredOf, suggestions, valueText } from "../../../esvae_core/web/math/measured.js";
import { MOST_OWN, ownControls, stepTowards, withOwn, withoutOwn } from "../../../esvae_core/web/math/own_controls.js";

const { measured: told, own } = JSON.parse(readFileSync(process.env.ESVAE_CASES, "utf8"));
const read = readArrays(Uint8Array.from(Buffer.from(told.held, "base64")).buffer);
const atlas = { dataset: "made", indices: Uint32Array.from(told.indices) };

test("values go to the rows of the atlas that hold their images", () => {
  const measured = measuredOf(read, atlas);
  assert.equal(measured.trainImages, 777);
  for (const [k, { name }] of measured.attributes.entries()) {
    const { values } = measured.column(name);
    told.expected[k].forEach((value, row) =>
      value === null ? assert.ok(Number.isNaN(values[row])) : assert.ok(Math.abs(values[row] - value) < 0.02),
    );
  }
  assert.equal(measured.column("unheard of"), null);
  assert.equal(
    measuredOf(read, { ...atlas, dataset: "other" }).column("size"),
    null,
    "of other images nothing is known",
  );
  assert.equal(measuredOf(read, null).column("size"), null);
  assert.equal(measuredOf({ about: { controls: [] }, arrays: {} }, atlas), null, "files of version 1 have no table");
});

const kinds = {
  size: { name: "size", unit: "px2", kind: "number", categories: [] },
  tilt: { name: "tilt", unit: "deg", kind: "circular", categories: [] },
  hat: { name: "hat", unit: "", kind: "category", categories: ["no", "yes"] },
};

test("values and correlations as text", () => {
  assert.equal(valueText(kinds.size, 12.345), "12.3 px²");
  assert.equal(valueText(kinds.size, 1234.5), "1235 px²");
  assert.equal(valueText(kinds.tilt, -5.123), "−5.12°");
  assert.equal(valueText(kinds.hat, 1), "yes");
  assert.equal(valueText(kinds.size, NaN), "undefined");
  assert.equal(correlationText(kinds.size, -0.5), "−0.50");
  assert.equal(correlationText(kinds.hat, 0.25), "+0.25");
  assert.equal(correlationText(kinds.tilt, 0.25), "0.25");
});

test("names are suggested after what a neuron goes with, the strongest first", () => {
  const measured = {
    trainImages: 100,
    attributes: Object.values(kinds),
    correlation: [
      [-0.5, 0.1],
      [0.4, 0.1],
      [-0.7, 0.1],
    ],
  };
  const facts = {
    correlation: [
      [0.6, 0.2],
      [-0.2, -0.29],
    ],
  };
  const found = suggestions(measured, facts, ["0", "1"], 0);
  assert.deepEqual(
    found.map(({ name, value }) => [name, value]),
    [
      ["hat no", 0.7],
      ["class 0", 0.6],
      ["less size", -0.5],
    ],
  );
  assert.match(found[0].of, /100 training images/);
  assert.deepEqual(suggestions(measured, facts, ["0", "1"], 1), [], "weak correlations suggest nothing");
  assert.deepEqual(
    suggestions(null, facts, ["0", "1"], 0).map(({ name }) => name),
    ["class 0"],
  );
});

test("a control by hand is that of Python, also after its way through a link", () => {
  for (const { counts, steps, dims, rows, arcsine, moves } of own) {
    const step = stepTowards(counts, steps, dims, rows, arcsine);
    const view = withOwn({ dim: "3" }, " a|b ", step);
    assert.equal(view.dim, "3");
    const [control] = ownControls(view, dims, arcsine);
    assert.equal(control.name, "a b");
    for (const { rates, amount, moved } of moves) {
      const off = Math.max(...control.apply(Uint16Array.from(rates), amount).map((v, i) => Math.abs(v - moved[i])));
      assert.ok(off <= 8, `${off} units of the grid`); // 16 bits of a step in the link
    }
    assert.deepEqual(withoutOwn(view, "a b"), { dim: "3" });
  }
});

test("links hold a few controls, and what does not fit is left out", () => {
  let view = {};
  for (let i = 0; i < MOST_OWN; i++) view = withOwn(view, `c${i}`, [0.1, -1.5]);
  assert.equal(withOwn(view, "one more", [0.1, 0.2]), null);
  assert.equal(ownControls(view, 2, true).length, MOST_OWN);
  assert.deepEqual(ownControls(view, 3, true), [], "of another latent");
  assert.equal(withOwn({}, "long", new Float64Array(2000)), null);
  const strange = {
    control0: "x|***",
    control1: "no bar",
    control2: "",
    control3: view.control0,
    control4: view.control0,
  };
  assert.deepEqual(
    ownControls(strange, 2, true).map(({ name }) => name),
    ["c0"],
  );
});

test("colours: both signs differ, and a circle closes", () => {
  assert.notEqual(signedColour(0.5), signedColour(-0.5));
  assert.equal(signedColour(NaN), signedColour(0));
  assert.equal(circularColour(0), circularColour(1));
  assert.notEqual(circularColour(0), circularColour(0.5));
  for (let i = 0; i <= 20; i++) assert.match(circularColour(i / 20), /^rgb\(\d{1,3} \d{1,3} \d{1,3}\)$/);
});

test("a table as CSV quotes what needs it", () =>
  assert.equal(
    tableCsv([
      ["a", 'b "c"'],
      [1, "x,y"],
    ]),
    'a,"b ""c"""\n1,"x,y"\n',
  ));
