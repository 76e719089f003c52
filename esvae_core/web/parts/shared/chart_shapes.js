/**
 * A chart on the page as a figure: what its elements, SVG shapes and canvases show, with the colours and sizes that
 * they
 * have here. A canvas brings `vector(context, width, height)`, which draws it anew; one of class `pixels` is a picture.
 * Controls are left out.
 */

import { contextOf, palette } from "../../dom.js";
import { msg } from "../../messages.js";
import { boxOf, isBold, translated, canvasPixels, Recorder } from "../../formats/vector_figure.js";

const LEFT_OUT =
  "button:not(.chip, .picked), select, input, label, progress, details, .choice, .reading, .unseen, title";
const MARGIN = 10; // pixels around all
const SLICES = 32; // of a ramp of colours

/**
 * @param {HTMLElement} root of the chart
 * @param {string} title
 * @returns {import("../../formats/vector_figure.js").Figure}
 */
export function figureOf(root, title) {
  const colour = reader(root);
  const origin = root.getBoundingClientRect();
  const shapes = [];
  const ground = colour(palette(root).ground);
  for (const child of root.matches("canvas") ? [root] : root.childNodes)
    seen(child, 1, { origin, colour, ground, shapes });
  if (!shapes.length) throw new Error(msg`there is nothing in this chart`);
  const box = boxOf(shapes);
  const words = [root, ...root.querySelectorAll("[aria-label]")];
  return {
    width: box.right - box.left + 2 * MARGIN,
    height: box.bottom - box.top + 2 * MARGIN,
    ground,
    title,
    words: words
      .filter((each) => each.matches("svg, canvas, [role=img]"))
      .map((each) => each.getAttribute("aria-label"))
      .filter(Boolean)
      .join(" "),
    shapes: translated(shapes, MARGIN - box.left, MARGIN - box.top),
  };
}

/** Write down what one node and all below it show. */
function seen(node, opacity, to) {
  if (node.nodeType === Node.TEXT_NODE) return write(node, opacity, to);
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches(LEFT_OUT)) return;
  const style = getComputedStyle(node);
  if (style.display === "none" || style.visibility === "hidden") return;
  const here = opacity * Number(style.opacity);
  if (node instanceof SVGElement) to.shapes.push(...drawn(node, style, here, to));
  else to.shapes.push(...boxed(node, style, here, to));
  if (node.matches("canvas")) return to.shapes.push(...painted(node, here, to));
  for (const child of node.childNodes) seen(child, here, to);
}

/** @returns {import("../../formats/vector_figure.js").Colour} */
const faded = ([r, g, b, a], opacity) => [r, g, b, a * opacity];
const placeOf = (element, { origin }) => {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left - origin.left, y: top - origin.top, width, height };
};

/** A text, line by line. */
function write(node, opacity, { origin, colour, shapes }) {
  const style = getComputedStyle(node.parentElement);
  const svg = node.parentElement instanceof SVGElement;
  const fill = faded(colour(svg ? style.fill : style.color), opacity);
  const size = parseFloat(style.fontSize);
  const { ascent, descent } = metrics(style);
  for (const { text, left, top, width, height } of linesOf(node)) {
    const y = top - origin.top + (height - ascent - descent) / 2 + ascent;
    shapes.push({
      kind: "text",
      x: left - origin.left,
      y,
      text,
      width,
      size,
      family: style.fontFamily,
      bold: isBold(style.fontWeight),
      fill,
    });
  }
}

/** Words that stand beside each other, and where. */
function linesOf(node) {
  const range = document.createRange();
  const lines = [];
  for (const word of node.data.matchAll(/\S+/g)) {
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    const { left, right, top, height } = range.getBoundingClientRect();
    const line = lines.at(-1);
    if (line && Math.abs(line.top - top) < 2)
      Object.assign(line, { text: `${line.text} ${word[0]}`, width: right - line.left });
    else if (right > left) lines.push({ text: word[0], left, top, width: right - left, height });
  }
  return lines;
}

