/** Items of a list that are dragged to another place, by mouse, pen or finger. */

const SLACK = 6; // px before a press becomes a drag

/**
 * @param {HTMLElement} list whose children are the items
 * @param {string} handle selector of what is taken hold of in an item
 * @param {(from: number, to: number) => void} move told when an item is let go over another one's place
 */
export function dragOrder(list, handle, move) {
  /** @type {{item: HTMLElement, x: number, y: number, to: number}|null} */
  let held = null;
  let dragged = false;

  const indexOf = (item) => [...list.children].indexOf(item);

  /** The place nearest to the pointer, of where the items lie at rest. @param {PointerEvent} event */
  function placeAt({ clientX, clientY }) {
    const far = [...list.children].map((item) => {
      const box = list.getBoundingClientRect();
      if (!(item instanceof HTMLElement)) return Infinity;
      const [x, y] = [box.left + item.offsetLeft - list.offsetLeft, box.top + item.offsetTop - list.offsetTop];
      return Math.hypot(clientX - x - item.offsetWidth / 2, clientY - y - item.offsetHeight / 2);
    });
    return far.indexOf(Math.min(...far));
  }

  function mark() {
    [...list.children].forEach((item, i) => item.classList.toggle("drop-here", dragged && held?.to === i));
    held?.item.classList.toggle("dragged", dragged);
  }

  function letGo() {
    if (!held) return;
    const { item } = held;
    item.style.transform = "";
    item.classList.remove("dragged");
    held = null;
    mark();
  }

  list.addEventListener("pointerdown", (event) => {
    const { target } = event;
    const item = target instanceof Element && target.closest(handle) ? target.closest("li") : null;
    dragged = false;
    if (item && !event.button) held = { item, x: event.clientX, y: event.clientY, to: indexOf(item) };
  });
  list.addEventListener("pointermove", (event) => {
    if (!held) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!dragged && Math.hypot(dx, dy) < SLACK) return;
    if (!dragged) held.item.setPointerCapture(event.pointerId);
    dragged = true;
    held.item.style.transform = `translate(${dx}px, ${dy}px)`;
    held.to = placeAt(event);
    mark();
  });
  list.addEventListener("pointerup", () => {
    if (!held) return;
    const [from, to] = [indexOf(held.item), held.to];
    const moved = dragged && from !== to;
    letGo();
    setTimeout(() => (dragged = false)); // after the click that ends the press
    if (moved) move(from, to);
  });
  list.addEventListener("pointercancel", letGo);
  // a drag is no click
  list.addEventListener("click", (event) => void (dragged && event.stopPropagation()), true);
}
