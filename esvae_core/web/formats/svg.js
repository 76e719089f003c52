/** SVG files: a picture whose every pixel is a sharp square at any size, with its recipe; and a chart as shapes. */

import { toBase64 } from "./bytes.js";
import { encodePng } from "./png.js";
import { escaped, NAMESPACE } from "./xmp.js";

/** @param {Uint8Array} png the picture's file @param {{width: number, height: number}} size @param {string} recipe */
export function encodeSvg(png, { width, height }, recipe) {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<metadata><esvae:recipe xmlns:esvae="${NAMESPACE}">${escaped(recipe)}</esvae:recipe></metadata>` +
    `<image width="${width}" height="${height}" style="image-rendering:pixelated" href="data:image/png;base64,${toBase64(png)}"/></svg>`
  );
}

/**
 * A figure as an SVG file, which needs no style sheet.
 * @param {import("./vector_figure.js").Figure} figure
 * @param {string} [link] to what it shows
 * @returns {Promise<string>}
 */
export async function figureSvg({ width, height, ground, title, words, shapes }, link = "") {
  const elements = await Promise.all(shapes.map(element));
  const size = `width="${round(width)}" height="${round(height)}"`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${round(width)} ${round(height)}" role="img">\n` +
    `<title>${clean(title)}</title>\n<desc>${clean(words)}</desc>\n` +
    (link ? `<metadata><esvae:link xmlns:esvae="${NAMESPACE}">${clean(link)}</esvae:link></metadata>\n` : "") +
    `<rect ${size}${painted({ fill: ground })}/>\n` +
    `${elements.join("\n")}\n</svg>\n`
  );
}

const round = (value) => String(Number(value.toFixed(2)));

/** A text that XML may hold, also between quotes. */
const clean = (text) =>
  escaped(
    String(text)
      .replace(/\p{Surrogate}/gu, "\ufffd")
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, " "),
  ).replaceAll('"', "&quot;");

async function element(shape) {
  const { x, y } = shape;
  if (shape.kind === "image") {
    const png = await encodePng({ ...shape.pixels, channels: 3 });
    const place = `x="${round(x)}" y="${round(y)}" width="${round(shape.width)}" height="${round(shape.height)}"`;
    const pale = shape.alpha < 1 ? ` opacity="${round(shape.alpha)}"` : "";
    return `<image ${place}${pale} style="image-rendering:pixelated" href="data:image/png;base64,${toBase64(png)}"/>`;
  }
  const how = painted(shape);
  if (shape.kind === "rect")
    return `<rect x="${round(x)}" y="${round(y)}" width="${round(shape.width)}" height="${round(shape.height)}"${how}/>`;
  if (shape.kind === "circle") return `<circle cx="${round(x)}" cy="${round(y)}" r="${round(shape.radius)}"${how}/>`;
  if (shape.kind === "path") {
    const line = (points) =>
      `M${points.map(([px, py]) => `${round(px)} ${round(py)}`).join("L")}${shape.closed ? "Z" : ""}`;
    return `<path d="${shape.points.map(line).join("")}"${how}/>`;
  }
  const { text, width, size, family, bold } = shape;
  const weight = bold ? ' font-weight="bold"' : "";
  const fit = `textLength="${round(width)}" lengthAdjust="spacingAndGlyphs"`; // other fonts are as wide
  return `<text x="${round(x)}" y="${round(y)}" font-size="${round(size)}" font-family="${clean(family)}"${weight} ${fit}${how}>${clean(text)}</text>`;
}

/** @param {import("./vector_figure.js").Paint} paint */
function painted({ fill, stroke, thick = 1, dash }) {
  const colour = (name, [r, g, b, a]) =>
    ` ${name}="rgb(${r},${g},${b})"${a < 1 ? ` ${name}-opacity="${round(a)}"` : ""}`;
  const line = stroke ? `${colour("stroke", stroke)} stroke-width="${round(thick)}" stroke-linejoin="round"` : "";
  return `${fill ? colour("fill", fill) : ' fill="none"'}${line}${dash?.length ? ` stroke-dasharray="${dash.map(round).join(" ")}"` : ""}`;
}