const pen = (font) => Object.assign(contextOf(document.createElement("canvas")), { font });
const fontOf = (style) => `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;

function metrics(style) {
  const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = pen(fontOf(style)).measureText("x");
  return { ascent, descent };
}

/** An SVG shape of `chart.js`: its coordinates are pixels of its picture. */
function drawn(element, style, opacity, to) {
  const number = (name) => Number(element.getAttribute(name));
  const picture = element.ownerSVGElement ?? element;
  const { x, y } = placeOf(picture, to);
  const outlines = {
    rect: () => ({ kind: "rect", x: number("x"), y: number("y"), width: number("width"), height: number("height") }),
    circle: () => ({ kind: "circle", x: number("cx"), y: number("cy"), radius: number("r") }),
    line: () => ({
      kind: "path",
      points: [
        [
          [number("x1"), number("y1")],
          [number("x2"), number("y2")],
        ],
      ],
      closed: false,
    }),
    path: () => pathOf(element.getAttribute("d")),
  };
  const outline = outlines[element.tagName]?.();
  if (!outline || outline.points?.length === 0) return [];
  const dash = style.strokeDasharray === "none" ? {} : { dash: style.strokeDasharray.split(/[ ,]+/).map(parseFloat) };
  const [shape] = translated([outline], x, y);
  const parts = [];
  if (style.fill !== "none" && element.tagName !== "line")
    parts.push({ ...shape, fill: faded(to.colour(style.fill), opacity) });
  if (style.stroke !== "none")
    parts.push({
      ...shape,
      stroke: faded(to.colour(style.stroke), opacity),
      thick: parseFloat(style.strokeWidth),
      ...dash,
    });
  return parts;
}

/** Lines of "M0 0L1 1...Z". */
function pathOf(d) {
  const points = (d ?? "")
    .split("M")
    .slice(1)
    .map((line) =>
      line
        .replace("Z", "")
        .split("L")
        .map((point) => point.trim().split(/[ ,]+/).map(Number)),
    );
  return { kind: "path", points, closed: /Z/.test(d ?? "") };
}

function painted(canvas, opacity, to) {
  const { x, y, width, height } = placeOf(canvas, to);
  if (canvas.vector) {
    const recorder = new Recorder(to.colour, (text, font) => pen(font).measureText(text).width);
    canvas.vector(recorder, canvas.clientWidth, canvas.clientHeight);
    /** @param {import("../../formats/vector_figure.js").Shape} shape */
    const pale = ({ ...shape }) => {
      if (shape.fill) shape.fill = faded(shape.fill, opacity);
      if (shape.stroke) shape.stroke = faded(shape.stroke, opacity);
      return shape;
    };
    return translated(recorder.shapes.map(pale), x + canvas.clientLeft, y + canvas.clientTop);
  }
  if (!canvas.matches(".pixels") || !width) return [];
  return [{ kind: "image", x, y, width, height, pixels: canvasPixels(canvas), alpha: opacity }];
}

/** An element's ground, ramp of colours, and border. */
function boxed(element, style, opacity, to) {
  const box = placeOf(element, to);
  const shapes = [];
  if (!box.width || !box.height) return shapes;
  const round =
    parseFloat(style.borderTopLeftRadius) >=
    (style.borderTopLeftRadius.endsWith("%") ? 50 : Math.min(box.width, box.height) / 2 - 0.5);
  const disc = round && Math.abs(box.width - box.height) < 0.5;
  const outline = disc
    ? { kind: "circle", x: box.x + box.width / 2, y: box.y + box.height / 2, radius: box.width / 2 }
    : { kind: "rect", ...box };
  const fill = faded(to.colour(style.backgroundColor), opacity);
  if (fill[3]) shapes.push({ ...outline, fill });
  shapes.push(...ramp(style.backgroundImage, box, opacity, to));
  const thick = parseFloat(style.borderTopWidth);
  if (thick && style.borderTopStyle === "solid" && parseFloat(style.borderLeftWidth)) {
    const by = thick / 2;
    const inner =
      outline.radius !== undefined
        ? { ...outline, radius: outline.radius - by }
        : { kind: "rect", x: box.x + by, y: box.y + by, width: box.width - thick, height: box.height - thick };
    const stroke = faded(to.colour(style.borderTopColor), opacity);
    if (stroke[3]) shapes.push({ ...inner, stroke, thick });
  }
  return shapes;
}

/** A gradient from left to right, in slices that overlap, since a reader may show seams; so they hide what is below. */
function ramp(image, { x, y, width, height }, opacity, { colour, ground }) {
  if (!/^linear-gradient\((to right|90deg),/.test(image)) return [];
  const stops = image.match(/(rgba?|color)\([^()]*\)/g).map(colour);
  return Array.from({ length: SLICES }, (_, k) => {
    const at = (k / (SLICES - 1)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const [t, from, to] = [at - low, stops[low], stops[low + 1]];
    const below = 1 - opacity * (from[3] * (1 - t) + to[3] * t);
    const mixed = [0, 1, 2].map((c) =>
      Math.round(opacity * (from[c] * from[3] * (1 - t) + to[c] * to[3] * t) + ground[c] * below),
    );
    const overlap = k < SLICES - 1 ? 0.5 : 0;
    return {
      kind: "rect",
      x: x + (k * width) / SLICES,
      y,
      width: width / SLICES + overlap,
      height,
      fill: [...mixed, 1],
    };
  });
}

/**
 * Reads CSS colours as the root's style sheets mean them.
 * @returns {(css: string) => import("../../formats/vector_figure.js").Colour}
 */
function reader(root) {
  const probe = Object.assign(document.createElement("i"), { hidden: true });
  const known = new Map();
  return (css) => {
    if (!known.has(css)) {
      root.append(probe);
      probe.style.color = "";
      probe.style.color = css;
      known.set(css, bytesOf(getComputedStyle(probe).color));
      probe.remove();
    }
    return known.get(css);
  };
}

/** "rgb(1, 2, 3)", "rgba(1, 2, 3, 0.5)" and "color(srgb 0.1 0.2 0.3 / 0.5)": all that browsers make of our colours. */
function bytesOf(computed) {
  const [, form, body] = /^(rgba?|color)\((?:srgb )?([^()]*)\)$/.exec(computed) ?? [];
  if (!form) throw new Error(msg`the colour ${computed} is not understood`);
  const [r, g, b, a = 1] = (body.match(/[\d.e-]+/g) ?? []).map(Number);
  const bytes = form === "color" ? [r, g, b].map((v) => Math.round(255 * v)) : [r, g, b];
  return [...bytes, a];
}
