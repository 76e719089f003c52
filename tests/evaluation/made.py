"""Small data and a model without rates, for the tests of the suite."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from esvae_core.config import ModelConfig
from esvae_core.data import ImageSet


def image_set(count, seed=0, size=8, split="test", classes=2):
    """Images whose class shows: class c is brighter on c of the quarters of the image."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    pixels = rng.integers(0, 100, (count, 1, size, size))
    pixels[:, :, : size // 2] += 120 * labels[:, None, None, None]
    names = tuple(map(str, range(classes)))
    return ImageSet(pixels.astype(np.uint8), labels, names, "made", split, "0" * 64, np.arange(count))


class Plain(nn.Module):
    """A model without rates: linear codes with noise, and pictures of them."""

    def __init__(self, config=None):
        super().__init__()
        self.config = config or ModelConfig(image_size=8, channels=(4,), latent_dim=3)
        self.coder = nn.Linear(64, 3)
        self.painter = nn.Linear(3, 64)

    def features(self, images, generator=None):
        return self.coder(images.flatten(1))

    def reconstruct(self, images, generator=None):
        codes = self.features(images)
        return self._paint(codes + 0.1 * torch.randn(codes.shape, generator=generator))

    def sample(self, n, generator=None):
        return type("Drawn", (), {"images": self._paint(torch.randn((n, 3), generator=generator))})()

    def _paint(self, codes):
        return torch.tanh(self.painter(codes)).view(-1, 1, 8, 8)
