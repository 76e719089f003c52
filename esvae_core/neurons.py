"""Spiking neurons: one step of leaky integrate-and-fire, and the slow, obvious run over time of any.

The equations are docs/math.md, (1) to (3); Zhan et al., arXiv 2310.14839, section III. The fast path is
`esvae_core.kernels`; tests hold it against the functions here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from esvae_core.config import NeuronConfig
from esvae_core.parts import NEURONS, SURROGATES, State, Step


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
    """What stands in for the derivative of a spike by the membrane (equation 3), of the membrane's shape."""
    return SURROGATES[neuron.surrogate_shape](membrane, neuron)


def box(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """1 within the interval around the centre, else 0."""
    return (_distance(membrane, neuron) < neuron.surrogate_width / 2).to(membrane.dtype)


def triangle(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """1 at the centre, falling to 0 at the ends of the interval."""
    return (1 - _distance(membrane, neuron) / (neuron.surrogate_width / 2)).clamp_min(0)


def fast_sigmoid(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """1 at the centre, a quarter at the ends of the interval, above 0 everywhere."""
    return (1 + _distance(membrane, neuron) / (neuron.surrogate_width / 2)) ** -2


def _distance(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    return (membrane - neuron.surrogate_center).abs()


def spike(membrane: Tensor, neuron: NeuronConfig) -> Tensor:
    """1 where the membrane is above the threshold, else 0 (equation 2), with the surrogate gradient (equation 3)."""
    out: Tensor = _Spike.apply(membrane, neuron)  # type: ignore[no-untyped-call]
    return out


def lif_step(drive: Tensor, state: State, neuron: NeuronConfig, leak: Tensor | None = None) -> Step:
    """One time step of LIF neurons (equation 1).

    Args:
        drive: input of this step, any shape.
        state: what the membrane kept after the last step's spike, of the same shape; empty before the first step.
        neuron: leak, threshold, reset and surrogate.
        leak: in place of the neuron's, of a shape that broadcasts.

    Returns:
        Spikes (0 or 1), the membrane before the reset, and what it keeps after it; gradients flow through the reset.
    """
    carried = state[0] if state else torch.zeros_like(drive)
    membrane = (neuron.leak if leak is None else leak) * carried + drive
    fired = spike(membrane, neuron)
    kept = membrane * (1 - fired) if neuron.reset == "hard" else membrane - neuron.threshold * fired
    return Step(fired, membrane, (kept,))


class Run(NamedTuple):
    """Spikes and membranes (before the reset) of one layer over time, both (T, ...)."""

    spikes: Tensor
    membranes: Tensor


def over_time(drive: Tensor, neuron: NeuronConfig, leak: Tensor | None = None) -> Run:
    """Neurons over time, step by step: the reference.

    Args:
        drive: (T, ...) input of every step.
        neuron: which they are (`dynamics`), leak, threshold, reset and surrogate.
        leak: in place of the neuron's, of a shape that broadcasts to a step's.
    """
    step = NEURONS[neuron.dynamics]
    state: State = ()
    spikes, membranes = [], []
    for now in drive:
        fired, membrane, state = step(now, state, neuron, leak)
        spikes.append(fired)
        membranes.append(membrane)
    return Run(torch.stack(spikes), torch.stack(membranes))


# by now all that they name is defined above
NEURONS.import_built_in()
SURROGATES.import_built_in()
