/** Small helpers for elements; all there is between the views and the DOM. */

/**
 * An element: h("button", { class: "quiet", onclick: undo, "aria-label": "Undo" }, icon("undo"), " Undo").
 * Properties that are functions, `value`, `checked`, `disabled` and `hidden` are set on the element, all others are
 * attributes; null and false are left out. Children: elements, texts, null, and arrays of them.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function" || ["value", "checked", "disabled", "hidden"].includes(name)) {
      Reflect.set(element, name, value);
    } else if (value !== null && value !== false && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...nodesOf(children));
  return element;
}

/** @param {Child[]} children @returns {(Node|string)[]} */
function nodesOf(children) {
  return children.flatMap((child) => {
    if (Array.isArray(child)) return nodesOf(child);
    if (child === null || child === undefined || child === false) return [];
    return [child instanceof Node ? child : String(child)];
  });
}

const PATHS = {
  undo: "M4 8h9a5 5 0 0 1 0 10H8M4 8l4-4M4 8l4 4",
  redo: "M18 8H9a5 5 0 0 0 0 10h5M18 8l-4-4M18 8l-4 4",
  reset: "M5 5v5h5M5.5 10a7 7 0 1 1-.6 4",
  dice: "M4 4h14v14H4zM8 8v.01M14 8v.01M11 11v.01M8 14v.01M14 14v.01",
  link: "M9 13l4-4M8 8l2-2a4 4 0 0 1 6 6l-2 2M14 14l-2 2a4 4 0 0 1-6-6l2-2",
  export: "M11 3v11M7 10l4 4 4-4M4 18h14",
  play: "M7 4l11 7-11 7z",
  pause: "M7 4v14M15 4v14",
  history: "M4 11a7 7 0 1 1 2 5M4 11V6M4 11h5M11 8v4l3 2",
  camera: "M3 7h4l2-3h4l2 3h4v11H3zM11 9a3 3 0 1 0 .01 0",
  erase: "M4 14l8-9 6 6-6 7H8zM8 18h10",
  lock: "M6 10h10v8H6zM8 10V7a3 3 0 0 1 6 0v3",
  close: "M5 5l12 12M17 5L5 17",
  lasso: "M11 4c5 0 8 2.4 8 5s-3 5-8 5-8-2.4-8-5 3-5 8-5M7 13.5c-2 1-2 3.500 0 3.500s2.500 2 1 3",
  help: "M11 2a9 9 0 1 0 .01 0M8.300 8.600a2.700 2.700 0 1 1 3.900 2.400c-.9.5-1.200 1-1.200 1.800M11 15.700v.01",
  copy: "M8 8h10v10H8zM14 8V4H4v10h4",
  present: "M3 4h16v10H3zM11 14v4M7 18h8",
  star: "M11 3l2.500 5.200 5.500.7-4 3.900 1 5.700-5-2.800-5 2.800 1-5.700-4-3.900 5.500-.7z",
  tray: "M3 12h4l1.500 2.500h5L15 12h4M3 12v6h16v-6L16 5H6z",
  sound: "M4 9v4h3l4 3V6L7 9zM14 8.500a4 4 0 0 1 0 5M16.500 6a7.500 7.500 0 0 1 0 10",
  pin: "M8 3h6l-1 6 3 3H6l3-3zM11 12v7",
};

/** A line drawing of 22 x 22, in the colour of the text; it says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 22 22");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/**
 * A row of buttons of which one is chosen.
 * @param {string} label
 * @param {[value: string, label: string, help?: string][]} choices
 * @param {string} chosen
 * @param {(value: string) => void} onchange
 */
export function choice(label, choices, chosen, onchange) {
  const buttons = choices.map(([value, text, help]) =>
    h(
      "button",
      { type: "button", title: help, "aria-pressed": String(value === chosen), onclick: () => onchange(value) },
      text,
    ),
  );
  return Object.assign(h("div", { class: "choice", role: "group", "aria-label": label }, buttons), {
    /** Show another one as chosen, without calling `onchange`. @param {string} value */
    choose: (value) => choices.forEach(([each], i) => buttons[i].setAttribute("aria-pressed", String(each === value))),
  });
}

/** A canvas of that many pixels which the style sheet may enlarge, every pixel a square; without a label it is no image yet. */
export function pixels(width, height, label, className = "") {
  return describe(h("canvas", { width, height, class: `pixels ${className}` }), label);
}

/** Say what a canvas shows; to assistive technology it is an image from then on. @param {string} label */
export function describe(canvas, label) {
  canvas.setAttribute("role", label ? "img" : "presentation");
  if (label) canvas.setAttribute("aria-label", label);
  return canvas;
}

/**
 * What draws on a canvas.
 * @overload
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 * @returns {CanvasRenderingContext2D}
 * @throws {Error} the browser has no more memory for canvases
 */
/**
 * @overload
 * @param {OffscreenCanvas} canvas
 * @returns {OffscreenCanvasRenderingContext2D}
 */
/**
 * @param {HTMLCanvasElement|OffscreenCanvas} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function contextOf(canvas, settings) {
  const context = canvas.getContext("2d", settings);
  if (!context) throw new Error("canvas: no 2D context");
  return context;
}

/**
 * Fit a canvas' resolution to its size on the screen; gives the context, scaled to CSS pixels, and that size.
 * @param {HTMLCanvasElement} canvas
 */
export function sharp(canvas) {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [w, hgt] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== hgt) [canvas.width, canvas.height] = [w, hgt];
  const context = contextOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return { context, width, height };
}

/** The style sheet's colours as canvases need them. @param {Element} element @returns {Palette} */
export function palette(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"),
    now: read("now"),
    was: read("was"),
    quiet: read("quiet"),
    ground: read("ground"),
    line: read("line"),
  };
}

/** A canvas' font in the page's own letters. @param {string} size as in "11px" or "650 14px" */
export const lettering = (canvas, size) => `${size} ${getComputedStyle(canvas).fontFamily}`;

/** Calls `redraw` when the element's size or the theme changes. @returns {() => void} stop */
export function onLook(element, redraw) {
  const sizes = new ResizeObserver(() => redraw());
  sizes.observe(element);
  const theme = new MutationObserver(() => requestAnimationFrame(() => redraw()));
  theme.observe(document.documentElement, { attributes: true, subtree: false });
  theme.observe(document.body, { attributes: true, subtree: false });
  return () => {
    sizes.disconnect();
    theme.disconnect();
  };
}

/** What has the focus in an element's document or shadow root. @param {Element} element @returns {Element|null} */
export function focusedBeside(element) {
  const root = element.getRootNode();
  return root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
}

/** Whether the visitor asked for less motion. */
export const prefersReducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
