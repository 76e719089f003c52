/** A picture that the visitor brings, from a file or the camera; it stays in this page. */

import { h, icon, pixels } from "../../dom.js";
import { msg } from "../../messages.js";
import { fromBytes } from "../../math/image.js";
import { encodeBytes, encodePicture, inverted } from "./encode_image.js";
import { bitmapOf } from "./image_files.js";
import { fileField } from "./file_field.js";
import { looksCheckpoint, openCheckpoint } from "./open_checkpoint.js";
import { openRecipe } from "./open_recipe.js";
import { ownImage } from "./own_images.js";
import { drawPixels } from "./draw_pixels.js";

/** @param {Session} session */
export function upload(session) {
  const { engine, entry, store } = session;
  if (!engine) {
    const why = msg`Encoding a picture needs the model in the page, and this browser cannot run it.`;
    return h("p", { class: "quiet" }, why);
  }
  /** The last picture that was brought. @type {{bitmap: ImageBitmap, name: string}|null} */
  let kept = null;
  /** @param {string} name of the picture */
  const sayError = (name) => (error) => session.say(`${name}: ${error.message}.`, "warning");

  /** @param {File} [file] */
  async function take(file) {
    if (!file) return;
    try {
      if (looksCheckpoint(file)) return await openCheckpoint(session, file);
      if (await openRecipe(session, file)) return;
      kept = { bitmap: await bitmapOf(file), name: file.name };
    } catch (error) {
      return sayError(file.name)(error);
    }
    await again();
  }

  /** Encode it as the fields say. */
  const again = async () => {
    const { fit, invert } = fields.read();
    if (kept) await encodePicture(session, kept.bitmap, kept.name, fit, invert).catch(sayError(kept.name));
  };

  /** Dark for light, and light for dark. */
  const turn = () => {
    const image = ownImage(session, store.state.source);
    if (!image) return;
    fields.turn();
    const bytes = image.bytes.map((v) => 255 - v);
    encodeBytes(session, bytes, image.name).catch(sayError(image.name));
  };

  const fields = fitFields(again);
  const camera = cameraOf(session, (bitmap) => {
    kept = { bitmap, name: "camera" };
    again();
  });
  const shown = shownImage(session, turn);
  const element = h(
    "div",
    {},
    fileField({
      take,
      accept: "image/*",
      name: msg`A picture of your own`,
      choose: msg`Choose a picture`,
      drop: msg` or drop one here`,
    }),
    h("div", { class: "row" }, camera.button, fields.elements),
    camera.elements,
    shown.elements,
    h(
      "p",
      { class: "quiet" },
      msg`It is brought to ${entry.size} × ${entry.size} pixels and encoded here; it does not leave this page. The link keeps its ${session.latent.whole}, not the picture.`,
    ),
  );
  const unfollow = store.on("state", shown.show);
  shown.show(store.state);
  element.dispose = () => {
    camera.stop();
    unfollow();
  };
  return element;
}

/** How a picture is made square, and whether it is inverted. @param {() => void} onchange */
function fitFields(onchange) {
  const invert = h("input", { type: "checkbox", onchange });
  const crop = h(
    "select",
    { "aria-label": msg`How the picture is made square`, onchange },
    h("option", { value: "crop" }, msg`centre square`),
    h("option", { value: "pad" }, msg`whole, with margins`),
  );
  return {
    elements: [crop, h("label", { class: "field" }, invert, msg`invert`)],
    /** @returns {{fit: "crop"|"pad", invert: boolean}} */
    read: () => ({ fit: crop.value === "pad" ? "pad" : "crop", invert: invert.checked }),
    /** Invert, or no longer. */
    turn: () => (invert.checked = !invert.checked),
  };
}

/** @param {Session} session @param {(bitmap: ImageBitmap) => void} take */
function cameraOf(session, take) {
  const video = h("video", { class: "camera", muted: true, playsinline: true, hidden: true });
  const shoot = h("button", { type: "button", hidden: true }, msg`Take the picture`);
  /** @type {MediaStream|null} */
  let stream = null;

  async function film() {
    try {
      if (!navigator.mediaDevices) throw new Error(msg`this browser offers none to this page`);
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
      video.srcObject = stream;
      video.hidden = shoot.hidden = false;
      await video.play();
    } catch (error) {
      session.say(msg`No camera: ${error.message}.`, "warning");
    }
  }

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = shoot.hidden = true;
  }
  shoot.onclick = async () => {
    const bitmap = await createImageBitmap(video);
    stop();
    take(bitmap);
  };
  return {
    button: h("button", { type: "button", onclick: film }, icon("camera"), msg`Camera`),
    elements: [video, shoot],
    stop,
  };
}

/** The picture that the rates are of, as the model gets it, and the offer to invert it. @param {Session} session */
function shownImage(session, turn) {
  const { entry } = session;
  const picture = pixels(entry.size, entry.size, msg`Your picture as the model gets it`, "own-image");
  const caption = h("figcaption", {});
  const figure = h("figure", { class: "own-figure", hidden: true }, picture, caption);
  const words = h("span", {});
  const offer = h(
    "p",
    { class: "message", role: "status", hidden: true },
    words,
    h("button", { type: "button", onclick: turn }, msg`Invert it`),
  );
  return {
    elements: [figure, offer],
    /** @param {Pick<State, "source"|"model">} state */
    show({ source, model }) {
      const image = model === entry.name ? ownImage(session, source) : null;
      figure.hidden = !image;
      offer.hidden = !image || !inverted(session, image.bytes);
      if (!image) return;
      drawPixels(picture, fromBytes(image.bytes, entry.channels), entry.channels);
      words.textContent = msg`The ground of this picture is not as that of the model's images: light in one, dark in the other. `;
      caption.textContent = msg`${image.name}, as the model gets it`;
    },
  };
}
