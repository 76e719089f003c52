"""How long Streamlit takes after a gesture, in each view: from the page's word of it to the end of the script."""

from __future__ import annotations

from typing import Any

from benchmarks.dragging import quantile
from benchmarks.measure import Result
from benchmarks.page import chromium, picture_of, serve

VIEWS = ("Explore", "Spikes", "Interpolate", "Map", "Generate", "Dimensions", "Models", "How it works")
MODELS = ("fashion-plus", "mnist-plus", "mnist")
"""Opened in turn where no other gesture runs the script: it draws the charts of Models anew."""
TIMES = 25  # of each view, after the first

# Streamlit's socket, with the time of the last word that it took, and of all that it brought since.
_LISTEN = """
window.heard = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener('message', ({ data }) => window.heard.push([performance.now(), new Uint8Array(data)]));
  }
  send(data) {
    window.asked = performance.now();
    window.heard.length = 0;
    super.send(data);
  }
};
"""

# A step that can be undone, of which the page tells the script when it has drawn all of it. The page keeps the promise:
# Chromium collects one that only the debugger waits for.
_CHANGE = """async () => {
  const change = async () => {
    const mount = performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('/mount.js')).name;
    const { store } = await (await import(mount)).openedSession();
    window.asked = 0;
    store.change({ seed: (store.state.seed + 1) % 10_000 }, 'noise');
  };
  await (window.changing = change());
}"""

_HEARD = "() => window.asked && window.heard.map(([time, bytes]) => [time - window.asked, [...bytes]])"


def _rerun(page: Any, view: str, turn: int) -> float:
    """Milliseconds from the page's word to Streamlit's that the script has ended."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    if view == "Models":
        page.evaluate("window.asked = 0")
        page.get_by_role("button", name=MODELS[turn % len(MODELS)], exact=True).click()
    else:
        page.evaluate(_CHANGE)
    for _ in range(50):
        page.wait_for_timeout(500)  # nothing is asked of the page meanwhile
        for ms, content in page.evaluate(_HEARD) or ():
            if ForwardMsg.FromString(bytes(content)).WhichOneof("type") == "script_finished":
                return float(ms)
    raise RuntimeError("the script did not end")


def rerun() -> list[Result]:
    """The reruns of all views, on the shipped models."""
    work = "app: rerun of a view"
    with chromium() as browser:
        if browser is None:
            return [Result("rerun", work, None, note="needs chromium and playwright")]
        with serve() as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(_LISTEN)
            page.goto(address)
            picture_of(page)
            times = {}
            for name in VIEWS:
                page.get_by_role("link", name=name, exact=True).click()
                page.locator(f".view-{name.split()[0].lower()} .view").wait_for()
                page.wait_for_timeout(1500)
                times[name] = [_rerun(page, name, turn) for turn in range(TIMES + 1)][1:]
    each = {name: quantile(found, 0.95) for name, found in times.items()}
    together = [ms for found in times.values() for ms in found]
    slowest = max(each, key=lambda name: each[name])
    note = f"95th percentile {quantile(together, 0.95):.0f} ms, of the slowest view ({slowest}) {each[slowest]:.0f} ms"
    return [Result("rerun", work, quantile(together, 0.5), note=f"{note}; {TIMES} of each of {len(VIEWS)} views")]
