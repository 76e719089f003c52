"""Half an hour of dragging in four sessions, hurried into five minutes: neither page nor server may keep growing.

    pytest -m slow tests/app/test_soak.py

A hand that drags for half an hour lets go some 450 times, once in four seconds; here it does so without pausing. Each
session is a browser profile of its own, with real pointer events, and walks through the views between its drags.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from app.state import Prior, State, encode
from benchmarks import chromium

from .conftest import start_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SESSIONS = 4
GESTURES = 450  # of each session: half an hour at one in four seconds
MOVES = 6  # of the pointer, in one of them
IN_A_ROW = 15  # before the next view
WARM_UP = 60  # gestures before the first measurement: all views were open, and every buffer has its size
LIMIT = 50  # MB
VIEWS = ("Explore", "Spikes", "Interpolate", "Map", "Generate", "Dimensions", "Models", "How it works")
WITH_BARS = ("Explore", "Map")


@dataclass(frozen=True)
class Memory:
    """In MB: JavaScript's heap of each page, each process that draws pages, by its number, and the server's process."""

    heaps: tuple[float, ...]
    pages: dict[int, float]
    server: float

    def growth(self, before: Memory) -> dict[str, float]:
        """The largest of each kind; Chromium keeps a process in spare, which may go."""
        kept = self.pages.keys() & before.pages.keys()
        assert len(kept) >= SESSIONS
        return {
            "heap": max(b - a for a, b in zip(before.heaps, self.heaps, strict=True)),
            "page": max(self.pages[pid] - before.pages[pid] for pid in kept),
            "server": self.server - before.server,
        }


def resident(pid: int) -> float:
    """MB of a process' memory that are not a file's, as Linux counts them."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return int(status["RssAnon"].split()[0]) / 1024


async def measured(browser, pages, server: int) -> Memory:
    """All memory, after a collection of garbage in each page."""
    heaps = []
    for page in pages:
        tools = await page.context.new_cdp_session(page)
        for _ in range(2):  # what finalizers let go is collected by the second
            await tools.send("HeapProfiler.collectGarbage")
        heaps.append((await tools.send("Runtime.getHeapUsage"))["usedSize"] / 2**20)
        await tools.detach()
    tools = await browser.new_browser_cdp_session()
    processes = (await tools.send("SystemInfo.getProcessInfo"))["processInfo"]
    await tools.detach()
    renderers = {each["id"]: resident(each["id"]) for each in processes if each["type"] == "renderer"}
    return Memory(tuple(heaps), renderers, resident(server))


async def gesture(page, bar: int, target: float) -> None:
    """Drag a bar to a rate and let go."""
    box = await page.locator("[role=slider].fader").nth(bar).bounding_box()
    x, top, tall = box["x"] + box["width"] / 2, box["y"], box["height"]
    await page.mouse.move(x, top + tall / 2)
    await page.mouse.down()
    await page.mouse.move(x, top + tall * (1 - target), steps=MOVES)
    await page.mouse.up()


async def view(page, name: str) -> None:
    """Go to a view by its link at the top, and wait until it is there.

    On a crowded machine Streamlit now and then loses a step to another page that meets the rerun after a gesture; the
    link is pressed again then, as one would. What is measured here is memory.
    """
    from playwright.async_api import TimeoutError as TooLate

    path = {"Explore": "explore", "How it works": "how"}.get(name, name.lower())
    for patience in (20_000, 60_000):
        await page.get_by_role("link", name=name, exact=True).click()
        try:
            return await page.locator(f".view-{path} .view").wait_for(timeout=patience)
        except TooLate:
            continue
    raise AssertionError(f"{name} did not come: at {page.url}")


async def session(page, count: int) -> None:
    """Walks through all views, so often that it comes to so many gestures."""
    done = itertools.count()
    for name in itertools.cycle(VIEWS):
        await view(page, name)
        for _ in range(IN_A_ROW if name in WITH_BARS else 0):
            if (k := next(done)) == count:
                return
            await gesture(page, k % 16, 0.1 + 0.8 * (k * 0.618 % 1))


async def soak(address: str, server: int) -> tuple[Memory, Memory, float]:
    from playwright.async_api import async_playwright

    link = quote(encode(State("mnist-plus", Prior(0), (23040,) * 32, 7, "systematic", 16)))
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium.PATH, args=chromium.FLAGS)
        pages = []
        for _ in range(SESSIONS):
            context = await browser.new_context(viewport={"width": 1440, "height": 900}, base_url=address)
            page = await context.new_page()
            page.set_default_timeout(60_000)
            await page.goto(f"/?s={link}")
            await page.locator("canvas.large").wait_for()
            pages.append(page)
        await asyncio.gather(*(session(page, WARM_UP) for page in pages))
        before = await measured(browser, pages, server)
        start = time.perf_counter()
        await asyncio.gather(*(session(page, GESTURES) for page in pages))
        taken = time.perf_counter() - start
        for page in pages:
            assert (await page.locator("[role=alert]").count()) == 0
        after = await measured(browser, pages, server)
        await browser.close()
    return before, after, taken


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads what Linux tells of processes")
def test_half_an_hour_of_dragging_in_four_sessions(tmp_path):
    pytest.importorskip("playwright.async_api", reason="needs the playwright package")
    if chromium.PATH is None:
        pytest.skip("needs Chromium, e.g. from `apt install chromium`")
    with start_server(tmp_path) as (address, port):
        server = next(int(file.parent.name) for file in Path("/proc").glob("[0-9]*/cmdline") if serves(file, port))
        with ThreadPoolExecutor(1) as thread:  # the other tests' browser keeps a loop in this one
            before, after, taken = thread.submit(asyncio.run, soak(address, server)).result()
    growth = after.growth(before)
    print(f"\n{SESSIONS} x {GESTURES} gestures in {taken:.0f} s\nbefore {before}\nafter  {after}\ngrowth {growth}")
    assert max(growth.values()) <= LIMIT, growth


def serves(command: Path, port: int) -> bool:
    """Whether a process is the server at that port."""
    try:
        words = command.read_bytes().split(b"\0")
    except OSError:
        return False
    return b"app/main.py" in words and str(port).encode() in words
