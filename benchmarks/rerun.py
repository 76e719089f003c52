"""How long Streamlit's script takes: when a view is chosen, and when Models shows its charts.

No gesture makes it run. On Models it runs once more whenever another model is opened, for the charts below the view.
"""

from __future__ import annotations

from typing import Any

from benchmarks.dragging import quantile
from benchmarks.measure import Result
from benchmarks.page import chromium, picture_of, serve

VIEWS = ("Spikes", "Interpolate", "Map", "Generate", "Dimensions", "Models", "How it works", "Explore")
MODELS = ("fashion-plus", "mnist-plus", "mnist")
TIMES = 25  # of each, after the first

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
_HEARD = "() => window.asked && window.heard.map(([time, bytes]) => [time - window.asked, [...bytes]])"


def _run(page: Any, role: str, name: str) -> float:
    """Press what makes the script run; milliseconds from the last word asked to Streamlit's that it has ended."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    page.evaluate("window.asked = 0")
    page.get_by_role(role, name=name, exact=True).click()
    for _ in range(50):
        page.wait_for_timeout(500)  # nothing is asked of the page meanwhile
        for ms, content in page.evaluate(_HEARD) or ():
            if ForwardMsg.FromString(bytes(content)).WhichOneof("type") == "script_finished":
                return float(ms)
    raise RuntimeError("the script did not end")


def _row(work: str, times: list[float]) -> Result:
    late = quantile(times, 0.95)
    note = f"95th percentile {late:.0f} ms, {len(times)} of them"
    return Result("rerun", f"app: the script, {work}", quantile(times, 0.5), note=note, p95_ms=late)


def rerun() -> list[Result]:
    """Views and models chosen in turn, on the shipped models."""
    with chromium() as browser:
        if browser is None:
            return [Result("rerun", "app: the script", None, note="needs chromium and playwright")]
        with serve() as address:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.add_init_script(_LISTEN)
            page.goto(address)
            picture_of(page)
            views = [_run(page, "link", name) for _ in range(TIMES + 1) for name in VIEWS][len(VIEWS) :]
            page.get_by_role("link", name="Models", exact=True).click()
            page.wait_for_timeout(1500)
            models = [_run(page, "button", MODELS[turn % len(MODELS)]) for turn in range(TIMES + 1)][1:]
    return [_row("another view", views), _row("charts of another model", models)]
