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
    """Heaviside step at the threshold, with the surrogate gradient."""

    @staticmethod
    def forward(ctx: Any, membrane: Tensor, neuron: NeuronConfig) -> Tensor:
        ctx.save_for_backward(membrane)
        ctx.neuron = neuron
        return (membrane > neuron.threshold).to(membrane.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (membrane,) = ctx.saved_tensors
        return grads[0] * surrogate(membrane, ctx.neuron), None


def surrogate(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """What stands in for the derivative of a spike by the membrane (equation 3): 0 to 1, of the membrane's shape."""
    distance, half = (membrane - neuron.surrogate_center).abs(), neuron.surrogate_width / 2
    if neuron.surrogate_shape == "box":
        return (distance < half).to(membrane.dtype)
    if neuron.surrogate_shape == "triangle":
        return (1 - distance / half).clamp_min(0)
    return (1 + distance / half) ** -2


def spike(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """1 where the membrane is above the threshold, else 0 (equation 2), with the surrogate gradient (equation 3)."""
    out: Tensor = _Spike.apply(membrane, neuron)  # type: ignore[no-untyped-call]
    return out


def lif_step(
    drive: Tensor, carried: Tensor, neuron: NeuronConfig, leak: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """One time step of LIF neurons (equation 1).

    Args:
        drive: input of this step, any shape.
        carried: what the membrane kept after the last step's spike, same shape; zeros before the first step.
        neuron: leak, threshold, reset and surrogate.
        leak: in place of the neuron's, of a shape that broadcasts.

    Returns:
        Spikes (0 or 1), the membrane before the reset, and what it keeps after it; gradients flow through the reset.
    """
    membrane = (neuron.leak if leak is None else leak) * carried + drive
    fired = spike(membrane, neuron)
    kept = membrane * (1 - fired) if neuron.reset == "hard" else membrane - neuron.threshold * fired
    return fired, membrane, kept


class Run(NamedTuple):
    """Spikes and membranes (before the reset) of one layer over time, both (T, ...)."""

    spikes: Tensor
    membranes: Tensor


def lif(drive: Tensor, neuron: NeuronConfig, leak: Tensor | None = None) -> Run:
    """LIF neurons over time, step by step: the reference.

    Args:
        drive: (T, ...) input of every step.
        neuron: leak, threshold, reset and surrogate.
        leak: in place of the neuron's, of a shape that broadcasts to a step's.
    """
    carried = torch.zeros_like(drive[0])
    spikes, membranes = [], []
    for step in drive:
        fired, membrane, carried = lif_step(step, carried, neuron, leak)
        spikes.append(fired)
        membranes.append(membrane)
    return Run(torch.stack(spikes), torch.stack(membranes))
