/** Files dropped anywhere on the page: a checkpoint or a picture with a recipe opens, any other picture is encoded. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { counted } from "../../math/axis.js";
import { cellRates } from "../../formats/recipe.js";
import { looksSaved, MAX_FILE, readSaved } from "../../state/saved.js";
import { encodePicture } from "./encode_image.js";
import { bitmapOf } from "./image_files.js";
import { looksCheckpoint, openCheckpoint } from "./open_checkpoint.js";
import { openRecipe, showCell } from "./open_recipe.js";

/**
 * Listens for drops, and shows what was opened when it holds several pictures.
 * @param {Session} session
 */
export function fileDrop(session) {
  const line = h("div", { class: "opened-place" });
  const over = (event) => {
    // else the browser leaves the page
    if ([...(event.dataTransfer?.types ?? [])].includes("Files")) event.preventDefault();
  };
  const drop = (event) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    take(session, file);
  };
  addEventListener("dragover", over);
  addEventListener("drop", drop);
  session.onOpened = (name, several) => {
    line.replaceChildren();
    if (several) line.append(chooser(session, name, several, () => line.replaceChildren()));
  };
  line.dispose = () => {
    removeEventListener("dragover", over);
    removeEventListener("drop", drop);
    session.onOpened = null;
  };
  return line;
}

/**
 * Take the pictures of a file of saved ones into the tray.
 * @param {Session} session
 * @param {File} file may be anything
 * @returns {Promise<boolean>} false if it is none
 */
async function readTray(session, file) {
  if (file.size > MAX_FILE) return false;
  const text = await file.text();
  if (!looksSaved(text)) return false;
  const pictures = readSaved(text);
  const added = session.saved.add(pictures);
  const there = pictures.length - added;
  session.say(
    msg`${counted(added, msg`picture`, msg`pictures`)} of ${file.name} added to the tray${there ? msg`; ${there} were there` : ""}.`,
  );
  return true;
}

/** @param {Session} session */
async function take(session, file) {
  try {
    if (looksCheckpoint(file)) return await openCheckpoint(session, file);
    if (await readTray(session, file)) return;
    if (await openRecipe(session, file)) return;
    if (await encodePicture(session, await bitmapOf(file), file.name))
      session.say(
        msg`${file.name} is dark where the model's images are light. “Own picture” in Explore can invert it.`,
      );
  } catch (error) {
    session.say(`${file.name}: ${error.message}.`, "warning");
  }
}

/** @param {Session} session */
function chooser(session, name, { recipe, model }, close) {
  const count = cellRates(recipe).length;
  const options = Array.from({ length: count }, (_, i) => {
    const caption = recipe.layout.captions[i];
    return h("option", { value: i }, caption ? `${i + 1}: ${caption}` : i + 1);
  });
  const select = h(
    "select",
    {
      "aria-label": msg`Picture of ${name}`,
      onchange: () => showCell(session, recipe, model, Number(select.value), `${name}, ${Number(select.value) + 1}`),
    },
    options,
  );
  return h(
    "div",
    { class: "opened" },
    h("span", {}, msg`${name}: picture`),
    select,
    h("span", {}, msg`of ${count}`),
    h("button", { type: "button", class: "bare", "aria-label": msg`Close`, onclick: close }, icon("close")),
  );
}
