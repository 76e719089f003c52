"""A variational autoencoder of ordinary neurons (Kingma and Welling, ICLR 2014): the rival without spikes."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from esvae_core.baselines.ann import GaussianCoder
from esvae_core.config import ANNVAEConfig
from esvae_core.engine.ann import FEATURES
from esvae_core.image_model import check_count
from esvae_core.mixture import Mixture


class Gaussian(NamedTuple):
    """A diagonal normal distribution per image, both (N, d)."""

    mean: Tensor
    log_variance: Tensor


def kl_to_standard_normal(posterior: Gaussian) -> Tensor:
    """Kullback-Leibler divergence from N(0, I), in nats: sum over dimensions, mean over images."""
    mean, log_variance = posterior
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()


class ANNVAE(GaussianCoder):
    """Normal posterior, standard normal prior."""

    config: ANNVAEConfig
    feature_name: ClassVar[str] = FEATURES["annvae"]

    def __init__(self, config: ANNVAEConfig | None = None) -> None:
        super().__init__(config or ANNVAEConfig())

    def _add_latent(self) -> None:
        self.to_mean = nn.Linear(self.config.feature_dim, self.config.latent_dim)
        self.to_log_variance = nn.Linear(self.config.feature_dim, self.config.latent_dim)

    @property
    def mixture(self) -> Mixture:
        """Where new codes come from: one standard normal distribution."""
        d = self.config.latent_dim
        return Mixture(torch.ones(1), torch.zeros(1, d), torch.eye(d)[None])

    def encode(self, images: Tensor) -> Gaussian:
        """Images (N, C, H, W) in [-1, 1] -> their posterior."""
        features = self._encoded(images)
        return Gaussian(self.to_mean(features), self.to_log_variance(features))

    def forward(self, images: Tensor, normal: Tensor) -> tuple[Tensor, Gaussian]:
        """Encode, draw with standard normal numbers (N, d), decode; pictures and the posterior."""
        posterior = self.encode(images)
        codes = posterior.mean + (0.5 * posterior.log_variance).exp() * normal
        return self.decode(codes), posterior

    @torch.no_grad()
    def reconstruct(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> pictures decoded from one draw of the posterior."""
        pictures, _ = self(images, self._normal((len(images), self.config.latent_dim), generator))
        assert isinstance(pictures, Tensor)
        return pictures

    def sample_codes(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """`n` codes (n, d) from the prior."""
        return self._normal((check_count(n), self.config.latent_dim), generator)

    @torch.no_grad()
    def features(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> (N, d) means of the posterior; no chance is in them."""
        return self.encode(images).mean
