"""From firing rates to spikes and a picture, under noise that has a name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from esvae_core.config import Sampler
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.pictures import to_uint8
from esvae_core.seeds import generator


@dataclass(frozen=True, eq=False)
class Drawing:
    """What N rate vectors look like under one draw of noise.

    Attributes:
        spikes: (T, N, d) bool.
        pixels: (N, H, W, C) uint8.
    """

    spikes: NDArray[np.bool_]
    pixels: NDArray[np.uint8]


@torch.inference_mode()
def draw(model: ESVAE, rates: NDArray[np.floating], *, seed: int, sampler: Sampler, steps: int) -> Drawing:
    """Decode rates under frozen noise: the same arguments give the same picture.

    All N vectors meet the same noise, so what differs between their pictures comes from their rates alone.

    Args:
        model: The network.
        rates: (N, d) in [0, 1].
        seed: Names the noise: `seeds.generator(seed, "noise")`.
        sampler: 'bernoulli' or 'systematic'.
        steps: Time steps T.

    Raises:
        InputError: if the rates have another shape, or are not finite numbers from 0 to 1.
    """
    if not (np.isfinite(rates).all() and (rates >= 0).all() and (rates <= 1).all()):
        raise InputError("rates: expected finite numbers from 0 to 1")
    given = torch.from_numpy(np.ascontiguousarray(rates, np.float32)).to(model.device)
    noise = model.noise(1, generator=generator(seed, "noise"), steps=steps)
    spikes = model.sample_spikes(given, noise=noise.expand(-1, len(given), -1), sampler=sampler)
    return Drawing(spikes.cpu().numpy().astype(bool), to_uint8(model.decode(spikes)))
