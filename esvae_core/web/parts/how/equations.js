/**
 * The equations of docs/math.md as MathML, with the numbers they have there: a page shows them, their home is the
 * document.
 */

import { h } from "../../dom.js";
import { msg } from "../../messages.js";

const tag =
  (name) =>
  (...children) =>
    `<${name}>${children.join("")}</${name}>`;
const [i, n, row, sub, sup, over, sum, words] = [
  "mi",
  "mn",
  "mrow",
  "msub",
  "msup",
  "mfrac",
  "munderover",
  "mtext",
].map(tag);
const o = (text) => `<mo stretchy="false">${text}</mo>`;
const at = (name, index) => sub(i(name), index);
const t = i("t");
const before = row(t, o("−"), n(1));
const gap = "<mspace width='0.9em'/>";
const hat = `<mover accent="true">${i("x")}<mo>^</mo></mover>`;
const steps = sum(o("∑"), row(t, o("="), n(1)), i("T"));
const membrane = (kept) => row(at("u", t), o("="), i("τ"), kept, o("+"), at("x", t));
const fires = row(at("o", t), o("="), o("["), at("u", t), o(">"), i("V"), o("]"));

/** By name: lines of [number in docs/math.md or null, MathML]. */
const EQUATIONS = {
  hard: [
    [1, membrane(row(at("u", before), o("("), n(1), o("−"), at("o", before), o(")")))],
    [2, fires],
  ],
  soft: [
    [1, membrane(row(o("("), at("u", before), o("−"), i("V"), at("o", before), o(")")))],
    [2, fires],
  ],
  rate: [[null, row(i("r"), o("="), over(n(1), i("T")), steps, at("o", t))]],
  bernoulli: [
    [
      5,
      row(
        at("z", t),
        o("="),
        o("["),
        i("r"),
        o(">"),
        at("ξ", t),
        o("]"),
        o(","),
        gap,
        at("ξ", t),
        o("∼"),
        i("U"),
        o("["),
        n(0),
        o(","),
        n(1),
        o(")"),
      ),
    ],
  ],
  systematic: [
    [
      null,
      row(
        at("z", t),
        o("="),
        o("⌊"),
        i("r"),
        t,
        o("+"),
        i("φ"),
        o("⌋"),
        o("−"),
        o("⌊"),
        i("r"),
        o("("),
        before,
        o(")"),
        o("+"),
        i("φ"),
        o("⌋"),
      ),
    ],
  ],
  learned: [[6, row(i("r"), o("="), words("sigmoid"), o("("), i("W"), i("n"), o("+"), i("b"), o(")"))]],
  fitted: [
    [
      13,
      row(
        i("r"),
        o("="),
        sup(words("sin"), n(2)),
        o("("),
        at("m", i("k")),
        o("+"),
        at("L", i("k")),
        i("n"),
        o(")"),
        o(","),
        gap,
        i("k"),
        o("∼"),
        i("w"),
      ),
    ],
  ],
  readout: [[9, (decay) => row(hat, o("="), words("tanh"), steps, sup(n(decay), row(i("T"), o("−"), t)), at("x", t))]],
  error: [[8, row(words("error"), o("="), words("mean"), gap, sup(row(o("("), hat, o("−"), i("x"), o(")")), n(2)))]],
};

/**
 * An equation by its name; `argument` is a number that some of them show. Steps are counted from 1 here, as on the
 * page.
 */
export function equation(name, argument) {
  const element = h("div", { class: "equation" });
  for (const [number, markup] of EQUATIONS[name]) {
    const line = h("p", {});
    line.innerHTML = `<math displaystyle="true">${typeof markup === "function" ? markup(argument) : markup}</math>`;
    if (number)
      line.append(h("span", { class: "quiet", title: msg`Equation ${number} of docs/math.md` }, `(${number})`));
    element.append(line);
  }
  return element;
}
