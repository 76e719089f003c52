"""Statistics of batch normalisation that fit the weights which are kept (Wu & Johnson, arXiv 2105.07576, section 3).

Running statistics are averages over small batches and over weights that have changed since, and those of averaged
weights belong to no weights at all. In a network of spikes that shows, since a rate is a whole number of spikes: a
drive that is a little off moves some of them. Where many neurons have the same drive, as those of a plain background
have, they move all at once, and batches of training differ by a whole spike of each. So layers are measured one after
the other: what a layer is fed comes from layers that are as they will be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from esvae_core.data import ImageSet
from esvae_core.esvae import ESVAE
from esvae_core.layers import SpikingLayer
from esvae_core.seeds import generator

BATCH = 250
"""Images of 32 x 32 pixels at a time, and fewer of larger ones, so that the memory is bounded."""


class _Measured(Exception):
    """Raised behind the layer that is measured: those after it need not run."""


@torch.no_grad()
def calibrate(
    model: ESVAE, data: ImageSet, count: int, seed: int, report: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Replace a model's running statistics by those of training images, layer by layer; leave it in evaluation mode.

    Args:
        model: changed in place; its weights stay.
        data: training images.
        count: how many of them, drawn at random; all if there are fewer.
        seed: of the choice of images and the noise.
        report: told how many images were seen, all layers together, of how many.

    Returns:
        How many images there were.
    """
    source = generator(seed, "calibration")
    rows = torch.randperm(len(data), generator=source)[:count].numpy()
    size = max(model.config.image_size, 32)
    batches = np.array_split(rows, -(-len(rows) * size**2 // (BATCH * 32**2)))
    encoder = [layer for layer in (*model.encoder, model.to_latent) if isinstance(layer, SpikingLayer)]
    decoder = [layer for layer in (model.from_latent, *model.decoder) if isinstance(layer, SpikingLayer)]
    model.eval()

    def images(batch: np.ndarray) -> Tensor:
        return data.tensor(batch).to(model.device)

    done = 0
    for layer in encoder:
        _measure(layer, (partial(model.encode, images(batch), engine="dense") for batch in batches))
        report(done := done + len(rows), len(rows) * len(encoder + decoder))
    spikes = [model.sample_spikes(model.encode(images(batch)).rates, source) for batch in batches]
    for layer in decoder:
        _measure(layer, (partial(model.decode, trains, engine="dense") for trains in spikes))
        report(done := done + len(rows), len(rows) * len(encoder + decoder))
    return len(rows)


def _measure(layer: SpikingLayer, passes: Iterable[Callable[[], object]]) -> None:
    """Give a layer the mean and variance of the drives of several passes, all of their values together."""
    norm, found = layer.norm, []
    momentum, norm.momentum = norm.momentum, 1.0  # after a pass, the running statistics are those of the pass
    hook = layer.register_forward_hook(_stop)
    norm.train()
    try:
        for run in passes:
            try:
                run()
            except _Measured as at:
                found.append((at.args[0], norm.running_mean.double(), norm.running_var.double()))
    finally:
        hook.remove()
        norm.momentum = momentum
        norm.eval()
    counts, means, variances = (torch.stack(column) for column in zip(*found, strict=True))
    counts, total = counts[:, None], counts.sum()
    mean = (counts * means).sum(0) / total
    squares = (counts - 1) * variances + counts * (means - mean).square()
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(squares.sum(0) / (total - 1))


def _stop(layer: nn.Module, inputs: tuple[Tensor, ...], spikes: Tensor) -> None:
    raise _Measured(spikes.new_tensor(spikes.numel() / spikes.shape[1], dtype=torch.float64))
