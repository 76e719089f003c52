"""An autoencoder of ordinary neurons, and a mixture of Gaussians over its codes: the rival without a variational bound.

The mixture is fitted after the weights (Ghosh et al., "From variational to deterministic autoencoders", ICLR 2020).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from esvae_core.baselines.ann import GaussianCoder
from esvae_core.config import AutoencoderConfig
from esvae_core.engine.ann import FEATURES
from esvae_core.image_model import check_count
from esvae_core.mixture import Mixture, draw, fit


class Autoencoder(GaussianCoder):
    """No noise in the code; new codes come from the mixture, a standard normal one until `fit_mixture`."""

    config: AutoencoderConfig
    feature_name: ClassVar[str] = FEATURES["ae"]
    mixture_weights: Tensor
    mixture_means: Tensor
    mixture_factors: Tensor

    def __init__(self, config: AutoencoderConfig | None = None) -> None:
        super().__init__(config or AutoencoderConfig())

    def _add_latent(self) -> None:
        k, d = self.config.components, self.config.latent_dim
        self.to_code = nn.Linear(self.config.feature_dim, d)
        self.register_buffer("mixture_weights", torch.full((k,), 1 / k))
        self.register_buffer("mixture_means", torch.zeros(k, d))
        self.register_buffer("mixture_factors", torch.zeros(k, d, d))
        # not torch.eye, which on the meta device, where checkpoints are loaded, imports 800 modules
        self.mixture_factors.diagonal(dim1=1, dim2=2).fill_(1)

    def encode(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) in [-1, 1] -> codes (N, d)."""
        codes: Tensor = self.to_code(self._encoded(images))
        return codes

    def forward(self, images: Tensor) -> Tensor:
        """Encode and decode."""
        return self.decode(self.encode(images))

    @property
    def mixture(self) -> Mixture:
        """Where new codes come from."""
        return Mixture(self.mixture_weights, self.mixture_means, self.mixture_factors)

    def fit_mixture(self, codes: Tensor, generator: torch.Generator) -> None:
        """Fit the mixture to these codes (N, d)."""
        for name, values in fit(codes, self.config.components, generator)._asdict().items():
            getattr(self, f"mixture_{name}").copy_(values)

    @torch.no_grad()
    def reconstruct(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> pictures decoded from their codes; no chance is in them."""
        return self.decode(self.encode(images))

    def sample_codes(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """`n` codes (n, d) from the mixture."""
        return draw(self.mixture, check_count(n), generator).to(self.mixture_means)

    @torch.no_grad()
    def features(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> (N, d) codes."""
        return self.encode(images)
