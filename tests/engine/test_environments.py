"""The compiled engine in processes of another kind: without a compiler, a cache, vectors or a second core."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHECK = """
import os
import numpy as np
from esvae_core import ModelConfig
from esvae_core.engine import event_kernels, plan_of
from esvae_core.engine.event_engine import Events
from tests.engine.networks import SOFT
from tests.engine.test_event_engine import network, pictures, same_as_reference, trains

config = ModelConfig(image_size=8, channels=(3, 33), latent_dim=5, latent_neuron=SOFT)
plan = plan_of(network(config))
same_as_reference(Events(plan), plan, pictures(config, 3), trains(config, 4, 3), threads=2)
"""

WITHOUT_CACHE = """
import tempfile

def refuse(*args, **kwargs):
    raise PermissionError("read-only")

tempfile.TemporaryFile = refuse  # how Numba finds out whether it may write to a folder
"""

COMPILED = "assert event_kernels.decode.signatures and event_kernels.decode.targetoptions['nogil']\n"


def process(code, **environment):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_without_a_compiler():
    process(CHECK + "assert not hasattr(event_kernels.decode, 'signatures')\n", NUMBA_DISABLE_JIT="1")


def test_on_a_processor_without_vectors(tmp_path):
    check = CHECK + COMPILED + "assert 'ymm' not in ''.join(event_kernels.decode.inspect_asm().values())\n"
    process(check, NUMBA_CPU_NAME="generic", NUMBA_CACHE_DIR=str(tmp_path))


def test_on_one_core():
    one = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not tie processes to cores")
    process(one + CHECK + COMPILED, NUMBA_NUM_THREADS="1", OMP_NUM_THREADS="1")


def test_compiled_once_and_cached_in_a_folder_that_was_missing(tmp_path):
    cache = tmp_path / "not" / "there"
    hits = CHECK + COMPILED + "print(sum(event_kernels.decode.stats.cache_hits.values()))\n"
    assert [process(hits, NUMBA_CACHE_DIR=str(cache)) for _ in range(2)] == ["0\n", "1\n"]
    assert list(cache.rglob("*.nbi"))


def test_without_a_folder_to_cache_in(tmp_path):
    process(WITHOUT_CACHE + CHECK + COMPILED + "assert event_kernels.decode.stats.cache_path is None\n")
