/** Items of a list that are dragged to another place, by mouse, pen or finger. */

import { nearestPlace, OrderDrag } from "./order_drag.js";

/**
 * @param {HTMLElement} list whose children are the items
 * @param {string} handle selector of what is taken hold of in an item
 * @param {(from: number, to: number) => void} move called when an item is let go over another one's place
 */
export function dragOrder(list, handle, move) {
  const drag = new OrderDrag();
  /** @type {HTMLElement|null} */
  let held = null;

  function mark() {
    const to = held && drag.dragging ? drag.to : -1;
    [...list.children].forEach((item, i) => item.classList.toggle("drop-here", i === to));
    held?.classList.toggle("dragged", drag.dragging);
  }

  function letGo() {
    if (!held) return;
    held.style.transform = "";
    held.classList.remove("dragged");
    held = null;
    mark();
  }

  list.addEventListener("pointerdown", (event) => {
    const { target } = event;
    drag.cancel();
    const item = target instanceof Element && target.closest(handle) ? target.closest("li") : null;
    if (!item || event.button) return;
    held = item;
    drag.press([...list.children].indexOf(item), event.clientX, event.clientY);
  });
  list.addEventListener("pointermove", (event) => {
    const { clientX: x, clientY: y } = event;
    const before = drag.dragging;
    if (!held || !drag.move(x, y, () => nearestPlace(x, y, centresOf(list)))) return;
    if (!before) held.setPointerCapture(event.pointerId);
    const [dx, dy] = drag.by;
    held.style.transform = `translate(${dx}px, ${dy}px)`;
    mark();
  });
  list.addEventListener("pointerup", () => {
    if (!held) return;
    const moved = drag.release();
    letGo();
    setTimeout(() => drag.cancel()); // after the click that ends the press
    if (moved) move(moved.from, moved.to);
  });
  list.addEventListener("pointercancel", () => {
    drag.cancel();
    letGo();
  });
  // a drag is no click
  list.addEventListener("click", (event) => void (drag.dragging && event.stopPropagation()), true);
}

/** Where the items' centres lie at rest, on the screen. @param {HTMLElement} list @returns {[number, number][]} */
function centresOf(list) {
  const box = list.getBoundingClientRect();
  return [...list.children].map((item) => {
    if (!(item instanceof HTMLElement)) return [Infinity, Infinity];
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = item;
    return [
      box.left + offsetLeft - list.offsetLeft + offsetWidth / 2,
      box.top + offsetTop - list.offsetTop + offsetHeight / 2,
    ];
  });
}
