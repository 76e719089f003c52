/**
 * One row for each latent neuron, in any order: how it is used, what it does beside the noise, which class it goes with.
 */

import { h, onLook, palette, sharp } from "../../dom.js";
import { msg } from "../../messages.js";
import { capitalized } from "../../math/axis.js";
import { strongest } from "../../math/dimensions.js";
import { nameOf } from "../shared/dimension_names.js";
import { chosenOf } from "./chosen_dimension.js";
import { measuredBar, sortableTable } from "./sortable_table.js";

/** States of a dimension, as the server calls them, in words. @type {Record<string, string>} */
export const STATES = { active: msg`active`, dead: msg`dead`, saturated: msg`saturated` };

const WORDS = {
  active: msg`active`,
  dead: msg`dead: the same for nearly every image`,
  saturated: msg`saturated: fires at every step for nearly every image`,
};

/**
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts what the server says of the dimensions
 * @param {(j: number) => void} choose
 */
export function table(session, facts, choose) {
  const { store, entry, latent } = session;
  const sparks = () => element?.querySelectorAll("canvas").forEach((canvas) => drawSpark(canvas, facts));
  /** @type {ReturnType<typeof sortableTable>|null} */
  let element = null;
  element = sortableTable({
    label: latent.all,
    columns: [...usageColumns(session, facts), ...effectColumns(session, facts)],
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
 * What a dimension is called, and how images use it.
 * @param {Session} session
 * @param {DimensionFacts} facts
 * @returns {import("./sortable_table.js").Column<number>[]}
 */
function usageColumns(session, facts) {
  const { latent } = session;
  const { bits, states, mean } = facts;
  const bins = facts.histogram[0].length;
  const most = Math.log2(bins);
  return [
    {
      key: "name",
      title: capitalized(latent.carrier),
      help: msg`Its number in the latent, or the name that it was given; sorted by number`,
      value: (j) => j,
      cell: (j) => nameOf(session, j),
      says: (j) => msg`Look at dimension ${j}`,
      up: true,
    },
    {
      key: "rates",
      title: latent.spiking ? msg`Rates` : msg`Values`,
      help: msg`How often real images have which ${latent.name}, from one end of its range to the other; sorted by the mean`,
      value: (j) => mean[j],
      cell: (j) => spark(latent, facts, j),
      says: (j) => capitalized(meanWords(latent, facts, j)),
    },
    {
      key: "state",
      title: msg`State`,
      help: latent.spiking
        ? msg`Dead or saturated: at 0 or 1 in at least ${Math.round(100 * facts.stuckShare)} % of the images`
        : msg`Dead: its variance over the images is at most a hundredth of the prior's`,
      value: (j) => ["dead", "saturated", "active"].indexOf(states[j]),
      cell: (j) => h("span", { class: `state ${states[j]}` }, STATES[states[j]]),
      says: (j) => WORDS[states[j]],
      up: true,
    },
    {
      key: "usage",
      title: msg`Usage`,
      help: msg`Entropy of the ${latent.spiking ? msg`spike count` : msg`${latent.name} in ${bins} steps of its range`} over the images, of at most ${most.toFixed(1)} bits`,
      value: (j) => bits[j],
      cell: (j) => measuredBar(bits[j] / most, msg`${bits[j].toFixed(2)} bits`),
      says: (j) =>
        msg`${bits[j].toFixed(2)} of at most ${most.toFixed(2)} bits; 0 where all images have the same ${latent.name}`,
    },
  ];
}

/**
 * What a dimension does to the picture, and which class it goes with.
 * @param {Having<"atlas">} session
 * @param {DimensionFacts} facts
 * @returns {import("./sortable_table.js").Column<number>[]}
 */
function effectColumns({ atlas }, facts) {
  const largest = Math.max(...facts.effect) || 1;
  return [
    {
      key: "effect",
      title: msg`Effect`,
      help: msg`Mean change of the picture when it goes from one end of its range in the data to the other; Explore orders its bars by the same figure`,
      value: (j) => facts.effect[j],
      cell: (j) => measuredBar(facts.effect[j] / largest, facts.effect[j].toFixed(3)),
      says: (j) =>
        msg`Each pixel changes by ${facts.effect[j].toFixed(3)} on average, where black to white is 2, from one end of its range to the other`,
    },
    ...(facts.moved ? [noiseColumn(facts)] : []),
    {
      key: "class",
      title: msg`Class`,
      help: msg`Share of its variance that the class explains, and the class that it goes with most`,
      value: (j) => facts.classShare[j],
      cell: (j) => strongestClass(atlas, facts, j),
      says: (j) => classWords(atlas, facts, j),
    },
  ];
}

/** @param {NoiseFacts} facts @returns {import("./sortable_table.js").Column<number>} */
const noiseColumn = (facts) => ({
  key: "noise",
  title: msg`Beside the noise`,
  help: msg`Mean difference of two random draws of the picture, with it at either end of its range / at the same end in both (the mark), which is the noise alone; sorted by the difference`,
  value: (j) => facts.moved[j] - facts.redrawn[j] + (facts.clear[j] ? 1 : 0),
  cell: (j) => besideNoise(facts, j),
  says: (j) =>
    facts.clear[j]
      ? msg`Rises above the noise by three standard errors`
      : msg`Does not rise above the noise by three standard errors, so it is called no effect`,
});

/** What a dimension does, with a mark at what the noise alone does. @param {NoiseFacts} facts @param {number} j */
function besideNoise({ moved, redrawn, clear }, j) {
  const scale = Math.max(...moved, ...redrawn) || 1;
  const cell = measuredBar(moved[j] / scale, `${moved[j].toFixed(3)} / ${redrawn[j].toFixed(3)}`);
  const mark = h("b", {});
  mark.style.left = `${(100 * redrawn[j]) / scale}%`;
  cell.firstElementChild?.append(mark);
  if (!clear[j]) {
    cell.classList.add("unclear");
    cell.append(h("small", {}, msg`not above the noise`));
  }
  return cell;
}

/** @param {Atlas} atlas @param {DimensionFacts} facts @param {number} j */
function strongestClass({ classNames }, { correlation, classShare }, j) {
  const { label, value } = strongest(correlation, j);
  const cell = measuredBar(classShare[j], `${Math.round(100 * classShare[j])} %`);
  cell.append(h("span", { class: "quiet" }, `${value < 0 ? msg`not ` : ""}${classNames[label]} (${value.toFixed(2)})`));
  return cell;
}

/** @param {Atlas} atlas @param {DimensionFacts} facts @param {number} j */
function classWords({ classNames }, { correlation, classShare }, j) {
  const { label, value } = strongest(correlation, j);
  return msg`The class explains ${Math.round(100 * classShare[j])} % of its variance; its correlation with “${classNames[label]}” is ${value.toFixed(2)}`;
}

/** @param {Latent} latent @param {DimensionFacts} facts @param {number} j */
const meanWords = (latent, { mean, deviation }, j) =>
  msg`mean ${latent.text(j, mean[j])}, deviation ${latent.size(j, deviation[j])}`;

/** A small histogram, drawn when it is in the page. @param {Latent} latent @param {DimensionFacts} facts @param {number} j */
function spark(latent, facts, j) {
  const label = meanWords(latent, facts, j);
  return h("canvas", { class: "spark", role: "img", "aria-label": label, "data-dimension": j });
}

/** @param {HTMLCanvasElement} canvas @param {DimensionFacts} facts */
function drawSpark(canvas, { histogram }) {
  const row = histogram[Number(canvas.dataset.dimension)];
  const { context, width, height } = sharp(canvas);
  context.clearRect(0, 0, width, height);
  context.fillStyle = palette(canvas).quiet;
  const step = width / row.length;
  const tallest = Math.sqrt(Math.max(...row));
  row.forEach((share, k) => {
    const tall = share ? Math.max(1, (height * Math.sqrt(share)) / tallest) : 0;
    context.fillRect(k * step, height - tall, Math.max(1, step - 1), tall);
  });
}
