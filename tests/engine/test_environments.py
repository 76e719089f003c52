"""The compiled engine in processes of another kind: without a compiler, a cache, vectors or a second core."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

START = """
import numpy as np
from esvae_core import ModelConfig
from esvae_core.engine import event_kernels, plan_of, reference
from esvae_core.engine.event_engine import Events
from tests.engine.networks import SOFT
from tests.engine.test_event_engine import network, pictures, same_as_reference, trains

config = ModelConfig(image_size=8, channels=(3, 33), latent_dim=5, latent_neuron=SOFT)
plan = plan_of(network(config))
"""

CHECK = (
    START
    + """
same_as_reference(Events(plan), plan, pictures(config, 3), trains(config, 4, 3), threads=2)
"""
)

DECODED = (
    START
    + """
spikes = trains(config, 4, 1)
(made,) = np.tanh(Events(plan).decode(spikes).pictures)
assert np.array_equal(made, reference.trace_decode(plan, spikes[:, 0]).images[-1])
"""
)

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


def test_on_one_core():
    one = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system does not tie processes to cores")
    process(one + CHECK + COMPILED, NUMBA_NUM_THREADS="1", OMP_NUM_THREADS="1")


@pytest.mark.slow
def test_on_a_processor_without_vectors_compiled_once_and_cached_in_a_folder_that_was_missing(tmp_path):
    cache = tmp_path / "not" / "there"
    narrow = "assert 'ymm' not in ''.join(event_kernels.decode.inspect_asm().values())\n"
    hits = "print(sum(event_kernels.decode.stats.cache_hits.values()))\n"
    place = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(cache)}
    assert process(CHECK + COMPILED + narrow + hits, **place) == "0\n"
    assert process(CHECK + COMPILED + hits, **place) == "1\n"
    assert list(cache.rglob("*.nbi"))


def test_without_a_folder_to_cache_in():
    process(WITHOUT_CACHE + DECODED + COMPILED + "assert event_kernels.decode.stats.cache_path is None\n")
