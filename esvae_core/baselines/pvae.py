"""A variational autoencoder with latent spike counts.

Vafaii, Galor, Yates, "Poisson variational autoencoder", NeurIPS 2024, arXiv 2405.14473. The encoder says by how much
each neuron's log-rate departs from the learned prior's; counts are Poisson. Equations P1 to P3 of docs/baselines.md.
N images, d neurons, K events.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from esvae_core.baselines.ann import ANNCoder
from esvae_core.config import PVAEConfig
from esvae_core.engine.ann import FEATURES
from esvae_core.image_model import check_count


class PoissonPosterior(NamedTuple):
    """Poisson distributions of the counts of N images."""

    log_ratio: Tensor
    """(N, d): natural logarithm of posterior over prior rate, within the model's `residual_bound`."""
    log_prior_rates: Tensor
    """(d,): of the prior, the same for all images."""

    @property
    def log_rates(self) -> Tensor:
        """(N, d): natural logarithm of the rates (equation P1)."""
        return self.log_prior_rates + self.log_ratio

    @property
    def rates(self) -> Tensor:
        """(N, d): expected spikes an image."""
        return self.log_rates.exp()


class CountSample(NamedTuple):
    """N pictures, and the spike counts (N, d) they were decoded from."""

    images: Tensor
    counts: Tensor


def poisson_divergence(posterior: PoissonPosterior) -> Tensor:
    """Kullback-Leibler divergence from the prior, in nats: sum over neurons, mean over images (equation P2)."""
    y = posterior.log_ratio.exp()
    return (posterior.log_prior_rates.exp() * (1 - y + y * posterior.log_ratio)).sum(1).mean()


def relaxed_counts(rates: Tensor, exponentials: Tensor, temperature: Tensor | float) -> Tensor:
    """Differentiable counts of a Poisson process in unit time (equation P3).

    Args:
        rates: (N, d), above 0.
        exponentials: (K, N, d) standard exponential numbers; divided by a rate they are times between events.
        temperature: width of the threshold at time 1; at 0 the limit is the number of the K events before it.

    Returns:
        (N, d), from 0 to K.
    """
    times = exponentials.cumsum(0) / rates
    return ((1 - times) / temperature).sigmoid().sum(0)


class PVAE(ANNCoder):
    """Poisson posterior, and a Poisson prior whose rates are learned."""

    config: PVAEConfig
    feature_name: ClassVar[str] = FEATURES["pvae"]

    def __init__(self, config: PVAEConfig | None = None) -> None:
        super().__init__(config or PVAEConfig())

    def _add_latent(self) -> None:
        self.to_log_ratio = nn.Linear(self.config.feature_dim, self.config.latent_dim)
        self.log_prior_rates = nn.Parameter(torch.zeros(self.config.latent_dim))

    def encode(self, images: Tensor) -> PoissonPosterior:
        """Images (N, C, H, W) in [-1, 1] -> their posterior."""
        bound = self.config.residual_bound
        residual = bound * torch.tanh(self.to_log_ratio(self._encoded(images)) / bound)
        return PoissonPosterior(residual, self.log_prior_rates)

    def forward(self, images: Tensor, exponentials: Tensor, temperature: Tensor) -> tuple[Tensor, PoissonPosterior]:
        """Encode, draw relaxed counts, decode; pictures and the posterior. Noise as in `relaxed_counts`."""
        posterior = self.encode(images)
        return self.decode(relaxed_counts(posterior.rates, exponentials, temperature)), posterior

    @torch.no_grad()
    def draw(self, rates: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Rates (N, d) -> Poisson counts (N, d), whole numbers as float32."""
        device = generator.device if generator is not None else "cpu"
        return torch.poisson(rates.to(device), generator=generator).to(self.device)

    @torch.no_grad()
    def reconstruct(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> pictures decoded from one draw of Poisson counts."""
        return self.decode(self.draw(self.encode(images).rates, generator))

    @torch.no_grad()
    def reconstruct_mean(self, images: Tensor) -> Tensor:
        """Images -> pictures decoded from the rates in place of counts; no chance is in them."""
        return self.decode(self.encode(images).rates)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> CountSample:
        """`n` pictures decoded from counts of the prior."""
        counts = self.draw(self.sample_codes(n).exp(), generator)
        return CountSample(self.decode(counts), counts)

    def sample_codes(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """(n, d) log-rates of new pictures, which are the prior's: all chance is in the counts."""
        return self.log_prior_rates.detach().expand(check_count(n), -1)

    @torch.no_grad()
    def features(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Images -> (N, d) natural logarithms of the rates; no chance is in them."""
        return self.encode(images).log_rates
