/**
 * One row for each dimension, in any order: how it is used, what it does beside the noise, which class it goes with.
 */

import { h, onLook, palette, sharp } from "../../dom.js";
import { strongest } from "../../math/dimensions.js";
import { nameOf } from "../shared/mixer.js";

const WORDS = {
  active: "active",
  dead: "dead: the same for nearly every image",
  saturated: "saturated: fires at every step for nearly every image",
};

/**
 * @param {Session} session
 * @param {DimensionFacts} facts what the server says of the dimensions
 * @param {(j: number) => void} choose
 */
export function table(session, facts, choose) {
  const { store, entry, latent, atlas } = session;
  const bins = facts.histogram[0].length;
  const most = Math.log2(bins);
  const scale = Math.max(...(facts.moved ?? facts.effect), ...(facts.redrawn ?? [0])) || 1;
  const columns = [
    { key: "name", title: "Dimension", value: (j) => j, cell: (j) => nameOf(session, j), up: true },
    {
      key: "rates",
      title: latent.spiking ? "Rates" : "Values",
      help: `How often real images have which ${latent.name}, from one end of its range to the other; sorted by the mean`,
      value: (j) => facts.mean[j],
      cell: (j) => histogram(j),
    },
    {
      key: "state",
      title: "State",
      help: latent.spiking
        ? `Dead or saturated: at 0 or 1 in at least ${Math.round(100 * facts.stuckShare)} % of the images`
        : "Dead: its variance over the images is at most a hundredth of the prior's",
      value: (j) => ["dead", "saturated", "active"].indexOf(facts.states[j]),
      cell: (j) => h("span", { class: `state ${facts.states[j]}`, title: WORDS[facts.states[j]] }, facts.states[j]),
      up: true,
    },
    {
      key: "usage",
      title: "Usage",
      help: `Entropy of the ${latent.spiking ? "spike count" : `${latent.name} in ${bins} steps of its range`} over the images, of at most ${most.toFixed(1)} bits`,
      value: (j) => facts.bits[j],
      cell: (j) => measured(facts.bits[j] / most, `${facts.bits[j].toFixed(2)} bits`),
    },
    facts.moved
      ? {
          key: "effect",
          title: "Effect",
          help: "Mean difference of two pictures drawn with the dimension at either end of its range in the data; the mark: with it at the same end in both, which is the noise alone",
          value: (j) => facts.moved[j] - facts.redrawn[j] + (facts.clear[j] ? 1 : 0),
          cell: effect,
        }
      : {
          key: "effect",
          title: "Effect",
          help: `Mean change of the picture across the data's range${latent.spiking ? "; build the atlas again to see it beside the noise" : ""}`,
          value: (j) => facts.effect[j],
          cell: (j) => measured(facts.effect[j] / scale, facts.effect[j].toFixed(3)),
        },
    {
      key: "class",
      title: "Class",
      help: "Share of its variance that the class explains, and the class that it goes with most",
      value: (j) => facts.classShare[j],
      cell: classes,
    },
  ];
  let sorted = { key: "effect", up: false };

  function measured(share, text) {
    const bar = h("i", {});
    bar.style.width = `${100 * Math.min(1, share)}%`;
    return h(
      "span",
      { class: "measured" },
      h("span", { class: "measured-bar", "aria-hidden": "true" }, bar),
      h("span", { class: "number" }, text),
    );
  }

  function effect(j) {
    const cell = measured(facts.moved[j] / scale, `${facts.moved[j].toFixed(3)} / ${facts.redrawn[j].toFixed(3)}`);
    const mark = h("b", {});
    mark.style.left = `${(100 * facts.redrawn[j]) / scale}%`;
    cell.firstElementChild.append(mark);
    if (!facts.clear[j]) {
      cell.classList.add("unclear");
      cell.append(h("small", {}, "not above the noise"));
    }
    cell.title = facts.clear[j]
      ? "Rises above the noise by three standard errors"
      : "Does not rise above the noise by three standard errors, so it is called no effect";
    return cell;
  }

  function classes(j) {
    const { label, value } = strongest(facts.correlation, j);
    const cell = measured(facts.classShare[j], `${Math.round(100 * facts.classShare[j])} %`);
    cell.append(
      h("span", { class: "quiet" }, `${value < 0 ? "not " : ""}${atlas.classNames[label]} (${value.toFixed(2)})`),
    );
    return cell;
  }

  function histogram(j) {
    const canvas = h("canvas", {
      class: "spark",
      role: "img",
      "aria-label": `mean ${latent.text(j, facts.mean[j])}, deviation ${latent.size(j, facts.deviation[j])}`,
    });
    canvas.dataset.dimension = String(j);
    return canvas;
  }

  function sparks() {
    for (const canvas of body.querySelectorAll("canvas")) {
      const row = facts.histogram[Number(canvas.dataset.dimension)];
      const { context, width, height } = sharp(canvas);
      const colour = palette(canvas);
      context.clearRect(0, 0, width, height);
      context.fillStyle = colour.quiet;
      const step = width / row.length;
      const tallest = Math.sqrt(Math.max(...row));
      row.forEach((share, k) => {
        const tall = share ? Math.max(1, (height * Math.sqrt(share)) / tallest) : 0;
        context.fillRect(k * step, height - tall, Math.max(1, step - 1), tall);
      });
    }
  }

  const heads = columns.map((column) => {
    const button = h(
      "button",
      { type: "button", class: "bare", title: column.help, onclick: () => sortBy(column) },
      column.title,
    );
    return h("th", { scope: "col" }, button);
  });
  const body = h("tbody", {});
  const element = h(
    "div",
    { class: "dimension-table", tabindex: 0, role: "region", "aria-label": "All dimensions" },
    h("table", {}, h("thead", {}, h("tr", {}, heads)), body),
  );

  function sortBy({ key, up = false }) {
    sorted = sorted.key === key ? { key, up: !sorted.up } : { key, up };
    show();
  }

  function show() {
    const column = columns.find(({ key }) => key === sorted.key);
    const order = Array.from({ length: entry.dims }, (_, j) => j);
    order.sort((a, b) => (column.value(a) - column.value(b)) * (sorted.up ? 1 : -1) || a - b);
    heads.forEach((head, i) =>
      head.setAttribute("aria-sort", columns[i] === column ? (sorted.up ? "ascending" : "descending") : "none"),
    );
    body.replaceChildren(
      ...order.map((j) => {
        const cells = columns.map(({ key, cell }) =>
          key === "name"
            ? h(
                "th",
                { scope: "row" },
                h("button", { type: "button", class: "bare", onclick: () => choose(j) }, cell(j)),
              )
            : h("td", {}, cell(j)),
        );
        const row = h(
          "tr",
          { "data-dimension": j, onclick: (event) => event.target.closest("button") || choose(j) },
          cells,
        );
        return row;
      }),
    );
    mark();
    sparks();
  }

  /** Show which one is chosen. */
  function mark() {
    const chosen = chosenOf(session);
    for (const row of body.querySelectorAll("tr")) {
      const is = Number(row.dataset.dimension) === chosen;
      row.classList.toggle("chosen", is);
      if (is) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }

  let names = "";
  const follow = (state) => {
    if (state.model !== entry.name) return;
    const now = JSON.stringify(Object.entries(state.view).filter(([key]) => key.startsWith("name")));
    if (now === names) return mark();
    names = now;
    show();
  };
  const stops = [store.on("state", follow), onLook(element, sparks)];
  follow(store.state);
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}

/**
 * The chosen dimension: what the link says, else the one that does most.
 * @param {Session} session
 */
export function chosenOf({ store, entry, atlas }) {
  const said = Number(store.state.view.dim);
  if (store.state.view.dim !== undefined && Number.isInteger(said) && said >= 0 && said < entry.dims) return said;
  return atlas.effect.reduce((best, e, j) => (e > atlas.effect[best] ? j : best), 0);
}
