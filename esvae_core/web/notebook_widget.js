/**
 * The explorer in a notebook's cell, for anywidget: a page of one file in a frame, and messages between it and Python.
 * `embedded.js` is the page's end, `esvae_core/notebook.py` Python's.
 */

const SYNCED = ["rates", "spikes", "selection"];

/**
 * @typedef {{
 *   get(name: string): any, set(name: string, value: any): void, save_changes(): void,
 *   on(event: string, listener: () => void): void, off(event: string, listener: () => void): void
 * }} AnyModel the widget's values, as anywidget keeps them in step with Python
 */

/** @param {{model: AnyModel, el: HTMLElement}} place */
function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = "ESVAE explorer";
  frame.setAttribute("sandbox", "allow-scripts allow-downloads");
  frame.allow = "clipboard-write";
  frame.style.cssText = `display:block;width:100%;height:${model.get("height")}px;border:0;resize:vertical`;
  frame.srcdoc = model.get("_page");

  let [ready, taking] = [false, false];
  /** @type {Set<string>} */
  const changed = new Set();
  const ask = (names) => {
    const asked = Object.fromEntries(names.map((name) => [name, model.get(name)]));
    frame.contentWindow?.postMessage({ esvae: asked }, "*"); // a sandboxed frame has no origin that could be named
  };
  const take = (told) => {
    taking = true;
    for (const name of SYNCED) model.set(name, told[name]);
    taking = false;
    model.save_changes();
  };
  /** @param {MessageEvent} message */
  const heard = ({ source, data }) => {
    if (source !== frame.contentWindow || !data?.esvae) return;
    const known = SYNCED.filter((name) => model.get(name) !== null);
    if (ready || !known.length) take(data.esvae);
    else ask(known); // Python, or another cell, was first
    ready = true;
  };
  const listeners = SYNCED.map((name) => {
    const listener = () => {
      if (taking || !ready) return;
      // values that are set together are asked for together: spikes belong to the rates they come with
      if (!changed.size) queueMicrotask(() => ask([...changed.values()].filter((one) => changed.delete(one))));
      changed.add(name);
    };
    model.on(`change:${name}`, listener);
    return /** @type {[string, () => void]} */ ([`change:${name}`, listener]);
  });
  addEventListener("message", heard);
  el.append(frame);
  return () => {
    removeEventListener("message", heard);
    for (const [event, listener] of listeners) model.off(event, listener);
  };
}

export default { render };
