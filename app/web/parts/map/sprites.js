/** Thousands of points in a millisecond or few: each colour is drawn once, as a small disc, and then copied. */

const SIDE = 24; // pixels of a disc's picture; it is shown smaller
const DEEP = 24; // layers that space is sorted into

export class Sprites {
  #sheet = document.createElement("canvas");
  #key = "";

  /** Draw all points that are shown. @param {import("./model.js").MapModel} model */
  draw(context, model, { xy, depth, width, height }) {
    this.#prepare(model.colours);
    const { paint, shown } = model;
    const count = xy.length / 2;
    const held = model.selection && new Set(model.selection);
    const radius = Math.min(9, Math.max(2.2, (count > 4000 ? 2.4 : 3.2) * Math.sqrt(model.camera.zoom)));
    let alpha = -1;
    const one = (row, r) => {
      const [x, y] = [xy[2 * row], xy[2 * row + 1]];
      if (x < -r || y < -r || x > width + r || y > height + r) return;
      const wanted = held && !held.has(row) ? 0.12 : model.faded ? faded(model.trust(row)) : 0.85;
      if (wanted !== alpha) context.globalAlpha = alpha = wanted;
      context.drawImage(this.#sheet, paint[row] * SIDE, 0, SIDE, SIDE, x - r, y - r, 2 * r, 2 * r);
    };
    if (!depth) {
      for (let row = 0; row < count; row++) if (shown(row)) one(row, radius);
    } else {
      const layers = Array.from({ length: DEEP }, () => []);
      for (let row = 0; row < count; row++) if (shown(row)) layers[Math.min(DEEP - 1, Math.floor(depth[row] * DEEP))].push(row);
      for (let layer = DEEP - 1; layer >= 0; layer--) {
        const r = radius * (1.45 - (0.9 * layer) / DEEP);
        for (const row of layers[layer]) one(row, r);
      }
    }
    context.globalAlpha = 1;
  }

  #prepare(colours) {
    const key = colours.join();
    if (key === this.#key) return;
    this.#key = key;
    [this.#sheet.width, this.#sheet.height] = [SIDE * colours.length, SIDE];
    const context = this.#sheet.getContext("2d");
    colours.forEach((colour, i) => {
      context.fillStyle = colour;
      context.beginPath();
      context.arc((i + 0.5) * SIDE, SIDE / 2, SIDE / 2 - 1, 0, 2 * Math.PI);
      context.fill();
    });
  }
}

/** Four steps, so that the context's state changes rarely. */
function faded(trust) {
  if (trust >= 0.95) return 0.95;
  return trust >= 0.9 ? 0.6 : trust >= 0.8 ? 0.3 : 0.12;
}
