from __future__ import annotations

import numpy as np
import pytest
import torch

from esvae_core.config import ModelConfig
from esvae_core.data import ImageSet
from esvae_core.esvae import ESVAE


@pytest.fixture(scope="session")
def model():
    torch.manual_seed(0)
    made = ESVAE(ModelConfig(image_size=16, channels=(8, 8), latent_dim=6, time_steps=8)).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6)  # an untrained network is silent
    return made


@pytest.fixture(scope="session")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (300, 1, 16, 16), dtype=np.uint8)
    labels = np.arange(300) % 3
    return ImageSet(pixels, labels, ("x", "y", "z"), "noise", "test", "f" * 64, np.arange(300) + 1000)
