/** A picture that the visitor brings, from a file or the camera; it stays in this page. */

import { h, icon, pixels } from "../../dom.js";
import { fromBytes, groundOf, looksInverted, resize, toGray, toRgb } from "../../math/image.js";
import { toGrid } from "../../math/rates.js";
import { keepOwn, ownImage } from "./own_images.js";
import { paint } from "./paint.js";
import { openRecipe } from "./open_recipe.js";

const LARGEST = 50; // MB
const MOST = 2048; // px; larger pictures are reduced by the browser first
const MILLIONS = 100; // of pixels that are unpacked at most, 4 bytes each

/** @param {Session} session */
export function upload(session) {
  const { engine, entry, store } = session;
  if (!engine)
    return h(
      "p",
      { class: "quiet" },
      "Encoding a picture needs the model in the page, and this browser cannot run it.",
    );
  const invert = h("input", { type: "checkbox", onchange: () => again() });
  const input = h("input", {
    type: "file",
    accept: "image/*",
    class: "unseen",
    "aria-label": "A picture of your own",
    onchange: async () => {
      await take(input.files[0]);
      input.value = ""; // the same file can be chosen again
    },
  });
  const video = h("video", { class: "camera", muted: true, playsinline: true, hidden: true });
  const shoot = h("button", { type: "button", hidden: true }, "Take the picture");
  const camera = h("button", { type: "button", onclick: () => film() }, icon("camera"), "Camera");
  const crop = h(
    "select",
    { "aria-label": "How the picture is made square", onchange: () => again() },
    h("option", { value: "crop" }, "centre square"),
    h("option", { value: "pad" }, "whole, with margins"),
  );
  const drop = h(
    "label",
    { class: "drop" },
    input,
    h("span", { class: "button" }, "Choose a picture"),
    " or drop one here",
  );
  const shown = pixels(entry.size, entry.size, "Your picture as the model gets it", "own-image");
  const caption = h("figcaption", {});
  const figure = h("figure", { class: "own-figure", hidden: true }, shown, caption);
  const offer = h(
    "p",
    { class: "message", role: "status", hidden: true },
    h("span", {}),
    h("button", { type: "button", onclick: () => turn() }, "Invert it"),
  );
  const element = h(
    "div",
    {},
    drop,
    h("div", { class: "row" }, camera, crop, h("label", { class: "field" }, invert, "invert")),
    video,
    shoot,
    figure,
    offer,
    h(
      "p",
      { class: "quiet" },
      `It is brought to ${entry.size} × ${entry.size} pixels and encoded here; it does not leave this page. The link keeps its ${session.latent.whole}, not the picture.`,
    ),
  );
  let kept = null; // {bitmap, name} of the last picture
  let stream = null;

  async function take(file) {
    if (!file) return;
    try {
      if (await openRecipe(session, file)) return;
      kept = { bitmap: await bitmapOf(file), name: file.name };
    } catch (error) {
      return session.say(`${file.name}: ${error.message}.`, "warning");
    }
    await again();
  }

  const told = (error) => session.say(`${kept.name}: ${error.message}.`, "warning");
  const again = async () => {
    const fit = crop.value === "pad" ? "pad" : "crop";
    if (kept) await encodePicture(session, kept.bitmap, kept.name, fit, invert.checked).catch(told);
  };

  /** Show the picture that the rates are of, as the model gets it. @param {Pick<State, "source"|"model">} state */
  function show({ source, model }) {
    const image = model === entry.name ? ownImage(session, source) : null;
    figure.hidden = !image;
    offer.hidden = !image || !inverted(session, image.bytes);
    if (!image) return;
    paint(shown, fromBytes(image.bytes, entry.channels), entry.channels);
    caption.textContent = `${image.name}, as the model gets it`;
    offer.firstChild.textContent = `The ground of this picture is not as that of the model's images: light in one, dark in the other. `;
  }

  /** Dark for light, and light for dark. */
  function turn() {
    const image = ownImage(session, store.state.source);
    if (!image) return;
    invert.checked = !invert.checked;
    encodeBytes(
      session,
      image.bytes.map((v) => 255 - v),
      image.name,
    ).catch(told);
  }

  async function film() {
    try {
      if (!navigator.mediaDevices) throw new Error("this browser offers none to this page");
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
      video.srcObject = stream;
      video.hidden = shoot.hidden = false;
      await video.play();
    } catch (error) {
      session.say(`No camera: ${error.message}.`, "warning");
    }
  }

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = shoot.hidden = true;
  }
  shoot.onclick = async () => {
    kept = { bitmap: await createImageBitmap(video), name: "camera" };
    stop();
    again();
  };
  drop.ondragover = (event) => event.preventDefault();
  drop.ondrop = (event) => {
    event.preventDefault();
    event.stopPropagation();
    take(event.dataTransfer.files[0]);
  };
  const unfollow = store.on("state", show);
  show(store.state);
  element.dispose = () => {
    stop();
    unfollow();
  };
  return element;
}

