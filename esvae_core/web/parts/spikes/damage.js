/** Damage to the spikes on their way to the decoder: which kind, and a slider that the picture follows. */

import { choice, h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { KINDS, MOST, TIMELESS } from "../../engine/damage.js";
import { readDamage, writeDamage } from "../../state/damage.js";
import { amountOf, DAMAGES, inWords } from "../shared/damage_words.js";
import { helpMark } from "../shared/help.js";
import { commitSlides } from "../shared/slide.js";

/** @param {Session} session */
export function damageControl(session) {
  const { store, latent, live } = session;
  const kinds = latent.counts ? KINDS.filter((kind) => TIMELESS.includes(kind)) : KINDS;
  const parts = elementsOf(kinds, { onchoose: choose, onrepair: repair });
  const { element, slider } = parts;
  /** Of the next damage, while there is none. @type {DamageKind} */
  let kind = kinds[0];

  /** What the state says; a link may say anything, which the decoder reports. */
  function now() {
    try {
      return readDamage(store.state.view.damage);
    } catch {
      return null;
    }
  }

  /** @param {Damage|null} damage */
  function set(damage) {
    const { damage: _, ...view } = store.state.view;
    const text = writeDamage(damage);
    store.set({ view: text ? { ...view, damage: text } : view });
  }

  /** Another kind, at the same place of the slider. @param {string} name */
  function choose(name) {
    const before = now();
    kind = kinds.find((each) => each === name) ?? kind;
    if (!before) return show();
    const damage = ofKind(before, kind);
    set(damage);
    store.commit(msg`damage: ${inWords(damage)}`);
  }

  function repair() {
    set(null);
    store.commit(msg`no damage`);
  }

  slider.oninput = (event) => {
    live.follow(event);
    set({ kind, amount: Number(slider.value) });
  };
  commitSlides(session, slider, () => msg`damage: ${inWords({ kind, amount: Number(slider.value) })}`);

  function show() {
    const damage = now();
    kind = damage?.kind ?? kind;
    showDamage(parts, damage, kind);
  }
  show();
  element.dispose = store.on("state", show);
  return element;
}

/**
 * Damage of another kind, as large a share of the largest there is.
 * @param {Damage} damage
 * @param {DamageKind} kind
 * @returns {Damage}
 */
export const ofKind = (damage, kind) => ({
  kind,
  amount: Math.max(1, Math.round((damage.amount / MOST[damage.kind]) * MOST[kind])),
});

/** @param {DamageKind[]} kinds @param {{onchoose: (name: string) => void, onrepair: () => void}} handlers */
function elementsOf(kinds, { onchoose, onrepair }) {
  const choices = kinds.map(
    (each) => /** @type {[string, string, string]} */ ([each, DAMAGES[each][0], DAMAGES[each][2]]),
  );
  const chooser = choice(msg`Kind of damage`, choices, kinds[0], onchoose);
  const slider = h("input", { type: "range", min: 0, step: 1, "aria-label": msg`Damage` });
  const number = h("output", {});
  const none = h(
    "button",
    { type: "button", title: msg`Spikes as the noise draws them`, onclick: onrepair },
    icon("reset"),
    msg`None`,
  );
  const element = h(
    "section",
    { class: "damage-part" },
    h(
      "div",
      { class: "head" },
      h("h2", {}, msg`Damage `, h("small", {}, msg`changes spikes at random; the seed says which`)),
      helpMark("damage"),
    ),
    chooser,
    h("div", { class: "row" }, h("label", { class: "field grow" }, msg`Amount`, slider, number), none),
  );
  return { element, chooser, slider, number, none };
}

/** @param {ReturnType<typeof elementsOf>} parts @param {Damage|null} damage @param {DamageKind} kind */
function showDamage({ chooser, slider, number, none }, damage, kind) {
  const amount = damage?.amount ?? 0;
  chooser.choose(kind);
  slider.max = String(MOST[kind]);
  slider.value = String(amount);
  number.textContent = amountOf({ kind, amount });
  none.disabled = !damage;
}
