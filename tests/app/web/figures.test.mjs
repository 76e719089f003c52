/** Charts as files: what a canvas context would paint is written down, and becomes SVG and PDF. */

import assert from "node:assert/strict";
import test from "node:test";
import { inflateSync } from "node:zlib";

import { boxOf, isBold, translated, Recorder } from "../../../esvae_core/web/formats/vector_figure.js";
import { figurePdf } from "../../../esvae_core/web/formats/pdf.js";
import { figureSvg } from "../../../esvae_core/web/formats/svg.js";

const COLOURS = { red: [255, 0, 0, 1], pale: [0, 128, 255, 0.5], none: [0, 0, 0, 0] };
const recorder = () =>
  new Recorder(
    (css) => COLOURS[css],
    (text, font) => text.length * parseFloat(/([\d.]+)px/.exec(font)[1]) * 0.5,
  );

const SHAPES = [
  { kind: "rect", x: 1, y: 2, width: 3.333333, height: 4, fill: [1, 2, 3, 1] },
  {
    kind: "path",
    points: [
      [
        [0, 0],
        [5, 5],
      ],
      [
        [6, 6],
        [7, 8],
      ],
    ],
    closed: false,
    stroke: [255, 0, 0, 0.25],
    thick: 2,
    dash: [4, 3],
  },
  { kind: "circle", x: 9, y: 9, radius: 2, fill: [0, 0, 0, 1] },
  { kind: "circle", x: 9, y: 9, radius: 2, stroke: [0, 0, 0, 1], thick: 1 },
  {
    kind: "text",
    x: 10,
    y: 20,
    text: `(a) <b> & "φ − ü Ł`,
    width: 80,
    size: 10,
    family: `"A", b`,
    bold: true,
    fill: [0, 0, 0, 1],
  },
  {
    kind: "text",
    x: 10,
    y: 20,
    text: "a",
    width: 8,
    size: 10,
    family: "A",
    bold: true,
    stroke: [0, 0, 0, 1],
    thick: 4,
  },
  {
    kind: "image",
    x: 30,
    y: 5,
    width: 8,
    height: 4,
    pixels: { width: 2, height: 1, bytes: Uint8Array.of(255, 0, 0, 0, 0, 255) },
    alpha: 0.5,
  },
];
const FIGURE = {
  width: 100,
  height: 40,
  ground: [255, 255, 255, 1],
  title: "T <&> ü",
  words: "“words”",
  shapes: SHAPES,
};

