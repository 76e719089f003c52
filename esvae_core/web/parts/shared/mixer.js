/**
 * The latent as an equaliser: one bar per firing rate, or per number of a latent without spikes.
 *
 * Drag a bar, or sweep across many: a gesture that starts sideways sweeps, one that starts up or down stays with its
 * bar. Wheel and arrow keys take fine steps, with Shift steps of 1/T; a double click or Backspace brings a bar back to
 * the start. L locks, M mutes, S plays a bar alone, Enter types its value. With the focus on a bar, Ctrl+C copies the
 * whole vector and Ctrl+V pastes one. Each bar is an ARIA slider.
 */

import { focusedBeside, h } from "../../dom.js";
import { msg } from "../../messages.js";
import { Chosen } from "./chosen.js";
import { MixerBars } from "./mixer_bars.js";
import { MixerDetail, refuse } from "./mixer_detail.js";
import { RateEditor } from "./rate_editor.js";

/**
 * @param {Session} session
 * @param {Chosen} [chosen] shared with other parts, which then show the same neuron
 */
export function mixer(session, chosen = new Chosen()) {
  const { store, entry } = session;
  const editor = new RateEditor(session);
  /** @param {import("./bar_gestures.js").BarAct} name */
  const act = (name, i) => {
    editor[name](i);
    show();
  };
  const bars = new MixerBars(session, editor, chosen, { act, type: () => detail.type() });
  const detail = new MixerDetail(session, editor, chosen, { act, onclose: (i) => bars.focus(i) });
  const show = () => {
    bars.show();
    detail.show();
  };
  const build = () => {
    bars.build();
    detail.show();
  };

  let shownOrder = store.state.order;
  const stops = [
    chosen.on(() => {
      bars.mark();
      detail.show();
    }),
    store.on("state", ({ order, model }) => {
      if (model !== entry.name) return; // another model is on its way
      if (order === shownOrder) return show();
      shownOrder = order;
      build();
    }),
    store.on("leave", () => editor.finishPending()),
    onClipboard(session, editor, bars.element),
  ];
  build();
  return Object.assign(h("div", {}, bars.element, detail.element), {
    /** Which dimensions a random draw may change. */
    free: editor.free,
    /** All values as a JSON list, by number of the dimension. */
    asText: editor.asText,
    fromText: editor.fromText,
    dispose() {
      stops.forEach((stop) => stop());
      editor.finishPending();
    },
  });
}

/**
 * Copy and paste the whole vector while the focus is on a bar.
 * @param {Session} session @param {RateEditor} editor
 * @returns {() => void} stop
 */
function onClipboard(session, editor, element) {
  /** @param {ClipboardEvent} event */
  const listener = (event) => {
    const { clipboardData } = event;
    if (!clipboardData || !element.contains(focusedBeside(element))) return;
    if (event.type === "copy") clipboardData.setData("text/plain", editor.asText());
    else {
      try {
        editor.fromText(clipboardData.getData("text/plain"));
      } catch (error) {
        refuse(session, msg`Not pasted`, error);
      }
    }
    event.preventDefault();
  };
  /** @type {("copy"|"paste")[]} */
  const kinds = ["copy", "paste"];
  for (const kind of kinds) document.addEventListener(kind, listener);
  return () => kinds.forEach((kind) => document.removeEventListener(kind, listener));
}
