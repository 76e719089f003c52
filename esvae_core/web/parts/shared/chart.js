/**
 * A chart to read: axes with their units, what is there as bars or dots, what theory says as a line over them.
 *
 *     const counts = chart("Spikes in T steps");
 *     counts.draw({
 *       x: { label: "spikes", from: 0, to: 16, whole: true },
 *       y: { label: "share of the draws", from: 0, to: 0.3 },
 *       marks: [{ kind: "bars", name: "drawn", tone: "quiet", values: [[0, 0.1], [1, 0.2]] },
 *               { kind: "line", name: "Binomial(16, 0.5)", tone: "now", values: [[0, 0.1], [1, 0.19]] }],
 *       words: "What a screen reader says, with the numbers.",
 *     });
 *
 * Marks: bars, line (`dashed`), dots (`hollow`, `titles`: words of each), band ([x, low, high]), region ([from, to] of
 * x). Drawn as SVG,
 * so that it follows the theme by itself. Under the pointer, or at the arrow keys, it says
 * its values.
 */

import { h } from "../../dom.js";
import { placesOf, readingAt } from "../../math/chart_reading.js";
import { formatNumber, plotArea, ticks } from "../../math/axis.js";

const MARGIN = { left: 40, right: 8, top: 18, bottom: 34 };

export function svg(tag, properties = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) if (value !== null) element.setAttribute(name, value);
  element.append(...children.flat().filter((child) => child !== null));
  return element;
}

/**
 * A chart without content; `draw` shows some.
 * @param {string} title
 * @param {{tall?: number}} [options] height in pixels
 */
export function chart(title, { tall = 170 } = {}) {
  const picture = svg("svg", { role: "img", class: "chart-picture", height: tall, tabindex: 0 });
  const legend = h("p", { class: "legend", "aria-hidden": "true" });
  const note = h("figcaption", { class: "quiet" });
  const reader = chartReader(picture);
  const element = h("figure", { class: "chart" }, h("h3", {}, title), legend, picture, reader.spoken, note);
  /** @type {DrawnChart|null} */
  let shown = null;

  function render() {
    const wide = picture.clientWidth;
    if (!shown || !wide) return;
    const area = plotArea(shown.x, shown.y, { width: wide, height: tall }, MARGIN);
    picture.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    picture.replaceChildren(...plotted(shown, area, wide, tall), reader.reading);
    reader.read(shown, area);
  }

  /** @param {ChartDescription} described */
  function draw(described) {
    shown = { ...described, marks: described.marks.filter((mark) => mark !== null) };
    picture.setAttribute("aria-label", `${title}. ${described.words}`);
    note.textContent = described.note ?? "";
    legend.replaceChildren(...shown.marks.filter(({ name }) => name).map(legendEntry));
    render();
  }
  const sizes = new ResizeObserver(render);
  sizes.observe(picture);
  return Object.assign(element, { draw, dispose: () => sizes.disconnect() });
}

/** @typedef {ReturnType<typeof plotArea>} PlotArea */

/**
 * Grid, marks, axes and their numbers.
 * @param {DrawnChart} shown
 * @param {PlotArea} area
 */
