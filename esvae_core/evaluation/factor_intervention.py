"""Whether pictures follow the neurons that were taught a factor: one fires otherwise, and the sprite is drawn anew."""

from __future__ import annotations

import numpy as np
import torch

from esvae_core.data import ImageSet
from esvae_core.data.sprites import redrawn
from esvae_core.evaluation.adapter import BATCH, RateAdapter
from esvae_core.seeds import generator


def factor_intervention(adapter: RateAdapter, test: ImageSet, seed: int) -> list[float]:
    """Share of the change that a picture makes when one taught neuron fires for another value of its factor.

    Every image gets the value of an image drawn at random, one factor at a time; all other neurons keep their rates.
    The picture's squared error is taken against the sprite drawn with that value, and compared with the error of the
    image as it was: 1 - error / error before. 1: it is the sprite that was asked for; 0: no nearer to it than before.

    Args:
        adapter: its first F latent neurons were taught the F factors.
        test: sprites.
        seed: of the values and of the noise.

    Returns:
        One share per factor.
    """
    assert test.factors is not None
    shares = torch.from_numpy(test.factor_shares())
    source = generator(seed, "followed")
    before, after = np.zeros(shares.shape[1]), np.zeros(shares.shape[1])
    others = [torch.randperm(len(test), generator=source) for _ in range(shares.shape[1])]
    for start in range(0, len(test), BATCH):
        rows = slice(start, start + BATCH)
        part = test.take(np.arange(len(test))[rows], test.split)
        assert part.factors is not None
        images = part.tensor()
        rates = adapter.features(images)
        for k, other in enumerate(others):
            factors, moved = part.factors.copy(), rates.clone()
            factors[:, k] = test.factors[other[rows].numpy(), k]
            moved[:, k] = shares[other[rows], k]
            asked = redrawn(part, factors).tensor()
            pictures = adapter.decode(adapter.spikes(moved, source))
            before[k] += float((images - asked).square().sum())
            after[k] += float((pictures - asked).square().sum())
    found: list[float] = (1 - after / before).tolist()
    return found
