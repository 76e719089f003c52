"""The training objective: squared error plus a little MMD between posterior and prior rates."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from esvae_core.config import Kernel
from esvae_core.latent import mmd


class Loss(NamedTuple):
    """The objective and its two main parts, scalars."""

    total: Tensor
    mse: Tensor
    mmd: Tensor


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
    """
    error = (images - targets).square().mean()
    distance = mmd(posterior_rates, prior_rates, unbiased=unbiased, kernel=kernel)
    total = error + mmd_weight * distance
    if rate_weight:
        total = total + rate_weight * posterior_rates.mean()
    if factors is not None:
        total = total + factor_weight * factor_error(posterior_rates, factors)
    return Loss(total, error, distance)


def factor_error(rates: Tensor, factors: Tensor) -> Tensor:
    """Mean squared error of the first F of d neurons: rates (M, d), factors (M, F), both in [0, 1]; of NaN, 0."""
    return (rates[:, : factors.shape[1]] - factors).nan_to_num(0).square().mean()
