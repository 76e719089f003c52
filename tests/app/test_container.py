"""The explorer where it may write nothing and is nobody: the commands of the Containerfile without a container.

A mount namespace makes the whole system read-only but for one small temporary folder; the processes run under a user
id that no account has, without HOME. They may read everything, as a container's user may read its image.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import catalogue, server_decode
from app.state import encode
from benchmarks.free_port import free_port
from esvae_core.explore.array_format import write_arrays

from .conftest import ROOT
from .visits import LINK

pytestmark = pytest.mark.linux

CONTAINERFILE = (ROOT / "Containerfile").read_text("utf-8")
HEALTH, START = (json.loads(found) for found in re.findall(r"CMD (\[.*\])", CONTAINERFILE))
PORT = "8501"
"""Of the Containerfile."""
_NOBODY = 54321
_CONFINE = 'mount -o remount,bind,ro / && mount -t tmpfs tmpfs "$TMPDIR" && exec "$@"'
_DROP = ["setpriv", "--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups", "--no-new-privs"]
_READ_ALL = [
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--bounding-set=-all,+dac_read_search",
]


@dataclass(frozen=True)
class Confined:
    """How to start processes there.

    Attributes:
        port: Of the explorer, in place of the Containerfile's.
        environment: All of it.
    """

    port: int
    environment: dict[str, str]

    def command(self, words: list[str]) -> list[str]:
        """A command line of the Containerfile, confined."""
        python = [sys.executable, "-P"]
        program = {"esvae": [*python, "-m", "esvae_core"], "python": python}[words[0]]
        rest = [word.replace(PORT, str(self.port)) for word in words[1:]]
        return ["unshare", "--mount", "sh", "-c", _CONFINE, "sh", *_DROP, *_READ_ALL, *program, *rest]


@pytest.fixture(scope="module")
def confined(shelf_dir, tmp_path_factory) -> Iterator[Confined]:
    """The explorer, started by the Containerfile's command."""
    folder = tmp_path_factory.mktemp("confined")
    temporary = folder / "tmp"
    temporary.mkdir()
    port = free_port("0.0.0.0")
    environment = {
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(temporary),
        "ESVAE_CHECKPOINTS": str(shelf_dir),
    }
    found = Confined(port, environment)
    check = "import os, sys; sys.exit(os.getuid() == 0 or os.access(sys.argv[1], os.W_OK))"
    if not all(map(shutil.which, ("unshare", "setpriv"))) or os.getuid():
        pytest.skip("needs unshare, setpriv and to be root")
    tried = subprocess.run(
        found.command(["python", "-c", check, str(ROOT)]), env=environment, capture_output=True, text=True
    )
    if tried.returncode:
        pytest.skip(f"this system does not let processes be confined: {tried.stderr}")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(found.command(START), env=environment, cwd="/", stdout=log, stderr=log)
    try:
        until_it_answers(found, process, folder / "log")
        yield found
    finally:
        process.terminate()
        assert process.wait(20) is not None


def until_it_answers(confined: Confined, process: subprocess.Popen[bytes], log: Path) -> None:
    """By the Containerfile's own health check."""
    for _ in range(100):
        assert process.poll() is None, log.read_text()
        checked = subprocess.run(confined.command(HEALTH), env=confined.environment, capture_output=True, text=True)
        if checked.returncode == 0:
            return
        # nobody listens yet, or it takes more than the check's 5 s to answer while it starts on a busy machine
        assert "Connection refused" in checked.stderr or "timed out" in checked.stderr, checked.stderr
        time.sleep(0.2)
    raise AssertionError(f"the health check does not pass: {log.read_text()}")


def answer(confined: Confined, path: str, method: str = "GET") -> bytes:
    """What the explorer answers its own page."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{confined.port}/esvae/{path}", headers={"x-esvae": "1"}, method=method
    )
    with urllib.request.urlopen(request, timeout=120) as got:
        return got.read()


def test_it_draws_what_is_drawn_elsewhere(confined, shelf_dir, monkeypatch):
    monkeypatch.setattr(catalogue, "folders", lambda: [shelf_dir])
    names = {each["name"] for each in json.loads(answer(confined, "models"))}
    assert {"aaa", "mnist-poisson"} <= names
    here = server_decode.drawn(LINK)
    expected = write_arrays({}, {"spikes": here.spikes[:, 0].astype("uint8"), "pixels": here.pixels[0]})
    assert answer(confined, f"draw?s={encode(LINK)}") == expected


@pytest.mark.slow
def test_it_draws_maps(confined):
    """UMAP compiles with a cache of its own, for which there is only the temporary folder."""
    digest = json.loads(answer(confined, "model/aaa"))["hash"]
    begun = json.loads(answer(confined, f"map/{digest}?neighbors=5&min_dist=0.2", "POST"))
    for _ in range(1200):
        state = json.loads(answer(confined, f"map-state/{begun['key']}"))["state"]
        if state != "running":
            break
        time.sleep(0.2)
    assert state == "done"
    assert len(answer(confined, f"map-data/{begun['key']}")) > 100
