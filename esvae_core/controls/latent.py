"""The latent that controls move: d heights from 0 to 1, and the pictures they give.

Of an ESVAE a height is a firing rate, and of an FSVAE, whose latent is a spike train, how often a neuron spikes in it,
over T. Of a model without spikes it is the place of a latent number in its range, see `esvae_core.engine.ann`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from esvae_core.baselines.ann import ANNCoder
from esvae_core.baselines.fsvae import FSVAE
from esvae_core.data.imageset import ImageSet
from esvae_core.engine import ann, autoregressive
from esvae_core.errors import KindError
from esvae_core.esvae import ESVAE
from esvae_core.image_model import ImageModel
from esvae_core.latent import spikes_from_rates
from esvae_core.pictures import to_uint8
from esvae_core.seeds import generator

_AT_A_TIME = 250

F32 = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Latent:
    """Encoder and decoder of one model, in heights.

    Attributes:
        spiking: Whether heights are firing rates, drawn into spikes.
        size: d.
    """

    def __init__(self, model: ImageModel) -> None:
        """Take a model.

        Raises:
            KindError: its latent is no vector of numbers.
        """
        if not isinstance(model, ESVAE | FSVAE | ANNCoder):
            raise KindError(f"controls: a model of kind {model.config.kind} has a latent that is no vector of numbers")
        self._model = model
        self._plan = ann.ann_plan_of(model) if isinstance(model, ANNCoder) else None
        self.spiking = self._plan is None
        self.size = model.config.latent_dim

    @torch.inference_mode()
    def heights(self, data: ImageSet) -> F32:
        """(N, d) of a split's images."""
        parts = (data.tensor(slice(start, start + _AT_A_TIME)) for start in range(0, len(data), _AT_A_TIME))
        return np.concatenate([self._heights(images) for images in parts]).astype(np.float32)

    def _heights(self, images: Tensor) -> F32:
        if isinstance(self._model, FSVAE):
            return _spiking_shares(self._model, images)
        latent: F32 = self._model.features(images).cpu().numpy()
        return latent if self._plan is None else self._plan.heights(latent)

    @torch.inference_mode()
    def pictures(self, heights: F32, seed: int) -> Pixels:
        """(N, d) heights -> (N, C, H, W) pixels: one draw of the model's own sampler at its own T.

        Row i meets the same noise whatever the heights, so that two calls differ by the heights alone. FSVAE's spikes
        are placed evenly in time, as in the explorer.
        """
        parts = []
        for start in range(0, len(heights), _AT_A_TIME):
            inputs = self._inputs(heights[start : start + _AT_A_TIME], seed, start)
            parts.append(to_uint8(self._model.decode(inputs)).transpose(0, 3, 1, 2))
        return np.concatenate(parts)

    def _inputs(self, heights: F32, seed: int, start: int) -> Tensor:
        """What the decoder sees of heights (N, d), the first of which is row `start` of the call."""
        model = self._model
        if self._plan is not None:
            seeds = [(seed + start + i) % 2**32 for i in range(len(heights))]
            return torch.from_numpy(self._plan.inputs(heights, seeds)).float().to(model.device)
        rates, source = torch.from_numpy(heights).to(model.device), generator(seed, "controls", start)
        if isinstance(model, ESVAE):
            return model.sample_spikes(rates, source)
        assert isinstance(model, FSVAE)
        noise = torch.rand((model.config.time_steps, *heights.shape), generator=source).to(model.device)
        return spikes_from_rates(rates, noise, "systematic")


def _spiking_shares(model: FSVAE, images: Tensor) -> F32:
    """(N, d) share of the T steps in which each neuron spikes, drawn from the posterior by the choices of seed 0."""
    config = model.config
    choices = autoregressive.choices(0, config.time_steps, config.latent_dim, config.candidates)
    chosen = torch.from_numpy(choices)[:, None].expand(-1, len(images), -1).to(model.device)
    spikes, _ = model.draw(images.to(model.device), chosen)
    shares: F32 = spikes.mean(0).cpu().numpy()
    return shares
