"""The Poisson VAE: squared error of relaxed counts, and the divergence of two Poisson distributions."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from esvae_core.baselines.pvae import PVAE, PoissonPosterior, poisson_divergence
from esvae_core.config import TrainConfig
from esvae_core.training.objectives.ann import ANNObjective
from esvae_core.training.objectives.base import Gather, LossTerms, StepContext


def temperature_at(settings: TrainConfig, context: StepContext) -> float:
    """Of the relaxed counts: linear over the first half of the epochs, then constant."""
    first, last = settings.count_temperature
    return first + (last - first) * min(1.0, 2 * context.epoch / context.epochs)


class PVAEObjective(ANNObjective[PVAE]):
    """Squared error + kl_weight x Kullback-Leibler divergence (docs/baselines.md, equations P1 to P3)."""

    def noise(self, count: int, mine: slice, source: torch.Generator, context: StepContext) -> tuple[Tensor, ...]:
        """Standard exponential (K, n, d), and the temperature, a scalar."""
        config = self.model.config
        uniform = torch.rand((config.max_events, count, config.latent_dim), generator=source)[:, mine]
        return -torch.log1p(-uniform), torch.tensor(temperature_at(self.settings, context))

    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor, ...]:
        """Pictures, and the posterior's two parts."""
        pictures, posterior = self.model(images, *noise)
        return (pictures, *posterior)

    def terms(self, images: Tensor, outputs: tuple[Tensor, ...], context: StepContext, gather: Gather) -> LossTerms:
        """Both are means over images."""
        pictures, *parts = outputs
        posterior = PoissonPosterior(*parts)
        error, divergence = (pictures - images).square().mean(), poisson_divergence(posterior)
        watched = {"spikes": posterior.rates.detach().sum(1).mean()}
        return LossTerms(error + self.settings.kl_weight * divergence, {"mse": error, "kl": divergence}, watched)

    @torch.no_grad()
    def validate(self, model: PVAE, batches: Iterable[Tensor], source: torch.Generator) -> dict[str, float]:
        """MSE of one draw of Poisson counts, the divergence, and expected spikes an image."""
        error, divergence, spikes, count = 0.0, 0.0, 0.0, 0
        for images in batches:
            posterior = model.encode(images)
            pictures = model.decode(model.draw(posterior.rates, source))
            error += float((pictures - images).square().mean()) * len(images)
            divergence += float(poisson_divergence(posterior)) * len(images)
            spikes += float(posterior.rates.sum())
            count += len(images)
        return {"mse": error / count, "kl": divergence / count, "spikes": spikes / count}
