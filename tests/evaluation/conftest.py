"""The reference features and the real images that FAD is checked against."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from esvae_core.data import load
from esvae_core.errors import MissingDataError

FOLDER = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def fad_reference_dir() -> Path:
    """Features of the reference implementation, and its files."""
    beside = FOLDER.parent / "shared" / "reference"
    folder = Path(os.environ.get("ESVAE_REFERENCE_DIR", beside)) / "fad"
    if not (folder / "mnist_features.npz").exists():
        pytest.skip("no reference features here; name their folder in ESVAE_REFERENCE_DIR")
    return folder


@pytest.fixture(scope="session")
def real_images():
    """Images of a part in their source's order; skips the test where the data set is not on disk."""

    def read(name, part):
        place = os.environ.get("ESVAE_DATA_DIR", FOLDER.parent / "shared" / "data")
        try:
            splits = ("train", "validation") if part == "train" else ("test",)
            sets = [load(name, split, data_dir=place, download=False) for split in splits]
        except MissingDataError:
            pytest.skip(f"{name}'s files are not here; name their folder in ESVAE_DATA_DIR")
        order = np.argsort(np.concatenate([s.indices for s in sets]))
        return np.concatenate([s.images for s in sets])[order]

    return read
