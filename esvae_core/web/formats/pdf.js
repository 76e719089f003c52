/**
 * A figure as a PDF file of one page: lines and letters that stay sharp at any size.
 *
 * Letters are Helvetica and Symbol, which every reader brings along, squeezed to the width that they take on the
 * screen;
 * bold ones have an outline. What neither font has is written as its plain letter, or as "?".
 */

import { ascii, deflated, joined } from "./bytes.js";
import { enlarged } from "./image_grid.js";

const POINT = 0.75; // of a CSS pixel
const FIRST_IMAGE = 7; // number of its object
const SHARP = 8; // readers blur small pictures when they enlarge them, so that is done here

/**
 * How wide Helvetica's letters are in thousandths of its size, from code 32 on (Adobe's metrics, Windows' Latin
 * letters).
 */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584, 350, 556, 350, 222, 556, 333, 1000, 556, 556, 333, 1000, 667, 333, 1000, 350, 611, 350, 350, 222, 222,
  333, 333, 350, 556, 1000, 333, 1000, 500, 333, 944, 350, 500, 667, 278, 333, 556, 556, 556, 556, 260, 556, 333, 737,
  370, 556, 584, 333, 737, 333, 400, 584, 333, 333, 333, 556, 537, 278, 333, 333, 365, 556, 834, 834, 834, 611, 667,
  667, 667, 667, 667, 667, 1000, 722, 667, 667, 667, 667, 278, 278, 278, 278, 722, 722, 778, 778, 778, 778, 778, 584,
  778, 722, 722, 722, 722, 667, 667, 611, 556, 556, 556, 556, 556, 556, 889, 500, 556, 556, 556, 556, 278, 278, 278,
  278, 556, 556, 556, 556, 556, 556, 556, 584, 611, 556, 556, 556, 556, 500, 556, 500,
];

/** Letters of Windows' Latin set that are not where Unicode has them: codes 128 to 159, "\0" where there is none. */
const MOVED = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";

/** Letters of Symbol: code and width. */
const SYMBOLS = {
  α: [97, 631],
  β: [98, 549],
  γ: [103, 411],
  δ: [100, 494],
  ε: [101, 439],
  θ: [113, 521],
  λ: [108, 549],
  μ: [109, 576],
  π: [112, 549],
  ρ: [114, 549],
  σ: [115, 603],
  τ: [116, 439],
  φ: [102, 521],
  χ: [99, 549],
  ω: [119, 686],
  ξ: [120, 493],
  Δ: [68, 612],
  Σ: [83, 592],
  "∑": [229, 713],
  "−": [45, 549],
  "∼": [126, 549],
  "≤": [163, 549],
  "≥": [179, 549],
  "∞": [165, 713],
  "√": [214, 549],
  "≈": [187, 549],
  "≠": [185, 549],
  "→": [174, 987],
  "←": [172, 987],
};

/**
 * @param {import("./vector_figure.js").Figure} figure
 * @param {string} [link] to what it shows; an address, so ASCII
 * @returns {Promise<Uint8Array>}
 */
