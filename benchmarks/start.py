"""How the explorer opens, and what that costs: time, requests, memory; and how long short commands take."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.measure import Result
from benchmarks.page import ROOT, chromium, picture_of, started
from benchmarks.rerun import VIEWS

VISITS = 5
COMMANDS = {
    "esvae info": ["info", "checkpoints/mnist.safetensors"],
    "esvae sample --n 64": ["sample", "checkpoints/mnist.safetensors", "--n", "64", "--out", "{folder}/samples.png"],
}
OTHERS = (
    "mnist-plus",
    "mnist",
    "fashion-plus",
    "cifar10-plus",
    "emoji-plus",
    "sprites-plus",
    "digits-plus",
    "annvae-mnist",
)
_CHOOSE = """async (name) => {
  const mount = performance.getEntriesByType('resource').find((entry) => entry.name.endsWith('/mount.js')).name;
  const session = await (await import(mount)).openedSession();
  const start = performance.now();
  const drawn = new Promise((done) => {
    const stop = session.live.on(({ state }) => {
      if (state.model !== name) return;
      stop();
      setTimeout(() => done(performance.now() - start)); // when all listeners have drawn
    });
  });
  session.choose(name);
  return drawn;
}"""


@dataclass
class Requests:
    """What a page fetched until its first picture, WebSockets aside; bytes as they came over the wire."""

    of: dict[str, str] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)

    def listen(self, page: Any) -> None:
        """Count from now on; what the browser has kept costs no bytes."""
        tap = page.context.new_cdp_session(page)
        tap.send("Network.enable")
        tap.on("Network.requestWillBeSent", lambda event: self.of.update({event["requestId"]: event["request"]["url"]}))
        tap.on(
            "Network.loadingFinished",
            lambda event: self.size.update({event["requestId"]: int(event["encodedDataLength"])}),
        )

    def sums(self, ours: bool) -> tuple[int, float]:
        """Number and megabytes of the explorer's own requests, or of Streamlit's."""
        chosen = [
            each
            for each, url in self.of.items()
            if url.startswith("http") and ("/esvae/" in urlsplit(url).path) == ours
        ]
        return len(chosen), sum(self.size.get(each, 0) for each in chosen) / 1e6


@dataclass(frozen=True)
class Visit:
    """One start of the server and two visits by one browser."""

    first: float
    """Seconds from the command to the first picture."""
    second: float
    """Seconds from the address to the picture, in a new tab of the same browser."""
    requests: Requests
    megabytes: float
    """The server's resident memory when the first picture is there."""
    megabytes_after: float
    """The same when all views were opened."""


def visits(repeats: int = VISITS) -> list[Result]:
    """Starts, second visits, requests and memory; the file cache is warm from a first, uncounted start."""
    works = ("command to first picture", "second visit, browser cache warm", "requests of the first screen")
    with chromium() as browser:
        if browser is None:
            return [Result("start", f"app: {work}", None, note="needs chromium and playwright") for work in works]
        found = [_visit(browser, all_views=turn == repeats) for turn in range(repeats + 1)][1:]
    (ours, our_size), (others, other_size) = (found[-1].requests.sums(ours) for ours in (True, False))
    requests = f"{ours} of ours, {our_size:.2f} MB; {others} of Streamlit's, {other_size:.2f} MB"
    first, second = ([1000 * getattr(visit, name) for visit in found] for name in ("first", "second"))
    memory = statistics.median(visit.megabytes for visit in found)
    return [
        Result("start", f"app: {works[0]}", statistics.median(first), note=_span(first)),
        Result("start", f"app: {works[1]}", statistics.median(second), note=_span(second)),
        Result("start", f"app: {works[2]}", None, note=requests, requests=ours, fetched_mb=round(our_size, 3)),
        Result("start", "app: server's memory at the first picture", None, peak_mb=memory),
        Result("start", "app: server's memory, all views opened", None, peak_mb=found[-1].megabytes_after),
    ]


def models() -> list[Result]:
    """Another model's first picture after its choice: when the server has not read that model yet, and when it has."""
    works = ("that the server has not read", "that the server has read")
    with chromium() as browser:
        if browser is None:
            return [Result("models", "app: another model", None, note="needs chromium and playwright")]
        with started() as (address, _):
            return [_row_of_models(work, _chosen(browser, address)) for work in works]


def _chosen(browser: Any, address: str) -> list[float]:
    """Milliseconds from the choice of each of `OTHERS` to its picture, in a browser that has nothing of them."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(address)
    picture_of(page)
    page.wait_for_timeout(2000)
    times = []
    for name in OTHERS:
        times.append(float(page.evaluate(_CHOOSE, name)))
        page.wait_for_timeout(1000)
    context.close()
    return times


def _row_of_models(work: str, times: list[float]) -> Result:
    each = ", ".join(f"{name} {ms:,.0f}" for name, ms in zip(OTHERS, times, strict=True))
    return Result("models", f"app: another model {work}", statistics.median(times), note=f"ms: {each}")


def commands(repeats: int = VISITS) -> list[Result]:
    """Commands in processes of their own, after an uncounted one that warms the file cache."""
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for name, words in COMMANDS.items():
            command = [sys.executable, "-m", "esvae_core", *(word.format(folder=folder) for word in words)]
            times = [1000 * _seconds(lambda command=command: _run(command)) for _ in range(repeats + 1)][1:]
            rows.append(Result("commands", name, statistics.median(times), note=_span(times)))
    return rows


def _visit(browser: Any, *, all_views: bool) -> Visit:
    start = time.perf_counter()
    with started() as (address, process):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page, requests = context.new_page(), Requests()
        requests.listen(page)
        page.goto(address)
        picture_of(page)
        first = time.perf_counter() - start
        megabytes = resident_mb(process)
        page.wait_for_timeout(2000)  # what the first screen still fetches is counted, too
        again = context.new_page()
        second = _seconds(lambda: (again.goto(address), picture_of(again)))
        if all_views:
            for name in VIEWS[1:]:
                again.get_by_role("link", name=name, exact=True).click()
                again.locator(f".view-{name.split()[0].lower()} .view").wait_for()
                again.wait_for_timeout(1500)
        after = resident_mb(process)
        context.close()
    return Visit(first, second, requests, megabytes, after)


def resident_mb(process: int) -> float:
    """Megabytes of a process in memory; 0 where the system does not say."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmRSS:")), 0.0)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def _span(values: list[float]) -> str:
    return f"{len(values)} runs, {min(values):,.0f} to {max(values):,.0f} ms"
