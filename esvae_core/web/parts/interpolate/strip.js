/** A film strip: pictures in a row, and under each how far it has moved and how many real images are near. */

import { describe, h, pixels } from "../../dom.js";
import { change } from "../../math/interpolation.js";
import { counted } from "../../math/axis.js";
import { within } from "../../math/neighbours.js";
import { paint } from "../shared/paint.js";

/** @param {Session} session */
export function strip(session, { onpick }) {
  const { entry, atlas } = session;
  const row = h("ol", { class: "strip" });
  const words = h("p", { class: "quiet" });
  const labels = h(
    "div",
    { class: "strip-labels", "aria-hidden": "true" },
    h("span", {}, "change"),
    h("span", {}, atlas ? "real images nearby" : ""),
  );
  const element = h("section", { "data-figure": "Path" }, h("div", { class: "strip-place" }, labels, row), words);
  let cells = [];

  function build(count) {
    cells = Array.from({ length: count }, (_, k) => {
      const canvas = pixels(entry.size, entry.size, "", "thumb");
      const speed = h("i", { class: "speed" });
      const near = h("span", {});
      const button = h("button", { type: "button", class: "picked", onclick: () => onpick(k) }, canvas);
      return {
        canvas,
        speed,
        near,
        button,
        item: h("li", {}, button, h("div", { class: "speed-track" }, speed), near),
      };
    });
    row.replaceChildren(...cells.map((cell) => cell.item));
    row.style.setProperty("--count", String(count));
  }

  /** Images that are not there yet are null. @param {{rates: Float32Array, image: Float32Array|null}[]} frames */
  function show(frames) {
    if (cells.length !== frames.length) build(frames.length);
    const own = atlas?.ownDistances();
    const radius = own?.[Math.floor(0.9 * (own.length - 1))];
    const steps = frames.map(({ image }, k) =>
      k && image && frames[k - 1].image ? change(image, frames[k - 1].image) : 0,
    );
    const most = Math.max(...steps, 1e-9);
    if (frames.every(({ image }) => image)) row.dataset.there = String(frames.length);
    else delete row.dataset.there;
    let alone = 0;
    frames.forEach(({ rates, image }, k) => {
      const { canvas, speed, near, button } = cells[k];
      if (image) paint(canvas, image, entry.channels);
      speed.style.width = `${(100 * steps[k]) / most}%`;
      const count = atlas ? within(rates, atlas.counts, atlas.steps, radius) : null;
      near.textContent = count === null ? "" : String(count);
      near.classList.toggle("alone", count === 0);
      if (count === 0) alone++;
      const said = `Frame ${k + 1} of ${frames.length}: change ${steps[k].toFixed(2)} per pixel${count === null ? "" : `, ${count} of ${atlas.count} test images near`}`;
      describe(canvas, said);
      button.title = said;
    });
    const leaves = alone
      ? ` On ${alone} of ${counted(frames.length, "frame")} there is none: the path has left the data.`
      : "";
    words.textContent = `Change: of the picture from the frame before, root mean square on [-1, 1], at most ${most.toFixed(2)}.${
      atlas
        ? ` Real images nearby: test images within ${session.latent.within(radius)}, where 90 % of them have a neighbour.${leaves}`
        : ""
    }`;
  }

  return Object.assign(element, {
    show,
    /** Show which frame is chosen. @param {number} k */
    mark: (k) => cells.forEach(({ button }, i) => button.setAttribute("aria-pressed", String(i === k))),
  });
}
