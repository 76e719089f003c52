"""The app on the import path, a folder of small checkpoints, a server and a browser."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks import chromium
from benchmarks.free_port import free_port
from esvae_core.checkpoint import Header, Metric, read_header, save
from esvae_core.config import ANNVAEConfig

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `app` is a folder of scripts, not an installed package

from tests.engine.networks import rival  # noqa: E402

from .made import film_model, shelve, small_fsvae, small_model  # noqa: E402


@pytest.fixture(scope="session")
def shelf_dir(tmp_path_factory):
    """Checkpoints: aaa (with an atlas), bare (without), plain (no spikes), an FSVAE, two broken."""
    folder = tmp_path_factory.mktemp("loaded")
    shelve(folder, "aaa", small_model())
    shelve(folder, "bare", small_model(1, image_channels=3, latent_dim=40), with_atlas=False)
    error = Metric(name="mse", value=0.125, protocol="test split of made")
    shelve(folder, "plain", rival(ANNVAEConfig(image_size=16, channels=(4, 8), latent_dim=6)), metrics=[error])
    digits = read_header(ROOT / "checkpoints/digits.safetensors").dataset  # which every machine has
    fsvae = small_fsvae()
    header = Header(name="rival", model=fsvae.config, dataset=digits)
    save(folder / "rival.safetensors", fsvae.state_dict(), header)
    (folder / "text.safetensors").write_text("this is no checkpoint")
    whole = (folder / "aaa.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture
def filmed(shelf_dir):
    """A small model of recordings, among the others while the test runs; its header has figures of another's."""
    model, path = film_model(), shelf_dir / "filmed.safetensors"
    header = read_header(ROOT / "checkpoints/fsvae-mnist.safetensors")
    save(path, model.state_dict(), header.model_copy(update={"name": "filmed", "model": model.config}))
    yield model
    path.unlink()


@pytest.fixture(scope="session")
def server(shelf_dir):
    """Address of the app, started as people start it."""
    with start_server(shelf_dir) as (address, _):
        yield address


@contextmanager
def start_server(
    shelf_dir: Path, port: int = 0, *options: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """A server with these checkpoints, at a free port unless one is given; it is stopped at the end.

    Its output is in `server-PORT.log` in their folder. `options` are Streamlit's; the address includes a base path.
    """
    port = port or free_port()
    env = os.environ | {"ESVAE_CHECKPOINTS": str(shelf_dir)} | (env or {})
    script = str(ROOT / "app/main.py")
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port), *options]
    path = shelf_dir / f"server-{port}.log"
    with path.open("wb") as log:
        process = subprocess.Popen(command, cwd=cwd, env=env, stdout=log, stderr=subprocess.STDOUT)
        base = dict(pairwise(options)).get("--server.baseUrlPath", "").strip("/")
        address = f"http://127.0.0.1:{port}" + (f"/{base}" if base else "")
        try:
            _wait(address + "/_stcore/health", process, path)
            yield address, port
        finally:
            process.terminate()
            process.wait(20)


def _wait(address: str, process: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the app did not start: {log.read_text()}")


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the playwright package")
    if chromium.PATH is None:
        pytest.skip("needs Chromium, e.g. from `apt install chromium`")
    sync_api.expect.set_options(timeout=30_000)  # a busy machine draws few frames
    with pytest.MonkeyPatch.context() as environment:
        # counts what Node.js runs of the page; Playwright's own driver is a program of Node.js, too
        environment.delenv("NODE_V8_COVERAGE", raising=False)
        play = sync_api.sync_playwright().start()
    try:
        opened = play.chromium.launch(executable_path=chromium.PATH, args=[*chromium.FLAGS, "--process-per-site"])
        yield opened
        opened.close()
    finally:
        play.stop()


@pytest.fixture(scope="session")
def context(browser, server):
    """One browser profile, so that the front end is loaded once.

    A page that stays open keeps the process of the others alive, and with it what V8 has compiled: a visit then takes
    2.3 s of a core in place of 3.2 s.
    """
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server, accept_downloads=True)
    context.set_default_timeout(60_000)  # a busy machine needs long to open a page
    context.new_page().goto("/_stcore/health")
    yield context
    context.close()


@pytest.fixture
def page(context, shelf_dir, monkeypatch):
    """A fresh visit of the app, not yet opened; Python finds the same checkpoints as the server."""
    from app import catalogue

    monkeypatch.setattr(catalogue, "folders", lambda: [catalogue.SHIPPED, shelf_dir])
    page = context.new_page()
    yield page
    page.close()
