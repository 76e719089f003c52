/** Files that are dropped anywhere on the page: a picture with a recipe opens, any other is encoded. */

import { h, icon } from "../../dom.js";
import { cellRates } from "../../formats/recipe.js";
import { bitmapOf, encodePicture } from "./upload.js";
import { openRecipe, showCell } from "./open_recipe.js";

/** Listens for drops, and shows what was opened when it holds several pictures. */
export function fileDrop(desk) {
  const line = h("div", { class: "opened-place" });
  const over = (event) => {
    if ([...(event.dataTransfer?.types ?? [])].includes("Files")) event.preventDefault(); // else the browser leaves the page
  };
  const drop = (event) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    take(desk, file);
  };
  addEventListener("dragover", over);
  addEventListener("drop", drop);
  desk.onOpened = (name, several) => {
    line.replaceChildren();
    if (several) line.append(chooser(desk, name, several, () => line.replaceChildren()));
  };
  line.dispose = () => {
    removeEventListener("dragover", over);
    removeEventListener("drop", drop);
    desk.onOpened = null;
  };
  return line;
}

async function take(desk, file) {
  try {
    if (!(await openRecipe(desk, file))) encodePicture(desk, await bitmapOf(file), file.name);
  } catch (error) {
    desk.say(`${file.name}: ${error.message}.`, "warning");
  }
}

function chooser(desk, name, { recipe, model }, close) {
  const count = cellRates(recipe).length;
  const options = Array.from({ length: count }, (_, i) => {
    const caption = recipe.layout.captions[i];
    return h("option", { value: i }, caption ? `${i + 1}: ${caption}` : i + 1);
  });
  const select = h("select", { "aria-label": `Picture of ${name}`, onchange: () => showCell(desk, recipe, model, Number(select.value), `${name}, ${Number(select.value) + 1}`) }, options); // prettier-ignore
  return h("div", { class: "opened" }, h("span", {}, `${name}: picture`), select, h("span", {}, `of ${count}`), h("button", { type: "button", class: "bare", "aria-label": "Close", onclick: close }, icon("close")));
}
