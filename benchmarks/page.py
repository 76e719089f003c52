"""The engine of the page, in Node, and the app from the command to the first picture, in Chromium."""

from __future__ import annotations

import importlib.util
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

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


def app(repeats: int = 3) -> list[Result]:
    """From `streamlit run` to a painted first picture; the file cache is warm from the first, uncounted start."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    work = "app: command to first picture"
    if not browser or not importlib.util.find_spec("playwright"):
        return [Result("app", work, None, note="needs chromium and playwright")]
    from playwright.sync_api import sync_playwright

    times = []
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        try:
            for _ in range(repeats + 1):
                times.append(_start(chromium))
        finally:
            chromium.close()
    times = sorted(times[1:])
    return [Result("app", work, times[len(times) // 2] * 1000, note=f"{repeats} starts")]


_PAINTED = """() => [...document.querySelectorAll('canvas')].some(canvas => {
  if (!canvas.width || !canvas.height) return false;
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels && pixels.some((value, i) => i % 4 < 3 && value !== pixels[i % 4] && pixels[i - i % 4 + 3] > 0);
})"""


def _start(chromium) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    start = time.perf_counter()
    server = subprocess.Popen(
        [*words, "--server.headless", "true"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}"
        while not _answers(address + "/_stcore/health"):
            if server.poll() is not None or time.perf_counter() - start > 120:
                raise RuntimeError("the app did not start")
            time.sleep(0.02)
        page = chromium.new_page()
        page.goto(address)
        page.wait_for_function(_PAINTED, timeout=120_000)
        page.close()
        return time.perf_counter() - start
    finally:
        server.terminate()
        server.wait(20)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
