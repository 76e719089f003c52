"""The network that reads attributes off pictures."""

from __future__ import annotations

import numpy as np
import torch

from esvae_core.controls import meter
from esvae_core.controls.attributes import table_of
from esvae_core.data import load


def test_the_seed_decides_all_of_it(monkeypatch):
    monkeypatch.setattr(meter, "SEEN", 500)
    images = load("digits", "train", image_size=16)
    some = images.images[:20]
    read = []
    for state in (1, 2):  # of PyTorch's own generator, which is left as it was
        torch.manual_seed(state)
        before = torch.random.get_rng_state()
        readings = meter.Meter(images, table_of(images), seed=3).read(some)
        assert torch.equal(torch.random.get_rng_state(), before)
        read.append(readings)
    first, second = read
    assert set(first.shares) == {"class"}
    np.testing.assert_array_equal(first.shares["class"], second.shares["class"])
