/** A pad whose strokes are encoded live: rates, spikes and reconstruction follow the pen. */

import { h, icon } from "../../dom.js";
import { has } from "../../having.js";
import { msg } from "../../messages.js";
import { fromBytes, lightness } from "../../math/image.js";
import { toGrid } from "../../math/rates.js";
import { keepOwn, ownImage } from "../shared/own_images.js";
import { DrawingPad, drawnBytes } from "./drawing_pad.js";

const PENS = { mnist: 18, digits: 24 };

/** @param {Session} session */
export function drawing(session) {
  if (!has(session, "engine"))
    return h("p", { class: "quiet" }, msg`Drawing needs the model in the page, and this browser cannot run it.`);
  const { store, live, engine, entry, atlas } = session;
  const gray = entry.channels === 1;
  const ground = atlas?.ground() ?? (gray ? [0] : [255, 255, 255]);
  const ink = lightness(ground) < 128 ? "#fff" : "#000"; // of a gray drawing
  const pad = new DrawingPad(ground);
  const { element, colour, width } = elementsOf(entry, pad.canvas, clear);
  let frame = 0;
  let gone = false;
  let waiting = false; // strokes, for the encoder
  /** Of what the pad shows the drawing. @type {Source|null} */
  let drawn = null;

  /** An empty pad, and what the model makes of it. */
  function clear() {
    pad.show();
    if (!ownImage(session, store.state.source)?.pad) return; // it was empty, and the source is another
    encode();
    store.commit(msg`clear the pad`);
  }

  /** The drawing that the rates are of, as undo and redo come to it; an empty pad where they are of none. */
  function show({ source, model }) {
    if (pad.drawing || source === drawn || model !== entry.name) return;
    drawn = source;
    pad.show(ownImage(session, source)?.pad);
  }

  /** @param {PointerEvent} event */
  function stroke(event) {
    pad.draw(event, gray ? ink : colour.value, Number(width.value));
    live.follow(event);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      encode(false);
    });
  }

  /** What is on the pad -> rates; the pad is kept for undo and redo when the stroke is over. */
  function encode(over = true) {
    if (session.engine !== engine) return;
    waiting = !engine.has("encoder");
    if (waiting) return;
    const content = pad.read();
    const bytes = drawnBytes(content.data, entry);
    const rates = toGrid(engine.encode(fromBytes(bytes, entry.channels)).rates);
    if (over) keepOwn(session, rates, { bytes, name: "a drawing", pad: content });
    drawn = { kind: "own", rates };
    store.set({ source: drawn, rates });
  }

  async function fetchEncoder() {
    try {
      await session.need("encoder");
    } catch (error) {
      return session.say(msg`Drawing is not possible: ${error.message}.`, "warning");
    }
    if (!waiting || gone) return;
    encode(!pad.drawing);
    if (!pad.drawing) store.commit(msg`drawing`);
  }

  followPen(pad, stroke, () => {
    cancelAnimationFrame(frame);
    frame = 0;
    encode();
    pad.lift();
    store.commit(msg`drawing`);
  });
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

/** @param {ModelEntry} entry @param {HTMLCanvasElement} canvas @param {() => void} onclear */
function elementsOf({ channels, dataset, size }, canvas, onclear) {
  const colour = h("input", { type: "color", "aria-label": msg`Colour of the pen` });
  colour.value = "#ffcc33";
  const width = h("input", { type: "range", min: 6, max: 48, step: 1, "aria-label": msg`Width of the pen` });
  width.value = PENS[dataset] ?? 16;
  const clear = h("button", { type: "button", onclick: onclear }, icon("erase"), msg`Clear`);
  const form = ["mnist", "digits"].includes(dataset) ? msg`centred and scaled as the data's digits are, ` : "";
  const words = msg`Your strokes are ${form}brought to ${size} × ${size} pixels and encoded as you draw.`;
  const pen = h("label", { class: "field grow" }, msg`Pen`, width);
  const row = h("div", { class: "row" }, clear, pen, channels === 1 ? null : colour);
  return { element: h("div", {}, canvas, row, h("p", { class: "quiet" }, words)), colour, width };
}

/**
 * @param {DrawingPad} pad
 * @param {(event: PointerEvent) => void} onstroke called while the pen is down
 * @param {() => void} onend called when a stroke is over, before the pen counts as lifted
 */
function followPen(pad, onstroke, onend) {
  const { canvas } = pad;
  canvas.onpointerdown = (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    pad.lift();
    onstroke(event);
  };
  canvas.onpointermove = (event) => event.buttons && pad.drawing && onstroke(event);
  canvas.onpointerup = canvas.onpointercancel = () => pad.drawing && onend();
}
