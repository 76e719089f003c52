"""Exponential moving average of a model's weights and running statistics."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """Follows a model; its early values count less, so that the first steps do not linger."""

    def __init__(self, decay: float, start: Mapping[str, Tensor]) -> None:
        self.decay = decay
        self.state = {name: tensor.detach().clone() for name, tensor in start.items()}

    @torch.no_grad()
    def follow(self, state: Mapping[str, Tensor], step: int) -> None:
        """Move towards `state` after optimiser step `step` (1 is the first)."""
        move = get_ema_multi_avg_fn(min(self.decay, step / (step + 10)))  # type: ignore[no-untyped-call]
        floating = [name for name, tensor in state.items() if tensor.is_floating_point()]
        move([self.state[name] for name in floating], [state[name] for name in floating], step)
        for name in state.keys() - set(floating):
            self.state[name].copy_(state[name])  # counters
