"""From firing rates to spikes and a picture, under noise that has a name; or from a latent without spikes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from esvae_core.config import Sampler
from esvae_core.engine import ann, noise
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.explore.latent_interface import Explorable
from esvae_core.pictures import to_uint8


@dataclass(frozen=True, eq=False)
class Decoded:
    """What N rate vectors look like under one draw of noise.

    Attributes:
        spikes: (T, N, d) bool; T = 0 where the model has none.
        pixels: (N, H, W, C) uint8.
    """

    spikes: NDArray[np.bool_]
    pixels: NDArray[np.uint8]


@torch.inference_mode()
def decode_with_spikes(
    model: Explorable,
    rates: NDArray[np.floating],
    *,
    seed: int,
    sampler: Sampler,
    steps: int,
    flips: Collection[int] = (),
) -> Decoded:
    """Decode rates under frozen noise: the same arguments give the same picture, here and in the explorer's page.

    All N vectors meet the same noise, so what differs between their pictures comes from their rates alone.

    Args:
        model: The network.
        rates: (N, d) in [0, 1]; heights, of a model without spikes, to which what follows means nothing.
        seed: Names the noise, see `esvae_core.engine.noise`.
        sampler: 'bernoulli' or 'systematic'.
        steps: Time steps T.
        flips: Cells t * d + j of the raster whose spikes are turned after the noise has drawn them.

    Raises:
        InputError: if the rates have another shape, or are not finite numbers from 0 to 1, or a flip is of no cell.
    """
    dims = model.config.latent_dim
    if rates.ndim != 2 or rates.shape[1] != dims or not len(rates):
        raise InputError(f"rates: expected shape (N, {dims}), got {rates.shape}")
    if not isinstance(model, ESVAE):
        images = torch.from_numpy(ann.decode(ann.ann_plan_of(model), rates))
        return Decoded(np.empty((0, *rates.shape), bool), to_uint8(images))
    spikes = np.stack([noise.sample(row, seed, sampler, steps) for row in rates.astype(np.float32)], axis=1)
    if not all(0 <= cell < steps * dims for cell in flips):
        raise InputError(f"flips: expected cells from 0 to {steps * dims - 1}")
    t, j = np.divmod(np.array(list(flips), np.intp), dims)
    spikes[t, :, j] = 1 - spikes[t, :, j]
    images = model.decode(torch.from_numpy(spikes).to(model.device))
    return Decoded(spikes.astype(bool), to_uint8(images))
