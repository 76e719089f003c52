/** Export of the page's charts as SVG or PDF. */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";
import { figurePdf } from "../../formats/pdf.js";
import { figureSvg } from "../../formats/svg.js";
import { figureOf } from "./chart_shapes.js";
import { download } from "./download.js";

const WRITERS = { svg: figureSvg, pdf: figurePdf };

/**
 * What can be exported: charts, and parts with a `data-figure`, which names them.
 * @returns {Map<string, HTMLElement>}
 */
function chartsIn(root) {
  const found = new Map();
  for (const element of root.querySelectorAll("figure.chart, [data-figure]")) {
    const name = element.dataset.figure ?? element.querySelector("h3").textContent;
    const drawn = element.matches(".chart") ? element.querySelector(".chart-picture").childElementCount : 1;
    if (name && drawn && element.getClientRects().length) found.set(name, element);
  }
  return found;
}

/**
 * Rows for the sheet of exports; null where the page has no chart.
 * @param {Session} session
 * @param {Document|ShadowRoot} root
 * @param {(work: () => Promise<string>) => () => void} attempt does something and says how it went
 */
export function chartExports(session, root, attempt) {
  const charts = chartsIn(root);
  if (!charts.size) return null;
  const select = h(
    "select",
    { "aria-label": msg`Chart` },
    [...charts.keys()].map((name) => h("option", { value: name }, name)),
  );
  const file = (suffix) => {
    const save = attempt(async () => {
      const shown = charts.get(select.value);
      if (!shown) throw new Error(msg`there is nothing in this chart`);
      const content = await WRITERS[suffix](figureOf(shown, select.value), session.link);
      const slug = select.value
        .toLowerCase()
        .replace(/[^\p{L}\p{Nd}]+/gu, "-")
        .replace(/^-|-$/g, "");
      const name = `${session.entry.name.replaceAll("/", "-")}-${slug}.${suffix}`;
      download(name, content);
      return msg`${name}, ${Math.ceil(content.length / 1024)} kB.`;
    });
    const help = msg`The chart as it looks here, ${suffix.toUpperCase()}`;
    return h(
      "button",
      { type: "button", title: help, "aria-label": msg`Chart as ${suffix.toUpperCase()}`, onclick: save },
      suffix.toUpperCase(),
    );
  };
  return h(
    "div",
    { class: "row tight charts-row" },
    h("label", { class: "field" }, msg`Chart`, select),
    file("svg"),
    file("pdf"),
  );
}
