/** The line below the bars: name and value of the chosen one, a field to type it, and Lock, Mute, Solo and Reset. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { GRID } from "../../math/rates.js";
import { VectorError } from "../../math/vector_text.js";
import { nameOf, taughtValue } from "./dimension_names.js";

/** @typedef {import("./bar_gestures.js").BarAct} BarAct */

/** One line for the visitor, of what was typed or pasted. @param {Session} session @param {Error} error */
export function refuse(session, what, error) {
  if (!(error instanceof VectorError)) throw error;
  session.say(`${what}: ${error.message}.`, "warning");
}

export class MixerDetail {
  #session;
  #editor;
  #chosen;
  #onclose;
  #buttons;
  #name = h("span", { class: "bar-name" });
  #value;
  #words = h("span", {});

  /**
   * @param {Session} session
   * @param {import("./rate_editor.js").RateEditor} editor
   * @param {Chosen} chosen
   * @param {{act: (act: BarAct, i: number) => void, onclose: (i: number) => void}} handlers a button was pressed, or the
   *   field is closed by a key
   */
  constructor(session, editor, chosen, { act, onclose }) {
    [this.#session, this.#editor, this.#chosen, this.#onclose] = [session, editor, chosen, onclose];
    this.#value = h("button", {
      type: "button",
      class: "bare value",
      title: msg`Type an exact ${session.latent.name} (Enter on a bar)`,
      onclick: () => this.type(),
    });
    this.#buttons = actButtons(session.latent, (name) => chosen.i !== null && act(name, chosen.i));
    this.element = h(
      "div",
      { class: "detail" },
      h("span", { class: "reading" }, this.#name, " ", this.#value, this.#words),
      h("span", { class: "acts" }, this.#buttons),
    );
  }

  /** Show the chosen dimension as it is now. */
  show() {
    const { i } = this.#chosen;
    if (!this.#known(i)) return;
    const { latent, store } = this.#session;
    const height = store.state.rates[i] / GRID;
    const name = nameOf(this.#session, i);
    this.#name.textContent = name;
    this.#value.textContent = latent.text(i, height, 3);
    this.#value.setAttribute("aria-label", msg`${name}: ${latent.text(i, height, 3)}; type another value`);
    this.#words.textContent = beside(this.#session, i, height);
    const on = this.#editor.marks(i);
    for (const button of this.#buttons) {
      if (button.dataset.act !== "reset") button.setAttribute("aria-pressed", String(Boolean(on[button.dataset.act])));
    }
  }

  /** A field in place of the chosen bar's value, until Enter, Escape, or the focus leaves it. */
  type() {
    const [chosen, { i }, value] = [this.#chosen, this.#chosen, this.#value];
    if (!this.#known(i) || !value.isConnected) return;
    const field = this.#field(i);
    chosen.held = true;
    const close = (byKey) => {
      chosen.held = false;
      field.replaceWith(value);
      if (byKey) this.#onclose(i);
    };
    field.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.#take(i, field.value, close);
      else if (event.key === "Escape") close(true);
    };
    field.onblur = () => chosen.held && close(false);
    value.replaceWith(field);
    field.select();
    field.focus();
  }

  #field(i) {
    const { latent } = this.#session;
    return h("input", {
      type: "text",
      inputmode: "decimal",
      class: "exact",
      "aria-label": msg`Value of ${nameOf(this.#session, i)}, ${latent.value(i, 0)} to ${latent.value(i, 1)}`,
      value: this.#value.textContent,
    });
  }

  /** @param {(byKey: boolean) => void} close */
  #take(i, text, close) {
    try {
      const height = this.#editor.heightOf(i, text);
      close(true);
      this.#editor.typed(i, height);
    } catch (error) {
      refuse(this.#session, nameOf(this.#session, i), error);
    }
  }

  #known = (i) => i !== null && i < this.#session.entry.dims;
}

/** What a value stands for, what it makes expect, and what is usual. @param {Session} session */
function beside(session, i, height) {
  const { latent, store } = session;
  const taught = taughtValue(session, i, height);
  const expected = latent.expected(height, store.state.steps) || latent.place(height);
  const range = session.atlas?.range();
  const usual = range
    ? msg` · 90 % of real images: ${latent.text(i, range.low[i])} to ${latent.text(i, range.high[i])}`
    : "";
  return `${taught && ` = ${taught}`}${expected && ` · ${expected}`}${usual}`;
}

/** @param {Latent} latent @param {(act: BarAct) => void} press */
function actButtons({ atRest }, press) {
  /** @type {[BarAct, string, string][]} */
  const acts = [
    ["lock", msg`Lock`, msg`Hold this one: sweeps and random draws leave it alone (L)`],
    ["mute", msg`Mute`, msg`${atRest.one} until it is pressed again (M)`],
    ["alone", msg`Solo`, msg`All others ${atRest.others} until it is pressed again (S)`],
    ["reset", msg`Reset`, msg`Back to where it started (Backspace, or double click the bar)`],
  ];
  return acts.map(([act, text, title]) =>
    h(
      "button",
      { type: "button", class: "small", title, "data-act": act, onclick: () => press(act) },
      act === "lock" ? icon("lock") : null,
      text,
    ),
  );
}
