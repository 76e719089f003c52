"""`esvae_core.widget` in JupyterLab, in Chromium, with a kernel of its own that is asked what Python sees."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

import esvae_core
from benchmarks.free_port import free_port
from esvae_core.errors import CheckpointError, ConfigError, InputError
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.pictures import to_uint8

from .conftest import ROOT
from .visits import LARGE, alike, pixels_of, soon

anywidget = pytest.importorskip("anywidget", reason="needs the anywidget package")
expect = pytest.importorskip("playwright.sync_api", reason="needs the playwright package").expect

FIRST_SEED = 7  # of esvae_core/web/session.js
NEW = [0.0, 0.25, 0.5, 0.75, 1.0, 0.125]
FRAME = "iframe[title='ESVAE explorer']"


@pytest.fixture(scope="module")
def aaa(shelf_dir):
    """A checkpoint with an atlas and a map."""
    return shelf_dir / "aaa.safetensors"


@pytest.fixture
def made(aaa):
    return esvae_core.widget(aaa)


def test_what_is_assigned_is_checked_and_rounded_as_the_page_has_it(made):
    assert (made.rates, made.spikes, made.selection) == (None, None, None)
    made.rates = [0.3333] * 6
    assert made.rates.dtype == np.float32
    assert made.rates.tolist() == pytest.approx([15358 / 46080] * 6, abs=1e-7)
    assert not made.rates.flags.writeable
    made.spikes = np.eye(6)
    assert made.get_state("spikes") == {"spikes": ["100000", "010000", "001000", "000100", "000010", "000001"]}
    for name, value, told in (
        ("rates", [0.5] * 5, r"^rates: expected 6 finite numbers, found an array of shape \(5,\)$"),
        ("rates", [1.5] * 6, "^rates: expected numbers from 0 to 1$"),
        ("rates", [np.nan] * 6, "^rates: expected 6 finite numbers"),
        ("rates", "high", "^rates: expected numbers, found str$"),
        ("spikes", np.full((8, 6), 2), "^spikes: expected 1 to 64 time steps of 0 and 1$"),
        ("spikes", np.zeros((65, 6)), "^spikes: expected 1 to 64 time steps of 0 and 1$"),
        ("spikes", np.zeros((8, 5)), "^spikes: expected any x 6 finite numbers"),
        ("selection", [10**6], "^selection: expected test images of the model's map, found 1000000$"),
    ):
        with pytest.raises(InputError, match=told):
            setattr(made, name, value)
    assert made.rates.tolist() == pytest.approx([15358 / 46080] * 6, abs=1e-7)


def test_models_come_from_memory_files_and_by_name(aaa, shelf_dir):
    model = esvae_core.load(aaa).model
    assert '"atlas": null' in esvae_core.widget(model)._page
    assert esvae_core.widget("digits-plus", view="map").dims == 32
    plain = esvae_core.widget(shelf_dir / "plain.safetensors")
    with pytest.raises(InputError, match=r"^spikes: this model has none$"):
        plain.spikes = np.zeros((8, 6))
    with pytest.raises(InputError, match="has no map to open at"):
        esvae_core.widget(model, "map")
    assert esvae_core.widget(shelf_dir / "rival.safetensors").spiking
    with pytest.raises(CheckpointError, match="nowhere: cannot be read"):
        esvae_core.widget("nowhere")


def test_without_anywidget_it_says_what_to_install(aaa, monkeypatch):
    monkeypatch.delitem(sys.modules, "esvae_core.explorer_widget", raising=False)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(
        ConfigError, match=r"^the explorer in a notebook needs anywidget: pip install 'esvae\[notebook\]'$"
    ):
        esvae_core.widget(aaa)


@contextmanager
def jupyter(folder: Path) -> Iterator[str]:
    """JupyterLab over a folder, all of whose own files are there, too; gives its address."""
    port = free_port()
    places = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = os.environ | places | {"IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": str(ROOT)}
    options = ["--no-browser", "--allow-root", f"--ServerApp.port={port}", "--IdentityProvider.token="]
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "jupyter", "lab", *options, f"--ServerApp.root_dir={folder}"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(600):
            assert process.poll() is None, (folder / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=10).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


class Kernel:
    """The kernel that a notebook runs in."""

    def __init__(self, runtime: Path) -> None:
        from jupyter_client import BlockingKernelClient

        (connection,) = runtime.glob("kernel-*.json")
        self._client = BlockingKernelClient(connection_file=str(connection))
        self._client.load_connection_file()
        self._client.start_channels()

    def value(self, code: str) -> object:
        """What an expression comes to there, by way of JSON; null if it is a statement."""
        parts: list[str] = []

        def hear(message: dict) -> None:
            content = message["content"]
            assert message["msg_type"] != "error", content
            parts.append(content.get("text", ""))

        self._client.execute_interactive(code, timeout=120, output_hook=hear)
        return json.loads("".join(parts) or "null")

    def close(self) -> None:
        self._client.stop_channels()


@pytest.mark.browser
@pytest.mark.linux
def test_python_and_the_page_follow_each_other_in_jupyterlab(browser, aaa, tmp_path):
    pytest.importorskip("jupyterlab", reason="needs the jupyterlab package")
    code = f"import json, esvae_core\nw = esvae_core.widget({str(aaa)!r})\nw"
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": code}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}
    (tmp_path / "explorer.ipynb").write_text(json.dumps(notebook))
    with jupyter(tmp_path) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 1200})
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.goto(f"{address}/lab/tree/explorer.ipynb")
        run_first_cell(page)
        frame = page.frame_locator(FRAME)
        frame.locator(f".view {LARGE}").wait_for()
        python = Kernel(tmp_path / "runtime")
        try:
            follow_each_other(page, frame, python, esvae_core.load(aaa).model)
        finally:
            python.close()
            context.close()


def run_first_cell(page):
    """Press Shift+Enter in it once the notebook has its kernel; dialogs, such as one that asks for it, are accepted."""
    dialog = page.locator(".jp-Dialog")
    page.add_locator_handler(dialog, lambda: dialog.locator(".jp-mod-accept").last.click())
    wait = {"timeout": 120_000}
    expect(page.locator(".jp-Toolbar-kernelName").first).to_contain_text("Python 3", **wait)
    expect(page.locator(".jp-Notebook-ExecutionIndicator").first).to_have_attribute("data-status", "idle", **wait)
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-CodeCell .jp-InputPrompt").first).to_have_text(re.compile(r"[*\d]"), **wait)


def follow_each_other(page, frame, python, model):
    shown = python.value("print(json.dumps([w.rates.tolist(), w.spikes.tolist(), w.selection]))")
    assert (np.shape(shown[0]), np.shape(shown[1]), shown[2]) == ((6,), (8, 6), [])

    python.value(f"w.rates = {NEW}")  # Python to page
    drawn = decode_with_spikes(model, np.array([NEW]), seed=FIRST_SEED, sampler="bernoulli", steps=8)
    assert soon(page, lambda: alike(pixels_of(frame), drawn.pixels[0]))
    spikes = "print(json.dumps(w.spikes.tolist()))"
    assert soon(page, lambda: python.value(spikes) == drawn.spikes[:, 0].astype(int).tolist())

    python.value("import numpy as np\nw.spikes = np.tile([[1, 0, 1], [0, 1, 0]], (4, 2))")
    mine = np.tile([[1, 0, 1], [0, 1, 0]], (4, 2))
    with torch.inference_mode():
        (picture,) = to_uint8(model.decode(torch.from_numpy(mine[:, None]).float()))
    assert soon(page, lambda: alike(pixels_of(frame), picture))

    bar = frame.get_by_role("slider", name="d1", exact=True)  # page to Python
    box = bar.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.1, steps=6)
    page.mouse.up()
    assert soon(page, lambda: python.value("print(float(w.rates[1]))") > 0.8)
    assert python.value("print(json.dumps(w.rates.tolist()))")[2:] == NEW[2:]

    frame.get_by_role("tab", name="Map").click()  # both ways
    python.value("w.selection = [3, 5]")
    frame.get_by_label("Selection").get_by_text("2 test images").first.wait_for()
    frame.get_by_role("button", name="Clear").click()
    assert soon(page, lambda: python.value("print(json.dumps(w.selection))") == [])