function plotted({ x, y, marks }, area, wide, tall) {
  const { left, right, bottom, toX, toY } = area;
  const upright = ticks(y.from, y.to, 3, y.whole);
  const across = ticks(x.from, x.to, Math.max(2, Math.floor(wide / 70)), x.whole);
  return [
    ...upright.map((v) => svg("line", { class: "grid", x1: left, x2: right, y1: toY(v), y2: toY(v) })),
    ...marks.flatMap((mark) => DRAWN[mark.kind](mark, toX, toY, area)),
    svg("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom }),
    ...across.map((v) =>
      svg("text", { x: toX(v), y: bottom + 14, "text-anchor": "middle" }, x.name?.(v) ?? formatNumber(v)),
    ),
    ...upright.map((v) => svg("text", { x: left - 5, y: toY(v) + 4, "text-anchor": "end" }, formatNumber(v))),
    svg("text", { class: "unit", x: right, y: tall - 4, "text-anchor": "end" }, x.label),
    svg("text", { class: "unit", x: 0, y: 10 }, y.label),
  ];
}

/** @param {ChartMark} mark */
const legendEntry = ({ kind, tone, hollow, name }) =>
  h("span", {}, h("span", { class: `key ${kind} ${tone}${hollow ? " hollow" : ""}` }), ` ${name}`);

/** Says what is under the pointer, or where arrow keys have gone. @param {SVGElement} picture */
function chartReader(picture) {
  const reading = svg("g", { class: "reading", "aria-hidden": "true" });
  const spoken = h("span", { class: "unseen", role: "status" }); // what arrow keys have read
  /** @type {{shown: DrawnChart, area: PlotArea}|null} */
  let drawn = null;
  /** @type {{pointer: {x: number, y: number}|null, key: number|null}} */
  const at = { pointer: null, key: null };

  /** In the place of the upright axis' label. */
  function say() {
    if (!drawn) return;
    const { shown, area } = drawn;
    const { toX, toY, top, bottom } = area;
    const place = at.pointer ?? (at.key === null ? null : { x: toX(at.key), y: Infinity });
    const found = readingAt(shown, place, toX, toY);
    picture.toggleAttribute("data-read", Boolean(found));
    if (!found) return reading.replaceChildren();
    reading.replaceChildren(
      svg("line", { x1: toX(found.x), x2: toX(found.x), y1: top, y2: bottom }),
      ...found.points.map(([x, y]) => svg("circle", { cx: toX(x), cy: toY(y), r: 3.5 })),
      svg("text", { x: 0, y: 10 }, found.words),
    );
  }

  picture.onpointermove = picture.onpointerdown = (event) => {
    const box = picture.getBoundingClientRect();
    at.pointer = { x: event.clientX - box.left, y: event.clientY - box.top };
    say();
  };
  picture.onpointerleave = () => {
    at.pointer = null;
    say();
  };
  picture.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const places = step && drawn ? placesOf(drawn.shown) : [];
    if (!places.length) return;
    event.preventDefault();
    const next = at.key === null ? (step > 0 ? 0 : places.length - 1) : places.indexOf(at.key) + step;
    at.key = places[Math.min(places.length - 1, Math.max(0, next))];
    say();
    spoken.textContent = reading.textContent;
  };
  picture.onblur = () => {
    at.key = null;
    spoken.textContent = "";
    say();
  };
  return {
    reading,
    spoken,
    /** Read from this from now on. @param {DrawnChart} shown @param {PlotArea} area */
    read(shown, area) {
      drawn = { shown, area };
      say();
    },
  };
}

const path = (values, toX, toY) =>
  values.map(([x, y], i) => `${i ? "L" : "M"}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join("");

/**
 * How each kind of mark is drawn.
 * @type {Record<ChartMark["kind"], (mark: ChartMark, toX: (v: number) => number, toY: (v: number) => number,
 *   box: {left: number, right: number, top: number, bottom: number}) => SVGElement[]>}
 */
const DRAWN = {
  bars: ({ values, tone, width = 0.8 }, toX, toY) =>
    values
      .filter(([, y]) => y > 0)
      .map(([x, y]) => {
        const [a, b] = [toX(x - width / 2), toX(x + width / 2)];
        return svg("rect", {
          class: `bars ${tone}`,
          x: a.toFixed(1),
          width: Math.max(1, b - a).toFixed(1),
          y: toY(y).toFixed(1),
          height: Math.max(0, toY(0) - toY(y)).toFixed(1),
        });
      }),
  line: ({ values, tone, dashed }, toX, toY) => [
    svg("path", { class: `line ${tone}`, d: path(values, toX, toY), "stroke-dasharray": dashed ? "4 3" : null }),
  ],
  dots: ({ values, tone, hollow, size = 3 }, toX, toY) =>
    values.map(([x, y]) =>
      svg("circle", {
        class: `dots ${tone}${hollow ? " hollow" : ""}`,
        cx: toX(x).toFixed(1),
        cy: toY(y).toFixed(1),
        r: size,
      }),
    ),
  band: ({ values, tone }, toX, toY, { top, bottom }) => {
    const there = values.map(([x, , high]) => [x, high]);
    const back = values.map(([x, low]) => [x, low]).reverse();
    const inside = (v) => Math.min(bottom, Math.max(top, toY(v))); // a wide band ends where the axis does
    return [svg("path", { class: `band ${tone}`, d: `${path([...there, ...back], toX, inside)}Z` })];
  },
  region: ({ values: [from, to], tone }, toX, _, { top, bottom }) => [
    svg("rect", {
      class: `band ${tone}`,
      x: toX(from),
      width: Math.max(0, toX(to) - toX(from)),
      y: top,
      height: bottom - top,
    }),
  ],
};
