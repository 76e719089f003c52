/** Another model under the same hand: its picture of the present rates, where it has as many dimensions. */

import { h, pixels } from "../../dom.js";
import { paint } from "../shared/paint.js";

/** @param {Session} session */
export function modelOverlay(session) {
  const { store, live, entry } = session;
  const twins = session.models.filter((m) => !m.problem && m.name !== entry.name && m.dims === entry.dims);
  const alike = (m) => Boolean(m.steps) && session.latent.spiking; // else a height means another thing in each
  const element = h("section", { class: "beside-part" });
  element.dispose = () => {};
  if (!twins.length || !session.engine) return element;
  const place = h("div", {});
  const select = h(
    "select",
    {
      "aria-label": "Compare with another model",
      onchange: () => store.change({ view: { ...store.state.view, beside: select.value } }, select.value || "alone"),
    },
    h("option", { value: "" }, "compare with ..."),
    twins.map((m) => h("option", { value: m.name }, `the same ${alike(m) ? "rates" : "bars"} in ${m.name}`)),
  );
  element.append(select, place);
  let [other, shown, turn] = [null, "", 0];

  function draw(now) {
    if (!other || now.state.model !== entry.name) return;
    paint(place.querySelector("canvas"), session.pictureIn(other, now.state.rates), other.entry.channels);
  }

  async function follow({ view, model }) {
    const name = twins.some((m) => m.name === view.beside) ? view.beside : "";
    if (name === shown || model !== entry.name) return;
    [shown, other] = [name, null];
    const mine = ++turn;
    select.value = name;
    place.replaceChildren();
    if (!name) return;
    try {
      const opened = await session.peek(name);
      if (mine !== turn) return;
      if (!opened.engine) throw new Error("this page cannot run it");
      other = opened;
      const canvas = pixels(
        opened.entry.size,
        opened.entry.size,
        `The same ${alike(opened.entry) ? "rates" : "bars"} in ${name}`,
        "other",
      );
      const note = alike(opened.entry)
        ? null
        : h("p", { class: "quiet" }, "The same heights, each on the scale of its own latent: what they mean differs.");
      place.replaceChildren(canvas, ...(note ? [note] : []));
      if (live.now) draw(live.now);
    } catch (error) {
      session.say(`${name} cannot be shown beside: ${error.message}`, "warning");
    }
  }
  const stops = [store.on("state", follow), live.on(draw)];
  follow(store.state);
  element.dispose = () => {
    turn++;
    stops.forEach((stop) => stop());
  };
  return element;
}
