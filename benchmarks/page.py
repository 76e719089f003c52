"""The engine of the page, in Node; and the app and a browser for the parts that need them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.chromium import FLAGS, PATH
from benchmarks.free_port import free_port
from benchmarks.measure import Result

ROOT = Path(__file__).resolve().parents[1]


def node() -> list[Result]:
    """Encode, decode and moves of one rate, one thread, with the shipped MNIST model."""
    if not shutil.which("node"):
        return [Result("node", "browser engine in Node", None, note="node is not installed")]
    import esvae_core
    from esvae_core.engine.bundle import to_bundle
    from esvae_core.engine.plan import plan_of

    model = esvae_core.load(ROOT / "checkpoints" / "mnist.safetensors").model
    with tempfile.NamedTemporaryFile(suffix=".esvae") as file:
        file.write(to_bundle(plan_of(model)))
        file.flush()
        script = ROOT / "tests" / "engine" / "bench.mjs"
        done = subprocess.run(["node", script, file.name], capture_output=True, text=True, check=True)
    rows = re.findall(r"^(.*?)\s+median ([\d.]+)\s+(95th percentile [\d.]+)", done.stdout, re.MULTILINE)
    return [Result("node", f"browser engine in Node: {name}", float(ms), note=f"{rest} ms") for name, ms, rest in rows]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, or None where there is none."""
    if PATH is None or not importlib.util.find_spec("playwright"):
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=PATH, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serve(checkpoints: str = "") -> Iterator[str]:
    """As `started`; the address alone."""
    with started(checkpoints) as (address, _):
        yield address


@contextmanager
def started(checkpoints: str = "") -> Iterator[tuple[str, int]]:
    """The app at a free port, started as people start it, with one more folder of checkpoints if given.

    Gives its address and the number of its process.
    """
    port = free_port()
    words = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    server = subprocess.Popen(
        [*words, "--server.headless", "true"],
        cwd=ROOT,
        env=os.environ | ({"ESVAE_CHECKPOINTS": checkpoints} if checkpoints else {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        start = time.perf_counter()
        while not _answers(address + "/_stcore/health"):
            if server.poll() is not None or time.perf_counter() - start > 120:
                raise RuntimeError("the app did not start")
            time.sleep(0.02)
        yield address, server.pid
    finally:
        server.terminate()
        server.wait(20)


def picture_of(page: Any) -> Any:
    """The large picture, once something is painted on it."""
    picture = page.locator("canvas.large")
    picture.wait_for(timeout=120_000)
    for _ in range(6000):
        if picture.evaluate(_PAINTED):
            return picture
        page.wait_for_timeout(10)
    raise RuntimeError("the picture stayed empty")


_PAINTED = """canvas => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some((value, i) => i % 4 < 3 && value !== pixels[i % 4] && pixels[i - i % 4 + 3] > 0);
}"""


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
