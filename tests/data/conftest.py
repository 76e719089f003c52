"""A cache of the test's own, and folders of data."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from .made import idx_bytes


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Nothing is read from or left in the user's cache."""
    folder = tmp_path / "user-cache"
    monkeypatch.setattr("esvae_core.data.loading.cache_dir", lambda: folder)
    return folder


@pytest.fixture
def mnist_dir(tmp_path):
    """A folder with mnist/*.gz: 60 train and 20 test images."""
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(idx_bytes(images))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx_bytes(np.arange(count, dtype=np.uint8) % 10))
    return tmp_path / "data"


@pytest.fixture
def published_dir() -> Path:
    """A folder with the published MNIST files, where this machine has one."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("ESVAE_DATA_DIR", beside))
    if not (folder / "mnist" / "train-images-idx3-ubyte.gz").exists():
        pytest.skip("no published MNIST files here; name their folder in ESVAE_DATA_DIR")
    return folder
