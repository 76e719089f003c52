/** A button that lets each spike be heard while the steps are played; off at first. */

import { h, icon } from "../../dom.js";
import { msg } from "../../messages.js";
import { clicks } from "../../math/spike_sound.js";
import { orderOf } from "./dimension_names.js";

/** @param {Session} session */
export function spikeSound(session) {
  /** @type {AudioContext|null} */
  let context = null;
  let on = false;
  const button = h(
    "button",
    {
      type: "button",
      class: "sound",
      "aria-label": msg`Sound: a click for each spike while playing`,
      "aria-pressed": "false",
      title: msg`A click for each spike while playing, higher for neurons further up`,
      onclick: turn,
    },
    icon("sound"),
  );

  function turn() {
    try {
      context ??= new AudioContext(); // a browser gives sound only after a gesture
      on = !on;
    } catch {
      session.say(msg`This browser has no sound to give.`);
    }
    button.setAttribute("aria-pressed", String(on));
  }

  /** Places in the raster of the neurons that spike in a step. @param {Decoded} now @param {number} step from 1 */
  function spiking({ spikes, state }, step) {
    const dims = state.rates.length;
    return orderOf(session).flatMap((j, place) => (spikes[(step - 1) * dims + j] ? [place] : []));
  }

  return Object.assign(button, {
    /** Let a step be heard. @param {number} step from 1 @param {number} beat ms that it lasts */
    step(step, beat) {
      if (!on || !context || !session.live.now) return;
      const places = spiking(session.live.now, step);
      if (!places.length) return;
      const samples = clicks(places, session.entry.dims, beat / 1000, context.sampleRate);
      const buffer = context.createBuffer(1, samples.length, context.sampleRate);
      buffer.copyToChannel(Float32Array.from(samples), 0);
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      source.start();
    },
    dispose: () => void context?.close(),
  });
}
