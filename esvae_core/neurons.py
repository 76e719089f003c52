"""Leaky integrate-and-fire neurons: one step, and the slow, obvious run over time.

The equations are docs/math.md, (1) to (3); Zhan et al., arXiv 2310.14839, section III. The fast path is
`esvae_core.kernels`; tests hold it against the functions here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from esvae_core.config import NeuronConfig


class _Spike(torch.autograd.Function):
    """Heaviside step at the threshold; its surrogate gradient is 1 inside an interval and 0 outside."""

    @staticmethod
    def forward(ctx: Any, membrane: Tensor, threshold: float, center: float, half_width: float) -> Tensor:
        ctx.save_for_backward(membrane)
        ctx.center, ctx.half_width = center, half_width
        return (membrane > threshold).to(membrane.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (membrane,) = ctx.saved_tensors
        inside = (membrane - ctx.center).abs() < ctx.half_width
        return grads[0] * inside, None, None, None


def spike(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """1 where the membrane is above the threshold, else 0 (equation 2), with the surrogate gradient (equation 3)."""
    out: Tensor = _Spike.apply(  # type: ignore[no-untyped-call]
        membrane, neuron.threshold, neuron.surrogate_center, neuron.surrogate_width / 2
    )
    return out


def lif_step(drive: Tensor, rest: Tensor, neuron: NeuronConfig) -> tuple[Tensor, Tensor, Tensor]:
    """One time step of LIF neurons (equation 1).

    Args:
        drive: input of this step, any shape.
        rest: what the membrane kept after the last step's spike, same shape; zeros before the first step.
        neuron: leak, threshold, reset and surrogate.

    Returns:
        Spikes (0 or 1), the membrane before the reset, and what it keeps after it; gradients flow through the reset.
    """
    membrane = neuron.leak * rest + drive
    fired = spike(membrane, neuron)
    kept = membrane * (1 - fired) if neuron.reset == "hard" else membrane - neuron.threshold * fired
    return fired, membrane, kept


class Run(NamedTuple):
    """Spikes and membranes (before the reset) of one layer over time, both (T, ...)."""

    spikes: Tensor
    membranes: Tensor


def lif(drive: Tensor, neuron: NeuronConfig) -> Run:
    """LIF neurons over time, step by step: the reference.

    Args:
        drive: (T, ...) input of every step.
        neuron: leak, threshold, reset and surrogate.
    """
    rest = torch.zeros_like(drive[0])
    spikes, membranes = [], []
    for step in drive:
        fired, membrane, rest = lif_step(step, rest, neuron)
        spikes.append(fired)
        membranes.append(membrane)
    return Run(torch.stack(spikes), torch.stack(membranes))
