"""The training objective: squared error plus a little MMD between posterior and prior rates."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from esvae_core.latent import mmd


class Loss(NamedTuple):
    """The objective and its two parts, scalars."""

    total: Tensor
    mse: Tensor
    mmd: Tensor


def esvae_loss(
    images: Tensor, targets: Tensor, posterior_rates: Tensor, prior_rates: Tensor, mmd_weight: float
) -> Loss:
    """Mean squared error + mmd_weight * MMD (docs/math.md, equation 8).

    Args:
        images, targets: (N, C, H, W) in [-1, 1].
        posterior_rates, prior_rates: (M, d); M is N, or all images of a batch that several processes share.
        mmd_weight: lambda.
    """
    error = (images - targets).square().mean()
    distance = mmd(posterior_rates, prior_rates)
    return Loss(error + mmd_weight * distance, error, distance)
