"""The latent that controls move: d heights from 0 to 1, and the pictures they give.

Of an ESVAE a height is a firing rate. Of a model without spikes it is the place of a latent number in its range, see
`esvae_core.engine.ann`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from esvae_core.baselines.ann import ANNCoder
from esvae_core.data.imageset import ImageSet
from esvae_core.engine import ann
from esvae_core.errors import KindError
from esvae_core.esvae import ESVAE
from esvae_core.image_model import ImageModel
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
        if not isinstance(model, ESVAE | ANNCoder):
            raise KindError(f"controls: a model of kind {model.config.kind} has a latent that is no vector of numbers")
        self._model = model
        self._plan = None if isinstance(model, ESVAE) else ann.ann_plan_of(model)
        self.spiking = isinstance(model, ESVAE)
        self.size = model.config.latent_dim

    @torch.inference_mode()
    def heights(self, data: ImageSet) -> F32:
        """(N, d) of a split's images."""
        found = []
        for start in range(0, len(data), _AT_A_TIME):
            latent = self._model.features(data.tensor(slice(start, start + _AT_A_TIME))).cpu().numpy()
            found.append(latent if self._plan is None else self._plan.heights(latent))
        return np.concatenate(found).astype(np.float32)

    @torch.inference_mode()
    def pictures(self, heights: F32, seed: int) -> Pixels:
        """(N, d) heights -> (N, C, H, W) pixels: one draw of the model's own sampler at its own T.

        Row i meets the same noise whatever the heights, so that two calls differ by the heights alone.
        """
        model, parts = self._model, []
        for start in range(0, len(heights), _AT_A_TIME):
            some = torch.from_numpy(heights[start : start + _AT_A_TIME])
            if isinstance(model, ESVAE):
                source = generator(seed, "controls", start)
                images = model.decode(model.sample_spikes(some.to(model.device), source))
            else:
                assert self._plan is not None
                seeds = [(seed + start + i) % 2**32 for i in range(len(some))]
                images = model.decode(torch.from_numpy(self._plan.inputs(some.numpy(), seeds)).float().to(model.device))
            parts.append(to_uint8(images).transpose(0, 3, 1, 2))
        return np.concatenate(parts)
