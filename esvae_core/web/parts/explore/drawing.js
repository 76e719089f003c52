/** A pad whose strokes are encoded live: rates, spikes and reconstruction follow the pen. */

import { h, icon } from "../../dom.js";
import { fromBytes, lightness, likeData, resize, toGray } from "../../math/image.js";
import { toGrid } from "../../math/rates.js";
import { keepOwn, ownImage } from "../shared/own_images.js";

const SIDE = 224; // px of the pad's own picture
const PENS = { mnist: 18, digits: 24 };

/** @param {Session} session */
export function drawing(session) {
  const { store, live, engine, entry, atlas } = session;
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
  const gray = entry.channels === 1;
  const ground = atlas?.ground() ?? (gray ? [0] : [255, 255, 255]);
  const ink = lightness(ground) < 128 ? "#fff" : "#000"; // of a gray drawing
  const width = h("input", { type: "range", min: 6, max: 48, step: 1, "aria-label": "Width of the pen" });
  width.value = PENS[entry.dataset] ?? 16;
  const clear = h("button", { type: "button", onclick: () => clearPad() }, icon("erase"), "Clear");
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
  let gone = false;
  let waiting = false; // strokes, for the encoder
  /** Of what the pad shows the drawing. @type {Source|null} */
  let drawn = null;

  function wipe() {
    const [r, g = r, b = r] = ground;
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(0, 0, SIDE, SIDE);
  }

  /** An empty pad, and what the model makes of it. */
  function clearPad() {
    wipe();
    if (!ownImage(session, store.state.source)?.pad) return; // it was empty, and the source is another
    encodePad();
    store.commit("clear the pad");
  }

  /** The drawing that the rates are of, as undo and redo come to it; an empty pad where they are of none. */
  function show({ source, model }) {
    if (last || source === drawn || model !== entry.name) return; // `last`: in the middle of a stroke
    drawn = source;
    const pad = ownImage(session, source)?.pad;
    if (pad) context.putImageData(pad, 0, 0);
    else wipe();
  }

  /** @returns {[number, number]} */
  function spot(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  }

  function stroke(event) {
    for (const each of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      const [x, y] = spot(each);
      context.strokeStyle = gray ? ink : colour.value;
      [context.lineWidth, context.lineCap, context.lineJoin] = [Number(width.value), "round", "round"];
      context.beginPath();
      const [fromX, fromY] = last ?? [x, y];
      context.moveTo(fromX, fromY);
      context.lineTo(x, y);
      context.stroke();
      last = [x, y];
    }
    live.follow(event);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      encodePad(false);
    });
  }

  /** What is on the pad -> rates; the pad is kept for undo and redo when the stroke is over. */
  function encodePad(over = true) {
    if (session.engine !== engine) return;
    waiting = !engine.has("encoder");
    if (waiting) return;
    const pad = context.getImageData(0, 0, SIDE, SIDE);
    const bytes = gray ? likeData(toGray(pad.data), SIDE, entry.dataset, entry.size) : resizedRgb(pad.data, entry.size);
    const rates = toGrid(engine.encode(fromBytes(bytes, entry.channels)).rates);
    if (over) keepOwn(session, rates, { bytes, name: "a drawing", pad });
    store.set({ source: { kind: "own", rates }, rates });
  }

  async function fetchEncoder() {
    try {
      await session.need("encoder");
    } catch (error) {
      return session.say(`Drawing is not possible: ${error.message}.`, "warning");
    }
    if (!waiting || gone) return;
    encodePad(!last);
    if (!last) store.commit("drawing");
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
    cancelAnimationFrame(frame);
    frame = 0;
    encodePad();
    last = null;
    store.commit("drawing");
  };
  const unfollow = store.on("state", show);
  show(store.state);
  fetchEncoder();
  element.dispose = () => {
    gone = true;
    cancelAnimationFrame(frame);
    unfollow();
  };
  return element;
}

function resizedRgb(rgba, size) {
  const rgb = Uint8Array.from({ length: (3 * rgba.length) / 4 }, (_, i) => rgba[4 * Math.floor(i / 3) + (i % 3)]);
  return resize(rgb, [SIDE, SIDE], [size, size], 3);
}
