/**
 * One row for each latent neuron, in any order: how it is used, what it does beside the noise, which class it goes with.
 */

import { h, onLook, palette, sharp } from "../../dom.js";
import { strongest } from "../../math/dimensions.js";
import { nameOf } from "../shared/mixer.js";
import { measuredBar, sortableTable } from "./sortable_table.js";

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
  const largest = Math.max(...facts.effect) || 1;
  const scale = Math.max(...(facts.moved ?? []), ...(facts.redrawn ?? [])) || 1;
  const columns = [
    {
      key: "name",
      title: latent.spiking ? "Neuron" : "Number",
      value: (j) => j,
      cell: (j) => nameOf(session, j),
      up: true,
    },
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
      cell: (j) => measuredBar(facts.bits[j] / most, `${facts.bits[j].toFixed(2)} bits`),
    },
    {
      key: "effect",
      title: "Effect",
      help: "Mean change of the picture when it goes from one end of its range in the data to the other; Explore orders its bars by the same figure",
      value: (j) => facts.effect[j],
      cell: (j) => measuredBar(facts.effect[j] / largest, facts.effect[j].toFixed(3)),
    },
    facts.moved && {
      key: "noise",
      title: "Beside the noise",
      help: "Mean difference of two random draws of the picture, with it at either end of its range / at the same end in both (the mark), which is the noise alone; sorted by the difference",
      value: (j) => facts.moved[j] - facts.redrawn[j] + (facts.clear[j] ? 1 : 0),
      cell: beside,
    },
    {
      key: "class",
      title: "Class",
      help: "Share of its variance that the class explains, and the class that it goes with most",
      value: (j) => facts.classShare[j],
      cell: classes,
    },
  ].filter(Boolean);

  function beside(j) {
    const cell = measuredBar(facts.moved[j] / scale, `${facts.moved[j].toFixed(3)} / ${facts.redrawn[j].toFixed(3)}`);
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
    const cell = measuredBar(facts.classShare[j], `${Math.round(100 * facts.classShare[j])} %`);
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
    for (const canvas of element?.querySelectorAll("canvas") ?? []) {
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

  /** @type {ReturnType<typeof sortableTable>|null} */
  let element = null;
  element = sortableTable({
    label: latent.spiking ? "All latent neurons" : "All numbers of the latent",
    columns,
    rows: Array.from({ length: entry.dims }, (_, j) => j),
    keyOf: String,
    data: "dimension",
    sorted: "effect",
    choose,
    onshow: sparks,
  });

  let names = "";
  const follow = (state) => {
    if (state.model !== entry.name) return;
    const now = JSON.stringify(Object.entries(state.view).filter(([key]) => key.startsWith("name")));
    if (now !== names) element.show();
    names = now;
    element.mark(String(chosenOf(session)));
  };
  const stops = [store.on("state", follow), onLook(element, sparks)];
  follow(store.state);
  element.dispose = () => stops.forEach((stop) => stop());
  return element;
}

/**
 * The same as rows of a file.
 * @param {Session} session
 * @param {DimensionFacts} facts
 * @returns {(string|number)[][]}
 */
export function neuronRows(session, facts) {
  const { entry, atlas, measured } = session;
  const attributes = measured?.attributes ?? [];
  const heads = ["dimension", "name", "mean", "deviation", "state", "bits", "effect"];
  const noise = facts.moved ? ["moved", "redrawn", "above_noise"] : [];
  const classes = ["class_share", "class", "class_correlation"];
  const rows = Array.from({ length: entry.dims }, (_, j) => {
    const { label, value } = strongest(facts.correlation, j);
    return [
      ...[j, nameOf(session, j), facts.mean[j], facts.deviation[j], facts.states[j], facts.bits[j], facts.effect[j]],
      ...(facts.moved ? [facts.moved[j], facts.redrawn[j], String(facts.clear[j])] : []),
      ...[facts.classShare[j], atlas.classNames[label], value],
      ...attributes.map((_, k) => measured.correlation[k][j].toFixed(3)),
    ];
  });
  return [[...heads, ...noise, ...classes, ...attributes.map(({ name }) => `correlation with ${name}`)], ...rows];
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
