/** The channels of a layer as small images beside each other. */

import { contextOf, palette } from "../../dom.js";
import { msg } from "../../messages.js";

/** A layer's name for people. */
export function layerName({ name, channelsOut, sideOut, kind }) {
  const shape = kind === "collect" ? msg`${channelsOut} neurons` : `${channelsOut} × ${sideOut} × ${sideOut}`;
  const [half, at] = name.split(".");
  const said =
    { to_latent: msg`encoder, latent neurons`, from_latent: msg`decoder, first layer` }[name] ??
    (half === "decoder" ? msg`decoder, layer ${Number(at) + 2}` : msg`encoder, layer ${Number(at) + 1}`);
  return `${said} · ${shape}`;
}

/**
 * Paint a layer's channels as squares beside each other, a gap of one between them.
 * @param {(c: number, p: number) => number} value in [-1, 1]; above 0 in the first accent, below in the second
 */
export function paintMaps(canvas, channels, side, value, columns = 2 ** Math.ceil(Math.log2(2 * channels) / 2)) {
  const rows = Math.ceil(channels / columns);
  const [width, height] = [columns * (side + 1) - 1, rows * (side + 1) - 1];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = contextOf(canvas);
  const { now, was, quiet } = palette(canvas);
  const [more, less, none] = [now, was, quiet].map((colour) => rgb(context, colour));
  const data = new ImageData(width, height);
  for (let c = 0; c < channels; c++) {
    for (let p = 0; p < side * side; p++) {
      const [x, y] = [
        (c % columns) * (side + 1) + (p % side),
        Math.floor(c / columns) * (side + 1) + Math.floor(p / side),
      ];
      const v = Math.max(-1, Math.min(1, value(c, p)));
      const a = Math.abs(v);
      const tone = v >= 0 ? more : less;
      data.data.set(
        [0, 1, 2].map((k) => a * tone[k] + (1 - a) * none[k]),
        4 * (y * width + x),
      );
      data.data[4 * (y * width + x) + 3] = 40 + 215 * a;
    }
  }
  context.putImageData(data, 0, 0);
  return columns;
}

function rgb(context, colour) {
  context.fillStyle = colour;
  const hex = context.fillStyle;
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}
