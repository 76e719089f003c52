"""The interface between the trainer's one loop and the kinds of models."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from esvae_core.config import TrainConfig
from esvae_core.data import ImageSet
from esvae_core.esvae import SpikingCoder
from esvae_core.image_model import ImageModel

M = TypeVar("M", bound=ImageModel)
S = TypeVar("S", bound=SpikingCoder)

Gather = Callable[[Tensor], Tensor]
"""(n, ...) of this process -> (N, ...) of the whole batch, differentiable."""


@dataclass(frozen=True)
class StepContext:
    """What a step knows besides its images: where in its run it is, and what the run is told of them."""

    step: int
    """Optimiser steps done."""
    epoch: int
    """0 is the first."""
    epochs: int
    steps: int
    """Time steps T of this epoch; 1 for models without time."""
    factors: Tensor | None = None
    """(N, F) in [0, 1], rates that the first F latent neurons are taught, of the whole batch; None: none are."""


@dataclass(frozen=True)
class LossTerms:
    """A batch's loss and what it consists of: scalars."""

    total: Tensor
    parts: dict[str, Tensor]
    """By the names that progress and log show; 'mse' is always there."""
    watched: dict[str, Tensor] = field(default_factory=dict)
    """Means of the batch that only the log shows."""


class Objective(nn.Module, ABC, Generic[M]):
    """The forward pass as one module, so that Fabric's wrappers (DDP, mixed precision) see it whole; and its loss."""

    capturable: ClassVar[bool] = False
    """Whether `forward` asks the device nothing on its way, so that it can be a CUDA graph."""

    def __init__(self, model: M, settings: TrainConfig) -> None:
        super().__init__()
        self.model: M = model
        self.settings = settings

    @abstractmethod
    def noise(self, count: int, mine: slice, source: torch.Generator, context: StepContext) -> tuple[Tensor, ...]:
        """All chance of one step, as `forward` takes it.

        Args:
            count: images of the whole batch, over all processes. Every process draws for all of them, so that the
                number of processes changes nothing.
            mine: those of this process.
            source: the step's generator.
            context: where in the run the step is.
        """

    @abstractmethod
    def forward(self, images: Tensor, *noise: Tensor) -> tuple[Tensor, ...]:
        """Images (n, C, H, W) and their noise -> what `terms` needs."""

    @abstractmethod
    def terms(self, images: Tensor, outputs: tuple[Tensor, ...], context: StepContext, gather: Gather) -> LossTerms:
        """The loss of a batch, from what `forward` gave."""

    @abstractmethod
    def validate(self, model: M, batches: Iterable[Tensor], source: torch.Generator) -> dict[str, float]:
        """Figures of a copy of the model in evaluation mode over held-out images; 'mse' chooses the best epoch."""

    @abstractmethod
    def init_output_bias(self, mean: Tensor, steps: int) -> None:
        """Set the output's bias so that a silent decoder gives this colour (C,), in (-1, 1)."""

    def rescale_time(self, state: MutableMapping[str, Tensor], before: int, after: int) -> None:
        """Change a state dict in place for another number of time steps, so that the picture stays the same."""

    def finalize(self, model: M, data: ImageSet) -> None:
        """Compute what a copy of the model needs once its weights are fixed, from the training images."""


class SpikingObjective(Objective[S]):
    """What is the same for all spiking kinds: a readout that sums over time."""

    def _readout_sum(self, steps: int) -> Tensor:
        return self.model.readout_leak.weights(steps, self.model.readout.weight).sum()

    @torch.no_grad()
    def init_output_bias(self, mean: Tensor, steps: int) -> None:
        """As `Objective.init_output_bias`."""
        assert self.model.readout.bias is not None
        self.model.readout.bias.copy_(torch.atanh(mean) / self._readout_sum(steps))

    @torch.no_grad()
    def rescale_time(self, state: MutableMapping[str, Tensor], before: int, after: int) -> None:
        """As `Objective.rescale_time`: the readout sums more steps then, and is scaled."""
        for name in ("readout.weight", "readout.bias"):
            state[name].mul_(self._readout_sum(before) / self._readout_sum(after))
