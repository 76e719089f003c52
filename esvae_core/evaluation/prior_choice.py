"""Fit priors of several sizes to the rates of training images, and keep the one that validation images like best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from esvae_core.data import ImageSet
from esvae_core.errors import InputError
from esvae_core.esvae import ESVAE
from esvae_core.evaluation.fad import sound_fad
from esvae_core.evaluation.feature_net import FeatureNet, features
from esvae_core.evaluation.frechet import gaussian
from esvae_core.fitted_prior import fit_prior
from esvae_core.latent import mmd
from esvae_core.mixture import Mixture
from esvae_core.seeds import generator


class Candidate(NamedTuple):
    """A fitted prior and what the criterion says of it."""

    components: int
    mixture: Mixture
    score: float
    """Lower is better."""


Criterion = Callable[[Mixture | Tensor | None], float]
"""Lower is better. To compare with: None asks for the model's learned prior, rates (N, d) for themselves."""

_MOST = 2000  # rates that MMD compares: its time and memory are quadratic


def validation_mmd(model: ESVAE, rates: Tensor, seed: int, *, snap: bool = False) -> Criterion:
    """Unbiased MMD between a prior's rates and those of validation images (N, d), at most 2,000 of each.

    Args:
        model: whose rates these are.
        rates: of validation images, in random order.
        seed: of the priors' draws.
        snap: as in `ESVAE.with_prior`.
    """
    held = rates[:_MOST]

    @torch.no_grad()
    def score(prior: Mixture | Tensor | None) -> float:
        if isinstance(prior, Tensor):
            count = min(len(prior), len(held))
            return float(mmd(prior[:count], held[:count], unbiased=True))
        drawn = model.with_prior(prior, snap=snap).prior_rates(len(held), generator=generator(seed, "prior", "rates"))
        return float(mmd(drawn.cpu(), held, unbiased=True))

    return score


def validation_fad(
    model: ESVAE, net: FeatureNet, data: ImageSet, seed: int, *, count: int = 2000, snap: bool = False
) -> Criterion:
    """FAD between `count` pictures from a prior and a validation split; the noise is the same for every prior.

    Args:
        model: decodes the rates, with its own sampler.
        net: the feature network, used in evaluation mode.
        data: the validation split, all of it.
        seed: of the priors' draws and the spikes.
        count: pictures per prior. FAD depends on it, so compare priors by the same.
        snap: as in `ESVAE.with_prior`.
    """
    reference = gaussian(features(net, data.tensor()))

    @torch.no_grad()
    def score(prior: Mixture | Tensor | None) -> float:
        source, size = generator(seed, "prior", "pictures"), max(1, 4000 // model.config.time_steps)
        if isinstance(prior, Tensor):
            rates = prior[:count].to(model.device)
            parts = (rates[first : first + size] for first in range(0, len(rates), size))
            pictures = [model.decode(model.sample_spikes(part, source)) for part in parts]
        else:
            fitted = model.with_prior(prior, snap=snap)
            sizes = (min(size, count - first) for first in range(0, count, size))
            pictures = [fitted.sample(n, source).images for n in sizes]
        return sound_fad(torch.cat([images.cpu() for images in pictures]), net, reference)

    return score


def choose(
    rates: Tensor,
    components: Sequence[int],
    steps: int,
    seed: int,
    criterion: Criterion,
    report: Callable[[Candidate], None] = lambda candidate: None,
) -> Candidate:
    """Fit a prior with each number of components; the one with the lowest score.

    Args:
        rates: (N, d) of training images, from `steps` time steps.
        components: numbers to try.
        steps: T.
        seed: of dither and starts.
        criterion: must rest on validation images, never on test images.
        report: called with each candidate.

    Raises:
        InputError: no number to try, or more components than rates.
    """
    if not components:
        raise InputError("components: expected at least one number to try")
    candidates = []
    for count in components:
        mixture = fit_prior(rates, count, steps, generator(seed, "prior", count))
        candidates.append(Candidate(count, mixture, criterion(mixture)))
        report(candidates[-1])
    return min(candidates, key=lambda candidate: candidate.score)


@torch.no_grad()
def rates_of(
    model: ESVAE,
    data: ImageSet,
    count: int,
    seed: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """(n, d) rates of `count` images drawn at random from a split, or of all where there are fewer."""
    order = np.random.default_rng(seed).permutation(len(data))[:count]
    size = max(1, 4000 // model.config.time_steps)
    parts = []
    for first in range(0, len(order), size):
        images = data.tensor(np.sort(order[first : first + size])).to(model.device)
        parts.append(model.encode(images).rates.cpu())
        report(first + len(images), len(order))
    return torch.cat(parts)
