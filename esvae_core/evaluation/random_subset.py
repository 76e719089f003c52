"""Parts of a split, drawn at random: ordered ones mislead, since data sets are sorted by class or origin."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from esvae_core.data import ImageSet
from esvae_core.latent import mmd

MMD_BLOCK = 1_000
"""Rates that MMD compares at a time: its time and memory are quadratic."""


def some(data: ImageSet, count: int | None) -> ImageSet:
    """At most `count` images, drawn at random but the same each time, in the order of the split."""
    if count is None or count >= len(data):
        return data
    return data.take(np.sort(np.random.default_rng(0).permutation(len(data))[:count]), data.split)


def shuffled(data: ImageSet) -> ImageSet:
    """All images in a random order that is the same each time: any part of it is a random one."""
    return data.take(np.random.default_rng(0).permutation(len(data)), data.split)


def mmd_in_blocks(rates: Tensor, prior: Tensor, *, unbiased: bool) -> float:
    """MMD of posterior and prior rates, mean over random blocks of 1,000 (fewer, where there are fewer).

    Args:
        rates: (N, d) of images, in any order; what is left over from whole blocks is not looked at.
        prior: (N, d) rates drawn from the prior.
        unbiased: as in `mmd`.
    """
    block = min(MMD_BLOCK, len(rates))
    rates = rates[torch.from_numpy(np.random.default_rng(0).permutation(len(rates)))]
    starts = range(0, len(rates) - block + 1, block)
    parts = [mmd(rates[s : s + block], prior[s : s + block], unbiased=unbiased) for s in starts]
    return float(torch.stack(parts).double().mean())
