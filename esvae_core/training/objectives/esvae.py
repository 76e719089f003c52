"""ESVAE: squared error and a little MMD between the rates of posterior and prior."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import Tensor

from esvae_core.esvae import ESVAE
from esvae_core.latent import mmd
from esvae_core.loss import esvae_loss
from esvae_core.training.objectives.base import Gather, LossTerms, SpikingObjective, StepContext
from esvae_core.training.schedule import mmd_weight

_MMD_ROWS = 1000


class ESVAEObjective(SpikingObjective[ESVAE]):
    """docs/math.md, equation 8."""

    capturable: ClassVar[bool] = True

    def noise(self, count: int, mine: slice, source: torch.Generator, context: StepContext) -> tuple[Tensor, ...]:
        """Uniform (T, n, d) for spikes, standard normal (n, d) for the prior; then, as the settings ask, (n, d) bool.

        If samplers are mixed: which neurons are sampled systematically. If rates are swapped: which neurons have those
        of another image, one of the same process.
        """
        d, share, swap = self.model.config.latent_dim, self.settings.systematic_share, self.settings.factor_swap
        uniform = torch.rand((self.model.config.decoder_steps(context.steps), count, d), generator=source)
        normal = torch.randn((count, d), generator=source)
        asked = []
        if share is not None:
            asked.append(torch.rand((count, d), generator=source)[mine] < share)
        if swap:
            assert context.factors is not None
            untaught = torch.arange(d) >= context.factors.shape[1]
            which = torch.rand((count, 1), generator=source) < swap
            if self.settings.factor_pairs:
                which[::2] = False  # the image before is no other drawing of the same
            asked.append(which[mine] & untaught)
        return uniform[:, mine], normal[mine], *asked

    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor, ...]:
        """Pictures, rates of the posterior, rates of the prior."""
        uniform, normal, *asked = noise
        systematic = asked.pop(0) if self.settings.systematic_share is not None else None
        swap = asked.pop(0) if self.settings.factor_swap else None
        steps = len(uniform) - self.model.config.lead_steps
        output = self.model(images, noise=uniform, normal=normal, steps=steps, systematic=systematic, swap=swap)
        return output.images, output.posterior.rates, output.prior_rates

    def terms(self, images: Tensor, outputs: tuple[Tensor, ...], context: StepContext, gather: Gather) -> LossTerms:
        """MMD compares the whole batch."""
        pictures, posterior, prior = outputs
        posterior, prior = gather(posterior), gather(prior)
        settings = self.settings
        loss = esvae_loss(
            pictures,
            images,
            posterior,
            prior,
            mmd_weight(settings, context.step),
            unbiased=settings.mmd_unbiased,
            kernel=settings.mmd_kernel,
            rate_weight=settings.rate_weight,
            factors=context.factors,
            factor_weight=settings.factor_weight,
            terms=settings.loss_terms,
        )
        watched = {"mean_rate": posterior.detach().mean()}
        if "factors" in loss.terms:
            watched["factor_error"] = loss.terms["factors"].detach()
        own = {f"loss_{name}": loss.terms[name] for name in settings.loss_terms}
        return LossTerms(loss.total, {"mse": loss.mse, "mmd": loss.mmd, **own}, watched)

    @torch.no_grad()
    def validate(self, model: ESVAE, batches: Iterable[Tensor], source: torch.Generator) -> dict[str, float]:
        """MSE, biased MMD of the first thousand rates, and the shares of neurons whose rates are all 0, or all 1."""
        error, count, rates, prior_rates = 0.0, 0, [], []
        for images in batches:
            output = model(images, generator=source)
            error += float((output.images - images).square().mean()) * len(images)
            count += len(images)
            rates.append(output.posterior.rates)
            prior_rates.append(output.prior_rates)
        every = torch.cat(rates)
        return {
            "mse": error / count,
            "mmd": float(mmd(every[:_MMD_ROWS], torch.cat(prior_rates)[:_MMD_ROWS])),
            "silent": float((every == 0).all(0).float().mean()),
            "saturated": float((every == 1).all(0).float().mean()),
        }
