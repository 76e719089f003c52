"""The parts of models and losses that settings choose by name, and what each of them is given.

>>> @SURROGATES.register("arctan")
... def arctan(membrane, neuron):
...     return 1 / (1 + (torch.pi * (membrane - neuron.surrogate_center) / neuron.surrogate_width) ** 2)

Then `model.latent_neuron.surrogate_shape` may be "arctan". docs/own-parts.md has an example of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from esvae_core.registry import Registry

if TYPE_CHECKING:
    from torch import Tensor, nn

    from esvae_core.config import NeuronConfig, SamplingGradient

Surrogate: TypeAlias = "Callable[[Tensor, NeuronConfig], Tensor]"
"""(membrane, neuron) -> what stands in for the derivative of a spike by the membrane, of the membrane's shape."""

SURROGATES: Registry[Surrogate] = Registry(
    "surrogate",
    {
        "box": "esvae_core.neurons:box",
        "triangle": "esvae_core.neurons:triangle",
        "fast-sigmoid": "esvae_core.neurons:fast_sigmoid",
    },
)

State: TypeAlias = "tuple[Tensor, ...]"
"""What neurons keep from one step to the next; empty before the first."""


class Step(NamedTuple):
    """One time step of a layer's neurons."""

    spikes: Tensor
    """0 or 1, of the drive's shape."""
    membrane: Tensor
    """Before the reset, of the same shape."""
    state: State


NeuronStep: TypeAlias = "Callable[[Tensor, State, NeuronConfig, Tensor | None], Step]"
"""(drive, state, neuron, leak) -> Step; `leak` is a learned one in place of the neuron's, and broadcasts."""

NEURONS: Registry[NeuronStep] = Registry("neuron", {"lif": "esvae_core.neurons:lif_step"})

DrawSpikes: TypeAlias = "Callable[[Tensor, Tensor, SamplingGradient], Tensor]"
"""(rates (N, d), noise (T, N, d) uniform on [0, 1), gradient) -> spikes (T, N, d), differentiable by the rates."""

SAMPLERS: Registry[DrawSpikes] = Registry(
    "sampler", {"bernoulli": "esvae_core.latent:bernoulli", "systematic": "esvae_core.latent:systematic"}
)

PRIORS: Registry[Callable[[int], nn.Module]] = Registry("prior", {"linear": "esvae_core.latent:Prior"})
"""Modules made of d, whose forward takes standard normal numbers (N, d) and gives rates (N, d) in [0, 1]."""


class LossInputs(NamedTuple):
    """What a term of the loss is computed from."""

    pictures: Tensor
    """(N, C, H, W) in [-1, 1], decoded; of recordings (N, T, C, H, W)."""
    images: Tensor
    """Their originals, of the same shape."""
    posterior_rates: Tensor
    """(M, d); M is N, or all images of a batch that several processes share."""
    prior_rates: Tensor
    """(M, d), drawn from the prior."""
    factors: Tensor | None
    """(M, F) in [0, 1], the rates that the first F latent neurons are taught, NaN where unknown; None: none are."""


LOSS_TERMS: Registry[Callable[[LossInputs], Tensor]] = Registry(
    "loss term", {"rate": "esvae_core.loss:mean_rate", "factors": "esvae_core.loss:factor_error"}
)
"""Scalars that are added to squared error and MMD, each by its weight."""
