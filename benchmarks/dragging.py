"""How fast the page follows the hand: from the pointer's event to the end of drawing, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks.measure import Result
from benchmarks.page import chromium, picture_of, serve

SECONDS = 5.0
EVERY = 1 / 60  # s between two moves of the hand
OTHERS = 8
MODELS = ("annvae-mnist", "cifar10-plus", "emoji-plus")  # without spikes; of more neurons; of larger pictures, too

# The session tells of each drawing; its latency is known when all listeners have drawn.
_LISTEN = """async () => {
  const mount = performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('/mount.js')).name;
  const session = await (await import(mount)).openedSession();
  const seen = (window.seen = { latency: [], ms: [] });
  session.live.on(({ ms }) => setTimeout(() => {
    if (!session.live.now.latency) return;
    seen.latency.push(session.live.now.latency);
    seen.ms.push(ms);
  }));
}"""


def quantile(values: list[float], share: float) -> float:
    """The value below which that share of them lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _drag(page: Any, seconds: float) -> int:
    """Move one bar up and down; how many moves that were."""
    box = page.locator(".fader").nth(1).bounding_box()
    x, top, tall = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.mouse.move(x, top + tall / 2)
    page.mouse.down()
    moves = int(seconds / EVERY)
    for k in range(moves):
        phase = (k / 60) % 2
        page.mouse.move(x, top + tall * (0.1 + 0.8 * (phase if phase < 1 else 2 - phase)))
        page.wait_for_timeout(1000 * EVERY)
    page.mouse.up()
    return moves


@contextmanager
def _opened(browser: Any, address: str, model: str = "") -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    picture_of(page)
    if model:
        page.get_by_label("Model", exact=True).select_option(model)
        page.wait_for_url(lambda url: f"~{model}~" in url)
        picture_of(page)
    page.wait_for_timeout(1500)
    yield page
    page.close()


def drag(others: int = 0) -> list[Result]:
    """A drag of 5 s on the shipped MNIST model, with that many other sessions open on the server."""
    work = f"app: pointer to picture{f', {others} other sessions' if others else ''}"
    with chromium() as browser:
        if browser is None:
            return [Result("drag", work, None, note="needs chromium and playwright")]
        with serve() as address, ExitStack() as sessions:
            for _ in range(others):
                sessions.enter_context(_opened(browser, address))
            page = sessions.enter_context(_opened(browser, address))
            return [_measured(page, work)]


def models() -> list[Result]:
    """The same on other shipped models, which take longer to decode."""
    work = "app: pointer to picture"
    with chromium() as browser:
        if browser is None:
            return [Result("drag-models", work, None, note="needs chromium and playwright")]
        rows = []
        with serve() as address:
            for model in MODELS:
                with _opened(browser, address, model) as page:
                    rows.append(_measured(page, f"{work}, {model}"))
        return rows


def _measured(page: Any, work: str) -> Result:
    page.bring_to_front()
    page.evaluate(_LISTEN)
    moves = _drag(page, SECONDS)
    page.wait_for_timeout(200)
    seen = page.evaluate("window.seen")
    latency, ms = seen["latency"], seen["ms"]
    late = quantile(latency, 0.95)
    note = f"95th percentile {late:.1f} ms; decode {quantile(ms, 0.5):.1f} ms; {len(latency)} pictures of {moves} moves"
    return Result("drag", work, quantile(latency, 0.5), note=note, p95_ms=late)
