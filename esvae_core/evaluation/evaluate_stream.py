"""`esvae evaluate --stream`: the figures of `evaluate`, of images that need not fit into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from esvae_core.data.imageset import scaled
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.cost import costs
from esvae_core.evaluation.evaluate import Report
from esvae_core.evaluation.random_subset import MMD_BLOCK, mmd_in_blocks
from esvae_core.hardware import place, total
from esvae_core.seeds import generator

if TYPE_CHECKING:
    from lightning_fabric import Fabric

MOST_RATES = 10_000
"""Images whose rates are kept for the MMD, the first ones of all processes together."""
SPLIT = "streamed"
"""What a report says in place of a split: all that there is."""


@torch.no_grad()
def evaluate_stream(
    model: ESVAE,
    name: str,
    batches: Iterable[NDArray[np.uint8]],
    *,
    fabric: Fabric | None = None,
    steps: int | None = None,
    sampler: str | None = None,
    seed: int = 0,
    report: Callable[[int], None] = lambda count: None,
) -> Report:
    """Measure a model on images as they come.

    Args:
        model: of images, in evaluation mode.
        name: of the data set, for the report.
        batches: this process's share, (n, C, H, W) of the model's size.
        fabric: launched; its processes share the images, and the noise of an image depends on how many there are. This
            one alone unless given.
        steps, sampler: the model's unless given.
        seed: of the sampling noise and the prior.
        report: called with the number of images of each batch.

    Returns:
        The same in all processes.

    Raises:
        InputError: there is no image, or it is a model of recordings.
    """
    if model.config.takes_frames:
        raise InputError("evaluate: a model of recordings is measured on a data set in memory; leave --stream out")
    steps = model.config.time_steps if steps is None else steps
    sampler = sampler or model.config.sampler
    rank, world = place(fabric)
    noise = generator(seed, "evaluate", "stream", rank)
    rates: list[Tensor] = []
    room = MOST_RATES // world
    sums = torch.zeros(4, dtype=torch.float64)  # images, errors, their squares, means of the latent spikes
    firing: dict[str, float] = {}
    for batch in batches:
        for part in np.array_split(batch, math.ceil(len(batch) * steps / 4000)):  # about 250 images at T = 16
            images = scaled(part).to(model.device)
            fired: dict[str, float] = {}
            posterior = model.encode(images, steps=steps, firing=fired)
            spikes = model.sample_spikes(posterior.rates, noise, sampler, steps=steps)
            error = (model.decode(spikes, firing=fired) - images).square().flatten(1).mean(1).double()
            count = len(images)
            sums += torch.tensor([count, float(error.sum()), float(error.square().sum()), float(spikes.mean()) * count])
            firing = {layer: firing.get(layer, 0.0) + rate * count for layer, rate in fired.items()}
            if room > 0:
                rates.append(posterior.rates[:room].cpu())
                room -= len(rates[-1])
            report(count)
    in_all = total(fabric, sums)
    images_in_all = int(in_all[0])
    if not images_in_all:
        raise InputError(f"evaluate: expected at least one image, got none of {name}")
    layers = _names(fabric, list(firing))
    means = total(fabric, torch.tensor([firing.get(layer, 0.0) for layer in layers], dtype=torch.float64))
    firing = dict(zip(layers, (means / images_in_all).tolist(), strict=True))
    error_mean, latent_rate = float(in_all[1]) / images_in_all, float(in_all[3]) / images_in_all
    variance = max(0.0, (float(in_all[2]) - images_in_all * error_mean**2) / max(1, images_in_all - 1))
    kept = _rates(fabric, torch.cat([torch.zeros(0, model.config.latent_dim), *rates]))
    prior = model.prior_rates(len(kept), generator=generator(seed, "evaluate", "prior")).cpu()
    return Report(
        dataset=name,
        split=SPLIT,
        images=images_in_all,
        time_steps=steps,
        sampler=sampler,
        seed=seed,
        mse=error_mean,
        mse_standard_error=math.sqrt(variance / images_in_all),
        mmd_biased=mmd_in_blocks(kept, prior, unbiased=False),
        mmd_unbiased=mmd_in_blocks(kept, prior, unbiased=True) if len(kept) > 1 else None,
        mmd_block=min(MMD_BLOCK, len(kept)),
        latent_rate=latent_rate,
        firing_rates=firing,
        parameters=sum(p.numel() for p in model.parameters()),
        costs=costs(model.config, steps, firing, latent_rate),
    )


def _names(fabric: Fabric | None, own: list[str]) -> list[str]:
    """Names of the layers, also in a process without images."""
    every = (fabric.broadcast(own, src=rank) for rank in range(fabric.world_size)) if fabric else ()
    return next(filter(None, every), own)


def _rates(fabric: Fabric | None, own: Tensor) -> Tensor:
    """The rates that all processes kept, in the order of their ranks."""
    rank, world = place(fabric)
    counts = torch.zeros(world, dtype=torch.long)
    counts[rank] = len(own)
    counts = total(fabric, counts)
    first = int(counts[:rank].sum())
    kept = torch.zeros(int(counts.sum()), own.shape[1])
    kept[first : first + len(own)] = own
    return total(fabric, kept)
