/** Hands what was made to the visitor as a file. */

import { h } from "../../dom.js";

const TYPES = {
  png: "image/png",
  svg: "image/svg+xml",
  gif: "image/gif",
  webp: "image/webp",
  pdf: "application/pdf",
  mp4: "video/mp4",
  csv: "text/csv",
  json: "application/json",
  html: "text/html",
};

/** @param {string} name whose ending says what it is @param {string|Uint8Array} content */
export function download(name, content) {
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";
  const href = URL.createObjectURL(
    new Blob([typeof content === "string" ? content : Uint8Array.from(content)], { type }),
  );
  h("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
