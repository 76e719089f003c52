"""The allocator's settings, in a process of their own, for they last."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only the GNU C library's allocator is tuned")
def test_large_blocks_are_kept_and_memory_still_works():
    code = (
        "from esvae_core.malloc import keep_large_blocks\n"
        "assert keep_large_blocks() in (True, False)\n"
        "assert all(len(bytearray(50_000_000)) for _ in range(20))\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0


def test_other_systems_are_left_alone(monkeypatch):
    from esvae_core.malloc import keep_large_blocks

    monkeypatch.setattr(sys, "platform", "darwin")
    assert keep_large_blocks() is False


def test_importing_the_package_changes_nothing(tmp_path):
    code = (
        "import os, logging, pathlib, random\n"
        "before = dict(os.environ), list(logging.root.handlers), random.getstate()\n"
        "import torch, esvae_core\n"
        "assert (dict(os.environ), list(logging.root.handlers), random.getstate()) == before\n"
        "assert torch.initial_seed() == torch.default_generator.initial_seed()\n"
        "assert not list(pathlib.Path('.').iterdir())\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, timeout=120, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
