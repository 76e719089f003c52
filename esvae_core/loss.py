"""The training objective: squared error plus a little MMD between posterior and prior rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from esvae_core.config import Kernel
from esvae_core.latent import mmd
from esvae_core.parts import LOSS_TERMS, LossInputs


class Loss(NamedTuple):
    """The objective and what it consists of, scalars."""

    total: Tensor
    mse: Tensor
    mmd: Tensor
    terms: Mapping[str, Tensor]
    """What else is in it, by name, before its weight."""


def esvae_loss(
    images: Tensor,
    targets: Tensor,
    posterior_rates: Tensor,
    prior_rates: Tensor,
    mmd_weight: float,
    *,
    unbiased: bool = False,
    kernel: Kernel = "gaussian",
    rate_weight: float = 0.0,
    factors: Tensor | None = None,
    factor_weight: float = 0.0,
    terms: Mapping[str, float] | None = None,
) -> Loss:
    """Mean squared error + mmd_weight * MMD, and what else has a weight (docs/math.md, equations 8, 14 and 20).

    Args:
        images, targets: (N, C, H, W) in [-1, 1].
        posterior_rates, prior_rates: (M, d); M is N, or all images of a batch that several processes share.
        mmd_weight: lambda.
        unbiased: leave the MMD's diagonals out; published: they are in.
        kernel: of the MMD; published: Gaussian.
        rate_weight: price of a spike per step of a latent neuron; published: 0.
        factors: (M, F) in [0, 1], the rates that the first F latent neurons are taught; F <= d.
        factor_weight: of their squared error; published: 0.
        terms: weights of further terms, by their names in `parts.LOSS_TERMS`.
    """
    inputs = LossInputs(images, targets, posterior_rates, prior_rates, factors)
    error = (images - targets).square().mean()
    distance = mmd(posterior_rates, prior_rates, unbiased=unbiased, kernel=kernel)
    total = error + mmd_weight * distance
    built_in = {"rate": rate_weight, "factors": factor_weight if factors is not None else 0.0}
    weights = {name: weight for name, weight in built_in.items() if weight} | dict(terms or {})
    found = {name: LOSS_TERMS[name](inputs) for name in weights}
    for name, value in found.items():
        total = total + weights[name] * value
    return Loss(total, error, distance, found)


def mean_rate(inputs: LossInputs) -> Tensor:
    """Mean latent rate: a price for spikes."""
    return inputs.posterior_rates.mean()


def factor_error(inputs: LossInputs) -> Tensor:
    """Mean squared error of the first F of d neurons, which are taught factors; of factors that are NaN, 0."""
    assert inputs.factors is not None
    rates, factors = inputs.posterior_rates, inputs.factors
    return (rates[:, : factors.shape[1]] - factors).nan_to_num(0).square().mean()
