"""The rivals of ordinary neurons: a variational bound, or squared error alone and a mixture fitted afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import Tensor

from esvae_core.baselines.ann import ANNCoder
from esvae_core.baselines.annvae import ANNVAE, Gaussian, kl_to_standard_normal
from esvae_core.baselines.autoencoder import Autoencoder
from esvae_core.data import ImageSet
from esvae_core.seeds import generator
from esvae_core.training.objectives.base import Gather, LossTerms, Objective, StepContext

A = TypeVar("A", bound=ANNCoder)

MIXTURE_IMAGES = 20_000
"""The mixture is fitted to the codes of at most so many training images, the first ones."""


class ANNObjective(Objective[A]):
    """What is the same for all kinds without time: a readout of one pass."""

    @torch.no_grad()
    def init_output_bias(self, mean: Tensor, steps: int) -> None:
        """As `Objective.init_output_bias`."""
        assert self.model.readout.bias is not None
        self.model.readout.bias.copy_(torch.atanh(mean))


class VAEObjective(ANNObjective[ANNVAE]):
    """Squared error + kl_weight x Kullback-Leibler divergence (docs/baselines.md)."""

    def noise(self, count: int, mine: slice, source: torch.Generator, context: StepContext) -> tuple[Tensor, ...]:
        """Standard normal (n, d)."""
        return (torch.randn((count, self.model.config.latent_dim), generator=source)[mine],)

    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor, ...]:
        """Pictures, mean and log-variance of the posterior."""
        pictures, posterior = self.model(images, *noise)
        return (pictures, *posterior)

    def terms(self, images: Tensor, outputs: tuple[Tensor, ...], context: StepContext, gather: Gather) -> LossTerms:
        """Both are means over images."""
        pictures, mean, log_variance = outputs
        error, divergence = (pictures - images).square().mean(), kl_to_standard_normal(Gaussian(mean, log_variance))
        return LossTerms(error + self.settings.kl_weight * divergence, {"mse": error, "kl": divergence})

    @torch.no_grad()
    def validate(self, model: ANNVAE, batches: Iterable[Tensor], source: torch.Generator) -> dict[str, float]:
        """MSE of one draw of the posterior, and the divergence."""
        error, divergence, count = 0.0, 0.0, 0
        for images in batches:
            normal = torch.randn((len(images), model.config.latent_dim), generator=source).to(images)
            pictures, posterior = model(images, normal)
            error += float((pictures - images).square().mean()) * len(images)
            divergence += float(kl_to_standard_normal(posterior)) * len(images)
            count += len(images)
        return {"mse": error / count, "kl": divergence / count}


class AutoencoderObjective(ANNObjective[Autoencoder]):
    """Squared error; the mixture follows the weights."""

    def noise(self, count: int, mine: slice, source: torch.Generator, context: StepContext) -> tuple[Tensor, ...]:
        """There is none."""
        return ()

    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor, ...]:
        """Pictures."""
        return (self.model(images),)

    def terms(self, images: Tensor, outputs: tuple[Tensor, ...], context: StepContext, gather: Gather) -> LossTerms:
        """Squared error alone."""
        error = (outputs[0] - images).square().mean()
        return LossTerms(error, {"mse": error})

    @torch.no_grad()
    def validate(self, model: Autoencoder, batches: Iterable[Tensor], source: torch.Generator) -> dict[str, float]:
        """MSE."""
        error, count = 0.0, 0
        for images in batches:
            error += float((model(images) - images).square().mean()) * len(images)
            count += len(images)
        return {"mse": error / count}

    @torch.no_grad()
    def finalize(self, model: Autoencoder, data: ImageSet) -> None:
        """Fit the mixture to the codes of training images."""
        count = min(len(data), MIXTURE_IMAGES)
        batches = (data.tensor(slice(i, min(i + 256, count))).to(model.device) for i in range(0, count, 256))
        codes = torch.cat([model.encode(images) for images in batches])
        model.fit_mixture(codes, generator(self.settings.seed, "mixture"))