/**
 * Whether a picture's ground is light where the model's images have a dark one, or the other way round.
 * @param {Session} session
 * @param {Uint8Array} bytes (H, W, C) at the model's size
 */
function inverted({ atlas, entry: { size, channels } }, bytes) {
  return looksInverted(groundOf(bytes, [1, size, size, channels]), atlas?.ground() ?? null);
}

/**
 * Make a picture the source.
 * @param {Session} session
 * @param {ImageBitmap} bitmap
 * @param {string} name
 * @param {"crop"|"pad"} fit
 * @returns {Promise<boolean>} whether it should rather be inverted
 */
export async function encodePicture(session, bitmap, name, fit = "crop", invert = false) {
  const bytes = square(bitmap, session.entry, fit, invert);
  await encodeBytes(session, bytes, name);
  return inverted(session, bytes);
}

/**
 * @param {Session} session
 * @param {Uint8Array} bytes (H, W, C) at the model's size
 * @param {string} name
 */
async function encodeBytes(session, bytes, name) {
  const { engine, entry, store } = session;
  if (!engine) throw new Error("encoding a picture needs the model in the page, and this browser cannot run it");
  await session.need("encoder");
  if (session.entry !== entry) return; // another model has been opened meanwhile
  const rates = toGrid(engine.encode(fromBytes(bytes, entry.channels)).rates);
  keepOwn(session, rates, { bytes, name });
  store.change({ source: { kind: "own", rates }, rates }, name);
}

/** @returns {Promise<ImageBitmap>} upright, at most MOST pixels wide or high @throws {Error} one line */
export async function bitmapOf(file) {
  if (file.size > LARGEST * 2 ** 20)
    throw new Error(`expected at most ${LARGEST} MB, found ${Math.ceil(file.size / 2 ** 20)}`);
  if (!file.size) throw new Error("expected a picture, found an empty file");
  let size;
  let bitmap = null;
  try {
    size = await sizeOf(file);
    if (size.width * size.height <= MILLIONS * 1e6) bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(
      "expected a picture that this browser reads (PNG, JPEG, WebP, GIF, BMP, AVIF), found something else or a damaged one",
    );
  }
  if (!bitmap) throw new Error(`expected at most ${MILLIONS} million pixels, found ${size.width} × ${size.height}`);
  const most = Math.max(bitmap.width, bitmap.height);
  if (most <= MOST) return bitmap;
  const share = MOST / most;
  const [resizeWidth, resizeHeight] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * share)));
  return createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: "high" });
}

/** What a picture's first bytes say of its size: a few of them can promise gigabytes. It is not unpacked for that. */
async function sizeOf(file) {
  const [image, url] = [new Image(), URL.createObjectURL(file)];
  try {
    await new Promise((done, fail) => {
      [image.onload, image.onerror] = [done, fail];
      image.src = url;
    });
    return { width: image.naturalWidth, height: image.naturalHeight };
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A bitmap -> the model's input, (size, size, C) bytes. */
function square(bitmap, { size, channels }, fit, invert) {
  const side = fit === "crop" ? Math.min(bitmap.width, bitmap.height) : Math.max(bitmap.width, bitmap.height);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.drawImage(bitmap, Math.floor((side - bitmap.width) / 2), Math.floor((side - bitmap.height) / 2));
  const { data } = context.getImageData(0, 0, side, side);
  const bytes = resize(channels === 1 ? toGray(data) : toRgb(data), [side, side], [size, size], channels);
  return invert ? bytes.map((v) => 255 - v) : bytes;
}
