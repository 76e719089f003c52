/** A pad whose strokes are encoded live: rates, spikes and reconstruction follow the pen. */

import { h, icon } from "../../dom.js";
import { fromBytes, likeData, resize, toGray } from "../../math/image.js";
import { toGrid } from "../../math/rates.js";

const SIDE = 224; // px of the pad's own picture
const PENS = { mnist: 18, digits: 24 };

/** @param {Session} session */
export function drawing(session) {
  const { store, live, engine, entry } = session;
  if (!engine)
    return h("p", { class: "quiet" }, "Drawing needs the model in the page, and this browser cannot run it.");
  const canvas = h("canvas", {
    class: "pad",
    width: SIDE,
    height: SIDE,
    role: "img",
    tabindex: 0,
    "aria-label": "Drawing pad: draw with the pen, the mouse or a finger",
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const colour = h("input", { type: "color", "aria-label": "Colour of the pen" });
  colour.value = "#ffcc33";
  const width = h("input", { type: "range", min: 6, max: 48, step: 1, "aria-label": "Width of the pen" });
  width.value = PENS[entry.dataset] ?? 16;
  const clear = h("button", { type: "button", onclick: () => wipe() }, icon("erase"), "Clear");
  const gray = entry.channels === 1;
  const form = ["mnist", "digits"].includes(entry.dataset) ? "centred and scaled as the data's digits are, " : "";
  const element = h(
    "div",
    {},
    canvas,
    h("div", { class: "row" }, clear, h("label", { class: "field grow" }, "Pen", width), gray ? null : colour),
    h(
      "p",
      { class: "quiet" },
      `Your strokes are ${form}brought to ${entry.size} × ${entry.size} pixels and encoded as you draw.`,
    ),
  );
  /** @type {[number, number]|null} */
  let last = null;
  let frame = 0;
  let empty = true;

  function wipe() {
    context.fillStyle = gray ? "#000" : "#fff";
    context.fillRect(0, 0, SIDE, SIDE);
    empty = true;
  }

  /** @returns {[number, number]} */
  function spot(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  }

  function stroke(event) {
    for (const each of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      const [x, y] = spot(each);
      context.strokeStyle = gray ? "#fff" : colour.value;
      [context.lineWidth, context.lineCap, context.lineJoin] = [Number(width.value), "round", "round"];
      context.beginPath();
      const [fromX, fromY] = last ?? [x, y];
      context.moveTo(fromX, fromY);
      context.lineTo(x, y);
      context.stroke();
      last = [x, y];
    }
    empty = false;
    live.follow(event);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      hear();
    });
  }

  /** What is on the pad -> rates. */
  function hear() {
    if (empty || session.engine !== engine) return;
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    const bytes = gray ? likeData(toGray(data), SIDE, entry.dataset, entry.size) : resizedRgb(data, entry.size);
    const rates = toGrid(engine.encode(fromBytes(bytes, entry.channels)).rates);
    store.set({ source: { kind: "own", rates }, rates });
  }

  canvas.onpointerdown = (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    last = null;
    stroke(event);
  };
  canvas.onpointermove = (event) => event.buttons && last && stroke(event);
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!last) return;
    last = null;
    cancelAnimationFrame(frame);
    frame = 0;
    hear();
    store.commit("drawing");
  };
  wipe();
  element.dispose = () => cancelAnimationFrame(frame);
  return element;
}

function resizedRgb(rgba, size) {
  const rgb = Uint8Array.from({ length: (3 * rgba.length) / 4 }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]);
  return resize(rgb, [SIDE, SIDE], [size, size], 3);
}