export async function figurePdf({ width, height, ground, title, words, shapes }, link = "") {
  const states = new Map(); // alpha in thousandths -> name
  const images = shapes.filter((shape) => shape.kind === "image");
  const page = { kind: "rect", x: 0, y: 0, width, height, fill: ground };
  const lines = [
    `${POINT} 0 0 ${-POINT} 0 ${number(POINT * height)} cm 1 j`,
    ...[page, ...shapes].map((shape) => drawn(shape, states, images)),
  ];
  const content = await deflated(ascii(lines.join("\n")));
  const box = `[0 0 ${number(POINT * width)} ${number(POINT * height)}]`;
  const graphics = [...states]
    .map(([alpha, name]) => `/${name} << /ca ${alpha / 1000} /CA ${alpha / 1000} >>`)
    .join(" ");
  const pictures = images.map((_, i) => `/I${i} ${FIRST_IMAGE + i} 0 R`).join(" ");
  const resources = `<< /Font << /F 5 0 R /S 6 0 R >> /ExtGState << ${graphics} >> /XObject << ${pictures} >> >>`;
  return file([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox ${box} /Resources ${resources} /Contents 4 0 R >>`,
    stream("", content),
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>",
    ...(await Promise.all(images.map(imageObject))),
    `<< /Title ${unicode(title)} /Subject ${unicode(words)} /Keywords (${plainAscii(link)}) /Creator (ESVAE explorer) >>`,
  ]);
}

/** A text as it may stand between parentheses, which other programs can find in the file. */
const plainAscii = (text) => text.replace(/[^ -~]|[()\\]/g, (c) => encodeURIComponent(c).replace(/[()\\]/g, " "));

const stream = (about, content) => [
  `<< ${about}/Length ${content.length} /Filter /FlateDecode >>\nstream\n`,
  content,
  "\nendstream",
];

/** @param {Extract<import("./vector_figure.js").Shape, {kind: "image"}>} shape */
async function imageObject({ pixels }) {
  const { width, height, bytes } = enlarged({ ...pixels, channels: 3 }, SHARP);
  const about = `/Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 `;
  return stream(about, await deflated(bytes));
}

/** Objects, numbered from 1, as a file; the first is the catalogue, the last tells about it. */
function file(objects) {
  const parts = [ascii("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")];
  let length = parts[0].length;
  const add = (part) => {
    const bytes = typeof part === "string" ? ascii(part) : part;
    parts.push(bytes);
    length += bytes.length;
  };
  const places = objects.map((object, i) => {
    const at = length;
    [`${i + 1} 0 obj\n`, ...[object].flat(), "\nendobj\n"].forEach(add);
    return at;
  });
  const start = length;
  add(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`);
  for (const place of places) add(`${String(place).padStart(10, "0")} 00000 n \n`);
  add(
    `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${objects.length} 0 R >>\nstartxref\n${start}\n%%EOF\n`,
  );
  return joined(parts);
}

const number = (value) => String(Number(value.toFixed(3)));
const unicode = (text) =>
  `<feff${Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, "0")).join("")}>`;
const colour = ([r, g, b], operator) => `${[r, g, b].map((v) => number(v / 255)).join(" ")} ${operator}`;

function drawn(shape, states, images) {
  const { fill, stroke, dash = [] } = shape;
  const alpha = Math.round(1000 * (shape.alpha ?? (fill ?? stroke)[3]));
  if (!states.has(alpha)) states.set(alpha, `G${alpha}`);
  const state = `/${states.get(alpha)} gs`;
  if (shape.kind === "image") {
    const [x, width, height] = [shape.x, shape.width, shape.height].map(number);
    return `q ${state} ${width} 0 0 -${height} ${x} ${number(shape.y + shape.height)} cm /I${images.indexOf(shape)} Do Q`;
  }
  if (shape.kind === "text") return `${state} ${written(shape)}`;
  if (shape.kind === "circle" && fill) {
    // a line of no length with round ends: a tenth of a circle's text
    const [x, y] = [number(shape.x), number(shape.y)];
    return `${state} ${colour(fill, "RG")} [] 0 d 1 J ${number(2 * shape.radius)} w ${x} ${y} m ${x} ${y} l S`;
  }
  const how = fill
    ? colour(fill, "rg")
    : `${colour(stroke, "RG")} [${dash.map(number).join(" ")}] 0 d 0 J ${number(shape.thick ?? 1)} w`;
  return `${state} ${how} ${outlined(shape)} ${fill ? "f" : "S"}`;
}

function outlined(shape) {
  if (shape.kind === "rect") return `${[shape.x, shape.y, shape.width, shape.height].map(number).join(" ")} re`;
  if (shape.kind === "circle") return circle(shape);
  const line = (points) => points.map(([x, y], i) => `${number(x)} ${number(y)} ${i ? "l" : "m"}`).join(" ");
  return shape.points.map((points) => `${line(points)}${shape.closed ? " h" : ""}`).join(" ");
}

/** Four Bezier curves, which are off by less than a thousandth of the radius. */
function circle({ x, y, radius: r }) {
  const k = 0.5523 * r;
  const curve = (...values) => `${values.map(number).join(" ")} c`;
  return [
    `${number(x + r)} ${number(y)} m`,
    curve(x + r, y + k, x + k, y + r, x, y + r),
    curve(x - k, y + r, x - r, y + k, x - r, y),
    curve(x - r, y - k, x - k, y - r, x, y - r),
    curve(x + k, y - r, x + r, y - k, x + r, y),
  ].join(" ");
}

function written({ x, y, text, width, size, bold, fill, stroke, thick }) {
  const letters = [...text].map(letter);
  const natural = (size * letters.reduce((sum, { wide }) => sum + wide, 0)) / 1000;
  const runs = [];
  for (const { font, code } of letters) {
    if (runs.at(-1)?.font !== font) runs.push({ font, codes: "" });
    runs.at(-1).codes += code.toString(16).padStart(2, "0");
  }
  const squeezed = `${number(natural ? (100 * width) / natural : 100)} Tz`;
  const weight = bold && fill ? `2 Tr ${number(size / 32)} w [] 0 d ${colour(fill, "RG")}` : "0 Tr";
  const how = fill ? `${colour(fill, "rg")} BT ${weight}` : `BT 1 Tr ${number(thick)} w [] 0 d ${colour(stroke, "RG")}`;
  const shown = runs.map(({ font, codes }) => `/${font} ${number(size)} Tf <${codes}> Tj`).join(" ");
  return `${how} ${squeezed} 1 0 0 -1 ${number(x)} ${number(y)} Tm ${shown} ET`;
}

/** Font, code and width of a letter. */
function letter(sign) {
  const latin = latinCode(sign);
  if (latin) return { font: "F", code: latin, wide: WIDTHS[latin - 32] };
  if (SYMBOLS[sign]) return { font: "S", code: SYMBOLS[sign][0], wide: SYMBOLS[sign][1] };
  const code = latinCode([...sign.normalize("NFKD")][0]) || 63;
  return { font: "F", code, wide: WIDTHS[code - 32] };
}

function latinCode(sign) {
  const code = sign.codePointAt(0);
  if ((code >= 32 && code < 127) || (code >= 160 && code < 256)) return code;
  const place = sign === "\0" ? -1 : MOVED.indexOf(sign);
  return place < 0 ? 0 : 128 + place;
}
