"""FSVAE: squared error, and a distance between what posterior and prior offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import Tensor

from esvae_core.baselines.autoregressive import FIRST_OWN_STEP
from esvae_core.baselines.fsvae import FSVAE, bernoulli_divergence, psp_distance
from esvae_core.config import TrainConfig
from esvae_core.training.objectives.base import Gather, LossTerms, SpikingObjective, StepContext

DIVERGENCE_WEIGHT = 1e-4
"""Of the variant with a Kullback-Leibler divergence; the distance of potentials has weight 1."""


def own_share(settings: TrainConfig, context: StepContext) -> float:
    """Probability that a step goes on from the prior's own choice: linear over the epochs."""
    first, last = settings.scheduled_sampling
    return first + (last - first) * context.epoch / context.epochs


class FSVAEObjective(SpikingObjective[FSVAE]):
    """docs/baselines.md, equation B6, with scheduled sampling."""

    capturable: ClassVar[bool] = True

    def noise(self, count: int, mine: slice, source: torch.Generator, context: StepContext) -> tuple[Tensor, ...]:
        """Choices (T, n, d), steps at which the prior goes on from its own (T,), standard normal (T, n, d)."""
        config = self.model.config
        shape = (context.steps, count, config.latent_dim)
        chosen = torch.randint(config.candidates, shape, generator=source)
        own = torch.rand(context.steps, generator=source) < own_share(self.settings, context)
        own[:FIRST_OWN_STEP] = False
        normal = torch.randn(shape, generator=source)
        return chosen[:, mine], own, normal[:, mine]

    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor, ...]:
        """Pictures, candidates of the posterior, candidates of the prior."""
        output: tuple[Tensor, ...] = self.model(images, *noise)
        return output

    def terms(self, images: Tensor, outputs: tuple[Tensor, ...], context: StepContext, gather: Gather) -> LossTerms:
        """All are means over images."""
        pictures, posterior, prior = outputs
        error = (pictures - images).square().mean()
        watched = {"posterior_rate": posterior.detach().mean(), "prior_rate": prior.detach().mean()}
        if self.settings.latent_loss == "kl":
            divergence = bernoulli_divergence(posterior, prior)
            return LossTerms(error + DIVERGENCE_WEIGHT * divergence, {"mse": error, "kl": divergence}, watched)
        distance = psp_distance(posterior, prior)
        return LossTerms(error + distance, {"mse": error, "psp": distance}, watched)

    @torch.no_grad()
    def validate(self, model: FSVAE, batches: Iterable[Tensor], source: torch.Generator) -> dict[str, float]:
        """MSE, and the distance of potentials under teacher forcing."""
        error, distance, count = 0.0, 0.0, 0
        for images in batches:
            output = model(images, model.choices(len(images), source))
            error += float((output.images - images).square().mean()) * len(images)
            distance += float(psp_distance(output.posterior, output.prior)) * len(images)
            count += len(images)
        return {"mse": error / count, "psp": distance / count}
