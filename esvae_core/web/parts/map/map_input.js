/** Pointers, wheel and keys of the page, for a map. */

import { MapGesture, mapKey, wheelZoom } from "./map_gestures.js";

const HOLD = 350; // ms after which a finger that rests looks around instead of moving the map

/** @param {import("./canvas.js").MapView} view */
export function listen(view) {
  const { over } = view;
  const gesture = new MapGesture();
  listenToPointers(view, gesture);
  over.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      view.zoom(wheelZoom(event), ...view.spot(event));
    },
    { passive: false },
  );
  over.ondblclick = () => view.showAll();
  over.onkeydown = (event) => {
    const asked = mapKey(event);
    if (!asked || (asked.kind === "take" && view.now.key < 0)) return;
    if (asked.kind === "lasso" || asked.kind === "escape") gesture.dropLasso();
    view.press(asked);
    event.preventDefault();
  };
  over.onblur = () => view.leaveKeys();
}

/** @param {import("./canvas.js").MapView} view @param {MapGesture} gesture */
function listenToPointers(view, gesture) {
  const { over, model } = view;
  /** The newest place without a gesture, looked at on the next frame. @type {import("./map_gestures.js").Spot|null} */
  let waiting = null;

  over.onpointerdown = (event) => {
    over.setPointerCapture(event.pointerId);
    const held = { lassoing: model.lassoing, shift: event.shiftKey };
    const look = gesture.press(event.pointerId, view.spot(event), held);
    if (look && event.pointerType === "touch") setTimeout(() => view.act(look()), HOLD);
  };
  over.onpointermove = (event) => {
    const at = view.spot(event);
    if (gesture.active) return view.act(gesture.move(event.pointerId, at));
    if (!waiting) {
      requestAnimationFrame(() => {
        if (waiting && !gesture.active) view.hover(waiting);
        waiting = null;
      });
    }
    waiting = at;
  };
  over.onpointerup = (event) => view.release(gesture.release(event.pointerId, view.spot(event)));
  over.onpointercancel = (event) => {
    gesture.cancel(event.pointerId);
    view.release(null);
  };
  over.onpointerleave = (event) => {
    waiting = null;
    if (event.pointerType !== "touch") view.leave(); // what a finger has shown stays
  };
  over.oncontextmenu = (event) => {
    if (gesture.pressed) event.preventDefault(); // a finger that is held down
  };
}
