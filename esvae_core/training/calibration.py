"""Statistics of batch normalisation that fit the weights which are kept (Wu & Johnson, arXiv 2105.07576, section 3).

Running statistics are averages over small batches and over weights that have changed since, and those of averaged
weights belong to no weights at all. In a network of spikes that shows, since a rate is a whole number of spikes: a
drive that is a little off moves some of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from esvae_core.data import ImageSet
from esvae_core.esvae import ESVAE
from esvae_core.seeds import generator
from esvae_core.tdbn import TdBatchNorm

BATCH = 500
"""Images of 32 x 32 pixels at a time, and fewer of larger ones, so that the memory is bounded; what a layer sees is
normalised by their statistics, which are nearly those of all images."""


@torch.no_grad()
def calibrate(
    model: ESVAE, data: ImageSet, count: int, seed: int, report: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Replace a model's running statistics by means over batches of images, and leave it in evaluation mode.

    Args:
        model: changed in place; its weights stay.
        data: training images.
        count: how many of them, drawn at random; all if there are fewer.
        seed: of the choice of images and the noise.
        report: told how many images are done, of how many.

    Returns:
        How many images there were.
    """
    source = generator(seed, "calibration")
    rows = torch.randperm(len(data), generator=source)[:count].numpy()
    size = max(model.config.image_size, 32)
    batches = np.array_split(rows, max(1, len(rows) * size**2 // (BATCH * 32**2)))
    norms = [module for module in model.modules() if isinstance(module, TdBatchNorm)]
    momenta = [norm.momentum for norm in norms]
    done = 0
    model.train()
    for k, batch in enumerate(batches):
        for norm in norms:
            norm.momentum = 1 / (k + 1)  # the mean of all so far
        model(data.tensor(batch).to(model.device), generator=source)
        done += len(batch)
        report(done, len(rows))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.eval()
    return done
