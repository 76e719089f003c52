"""The latent: firing rates, the spike trains drawn from them, their prior, and the distance between the two.

Equations 5 to 8 of docs/math.md (Zhan et al., arXiv 2310.14839, section III).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from esvae_core.config import Kernel, SamplingGradient
from esvae_core.parts import SAMPLERS


class _Bernoulli(torch.autograd.Function):
    """1 where the rate exceeds the noise; its gradient is one of three."""

    @staticmethod
    def forward(ctx: Any, rates: Tensor, noise: Tensor, gradient: SamplingGradient) -> Tensor:
        ctx.save_for_backward(rates, noise)
        ctx.gradient = gradient
        return (rates > noise).to(rates.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        rates, noise = ctx.saved_tensors
        passed = grads[0]
        if ctx.gradient == "box":
            passed = passed * ((rates - noise).abs() < 0.5)
        elif ctx.gradient == "second-order":
            passed = passed * 0.5 / torch.where(rates > noise, rates, 1 - rates)
        return passed.sum(0), None, None


class _Systematic(torch.autograd.Function):
    """Evenly spaced spikes, one random offset per neuron; gradient 1 at every step (straight through)."""

    @staticmethod
    def forward(ctx: Any, rates: Tensor, noise: Tensor) -> Tensor:
        edges = torch.arange(noise.shape[0] + 1, device=rates.device, dtype=torch.float64).view(-1, 1, 1)
        due = edges * rates.double()
        # a rate k/T is rounded to float32; what is that close to a whole number of spikes is meant to be one
        whole = due.round()
        due = torch.where((due - whole).abs() <= edges * 1e-7, whole, due)
        passed = torch.floor(due + noise[0].double())
        return (passed[1:] - passed[:-1]).to(rates.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0].sum(0), None


def bernoulli(rates: Tensor, noise: Tensor, gradient: SamplingGradient) -> Tensor:
    """A spike at each step with the rate's probability, independently (equation 5)."""
    spikes: Tensor = _Bernoulli.apply(rates, noise, gradient)  # type: ignore[no-untyped-call]
    return spikes


def systematic(rates: Tensor, noise: Tensor, gradient: SamplingGradient) -> Tensor:
    """T x rate spikes, rounded up or down, evenly spaced; the gradient always passes straight through."""
    spikes: Tensor = _Systematic.apply(rates, noise)  # type: ignore[no-untyped-call]
    return spikes


def spikes_from_rates(
    rates: Tensor,
    noise: Tensor,
    sampler: str,
    gradient: SamplingGradient = "box",
    systematic: Tensor | None = None,
) -> Tensor:
    """Draw spike trains from firing rates (equation 5).

    Args:
        rates: (N, d) in [0, 1], spikes per step.
        noise: (T, N, d) uniform on [0, 1). 'bernoulli' uses every value; 'systematic' uses the first step's as the
            offset of each neuron, so its count is T x rate rounded up or down.
        sampler: 'bernoulli' (published), 'systematic', or one in `parts.SAMPLERS`.
        gradient: of a Bernoulli spike by its rate: the published 'box', 'straight-through' or 'second-order'.
            Systematic spikes always pass it straight through.
        systematic: (N, d) True where a neuron is sampled systematically, False where by Bernoulli; in place of the
            sampler, which is one for all.

    Returns:
        Spikes (T, N, d), 0 or 1.
    """
    if systematic is not None:
        even = SAMPLERS["systematic"](rates, noise, gradient)
        return torch.where(systematic, even, SAMPLERS["bernoulli"](rates, noise, gradient))
    return SAMPLERS[sampler](rates, noise, gradient)


class Prior(nn.Module):
    """Learned prior over firing rates: sigmoid(W n + b), n standard normal (equation 6)."""

    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(latent_dim, latent_dim)

    def forward(self, normal: Tensor) -> Tensor:
        """(N, d) standard normal -> (N, d) rates in (0, 1)."""
        return torch.sigmoid(self.linear(normal))


def mmd(x: Tensor, y: Tensor, *, unbiased: bool = False, kernel: Kernel = "gaussian") -> Tensor:
    """Squared maximum mean discrepancy of two samples (equation 7), under five kernels or by the energy distance.

    The bandwidths are 1/4, 1/2, 1, 2 and 4 times the mean squared distance within the joint sample, which is not
    differentiated.

    Args:
        x, y: (N, d) each; the same N.
        unbiased: leave the diagonals out (may then be below 0); the published loss is the biased one.
        kernel: 'gaussian' (published), exp(-distance / bandwidth), or 'inverse-multiquadric', bandwidth / (bandwidth +
            distance), which still pulls where a Gaussian has died away (Tolstikhin et al., ICLR 2018); or 'energy',
            minus the distance over its root mean square (Székely and Rizzo, 2013): what a sliced distance of that kind
            comes to when all directions are taken (Hertrich et al., ICLR 2024).
    """
    count = x.shape[0]
    joint = torch.cat([x, y])
    # by differences, not by |x|^2 + |y|^2 - 2xy: rates often coincide, and their distance must then be exactly 0
    lengths = torch.cdist(joint, joint, compute_mode="donot_use_mm_for_euclid_dist")
    distances = lengths.square()
    width = distances.detach().sum() / (len(joint) ** 2 - len(joint))
    if kernel == "energy":
        likeness = -lengths / width.sqrt().clamp_min(1e-15)
    else:
        likeness = torch.zeros_like(distances)
        for power in range(-2, 3):
            away = distances / (width * 2.0**power).clamp_min(1e-30)
            likeness = likeness + (torch.exp(-away) if kernel == "gaussian" else 1 / (1 + away))
    xx, yy, xy = likeness[:count, :count], likeness[count:, count:], likeness[:count, count:]
    if not unbiased:
        return (xx + yy - 2 * xy).mean()
    pairs = count * (count - 1)
    return (xx.sum() - xx.trace() + yy.sum() - yy.trace()) / pairs - 2 * xy.mean()


SAMPLERS.import_built_in()  # by now all that they name is defined above