test("what would be painted is written down", () => {
  const it = recorder();
  it.fillStyle = "pale";
  it.globalAlpha = 0.5;
  it.fillRect(1, 2, 3, 4);
  it.globalAlpha = 1;
  it.strokeStyle = "red";
  it.lineWidth = 3;
  it.setLineDash([1, 2]);
  it.strokeRect(0, 0, 9, 9);
  it.setLineDash([]);
  it.beginPath();
  it.moveTo(0, 0);
  it.lineTo(4, 0);
  it.stroke();
  it.beginPath();
  it.arc(5, 5, 2, 0, 2 * Math.PI);
  it.fill();
  it.fillStyle = "none";
  it.fillRect(0, 0, 1, 1);
  const painted = {
    width: 1,
    height: 2,
    getContext: () => ({ getImageData: () => ({ data: [1, 2, 3, 255, 4, 5, 6, 255] }) }),
  };
  it.drawImage(painted, 7, 8, 10, 20);
  assert.deepEqual(it.shapes, [
    { kind: "rect", x: 1, y: 2, width: 3, height: 4, fill: [0, 128, 255, 0.25] },
    { kind: "rect", x: 0, y: 0, width: 9, height: 9, stroke: [255, 0, 0, 1], thick: 3, dash: [1, 2] },
    {
      kind: "path",
      points: [
        [
          [0, 0],
          [4, 0],
        ],
      ],
      closed: false,
      stroke: [255, 0, 0, 1],
      thick: 3,
    },
    { kind: "circle", x: 5, y: 5, radius: 2, fill: [0, 128, 255, 0.5] },
    {
      kind: "image",
      x: 7,
      y: 8,
      width: 10,
      height: 20,
      pixels: { width: 1, height: 2, bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      alpha: 1,
    },
  ]);
  assert.throws(() => it.arc(0, 0, 1, 0, 1), /whole circles/);
});

test("texts begin where their alignment puts them", () => {
  const it = recorder();
  it.fillStyle = "red";
  it.font = "650 20px system-ui, sans-serif";
  for (const align of ["left", "center", "right"]) {
    it.textAlign = align;
    it.fillText("four", 100, 50);
  }
  it.textBaseline = "middle";
  it.fillText("four", 100, 50, 10);
  assert.deepEqual(
    it.shapes.map(({ x }) => x),
    [100, 80, 60, 90],
  );
  assert.deepEqual(
    it.shapes.map(({ y, width }) => [y, width]),
    [
      [50, 40],
      [50, 40],
      [50, 40],
      [57, 10],
    ],
  );
  assert.ok(it.shapes.every(({ bold, size, family }) => bold && size === 20 && family === "system-ui, sans-serif"));
  assert.deepEqual(["", "bold", "400", "600 italic", "italic 500"].map(isBold), [false, true, false, true, false]);
});

test("shapes move, and have a box", () => {
  const before = boxOf(SHAPES);
  assert.deepEqual(before, { left: -1, top: -1, right: 90, bottom: 23 });
  assert.deepEqual(boxOf(translated(SHAPES, 10, -5)), { left: 9, top: -6, right: 100, bottom: 18 });
});

test("SVG says each shape, and escapes what XML would take for its own", async () => {
  const text = await figureSvg(FIGURE);
  for (const part of [
    "<title>T &lt;&amp;&gt; ü</title>",
    '<rect x="1" y="2" width="3.33" height="4" fill="rgb(1,2,3)"/>',
    '<path d="M0 0L5 5M6 6L7 8" fill="none" stroke="rgb(255,0,0)" stroke-opacity="0.25" stroke-width="2" stroke-linejoin="round" stroke-dasharray="4 3"/>',
    '<circle cx="9" cy="9" r="2" fill="rgb(0,0,0)"/>',
    'font-family="&quot;A&quot;, b" font-weight="bold" textLength="80"',
    "(a) &lt;b&gt; &amp; &quot;φ − ü Ł</text>",
  ])
    assert.ok(text.includes(part), part);
  assert.ok(!/\u0001/.test(await figureSvg({ ...FIGURE, title: "\u0001\ud800" })));
  const [, place, png] = /<image (.*) style=.*base64,(.*)"/.exec(text);
  assert.equal(place, 'x="30" y="5" width="8" height="4" opacity="0.5"');
  assert.equal(Buffer.from(png, "base64").subarray(1, 4).toString(), "PNG");
});

test("PDF has its objects where its table says, and the shapes in its page", async () => {
  const bytes = Buffer.from(await figurePdf(FIGURE));
  const text = bytes.toString("latin1");
  const start = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)[1]);
  const places = [...text.slice(start).matchAll(/^(\d{10}) 00000 n $/gm)].map((match) => Number(match[1]));
  assert.equal(places.length, 8);
  places.forEach((at, i) => assert.ok(text.startsWith(`${i + 1} 0 obj\n`, at), `object ${i + 1}`));
  assert.match(text, /\/MediaBox \[0 0 75 30\]/);
  const [, length] = /\/Length (\d+) \/Filter/.exec(text);
  const from = text.indexOf("stream\n") + 7;
  const content = inflateSync(bytes.subarray(from, from + Number(length)))
    .toString("latin1")
    .split("\n");
  assert.equal(content.length, 2 + SHAPES.length);
  assert.equal(content[0], "0.75 0 0 -0.75 0 30 cm 1 j");
  assert.equal(content[2], "/G1000 gs 0.004 0.008 0.012 rg 1 2 3.333 4 re f");
  assert.equal(content[3], "/G250 gs 1 0 0 RG [4 3] 0 d 0 J 2 w 0 0 m 5 5 l 6 6 m 7 8 l S");
  assert.match(content[4], / 1 J 4 w 9 9 m 9 9 l S$/);
  assert.match(content[7], /^\/G1000 gs BT 1 Tr 4 w \[\] 0 d 0 0 0 RG 143.885 Tz /);
  assert.equal(content[8], "q /G500 gs 8 0 0 -4 30 9 cm /I0 Do Q");
  const image = bytes.subarray(bytes.indexOf("stream\n", bytes.indexOf("/Subtype /Image")) + 7);
  const [red, blue] = [
    [255, 0, 0],
    [0, 0, 255],
  ].map((colour) => Array(8).fill(colour).flat());
  assert.deepEqual(
    [...inflateSync(image)],
    Array(8)
      .fill([...red, ...blue])
      .flat(),
  );
  const hex = (letters) => Buffer.from(letters, "latin1").toString("hex");
  assert.ok(content[6].includes(`/F 10 Tf <${hex('(a) <b> & "')}> Tj /S 10 Tf <${hex("f")}> Tj`), content[6]);
  assert.ok(content[6].includes(`/S 10 Tf <${hex("-")}> Tj /F 10 Tf <${hex(" \xfc ?")}> Tj`), content[6]);
});

test("letters of a PDF are squeezed to the width of the screen", async () => {
  const text = {
    kind: "text",
    x: 0,
    y: 9,
    text: "AA",
    width: 6.67,
    size: 10,
    family: "x",
    bold: false,
    fill: [0, 0, 0, 1],
  };
  const bytes = Buffer.from(await figurePdf({ ...FIGURE, shapes: [text] }));
  const from = bytes.indexOf("stream\n") + 7;
  assert.match(
    inflateSync(bytes.subarray(from, bytes.indexOf("\nendstream"))).toString("latin1"),
    / 50 Tz 1 0 0 -1 0 9 Tm /,
  );
});
