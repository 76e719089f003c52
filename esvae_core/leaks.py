"""Leaks that are learned: those of neurons, and that of the readout (docs/math.md, equations 1 and 9)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LEAST = 1e-3
"""A leak is learned from here to 1 less this on: at 0 and 1 themselves its logit would be infinite."""


def leak_logits(leak: float, count: int) -> nn.Parameter:
    """(count,) parameters of leaks that start at `leak` and stay between 0 and 1."""
    leak = min(max(leak, LEAST), 1 - LEAST)
    return nn.Parameter(torch.full((count,), math.log(leak / (1 - leak))))


def learns_leak(parameter: str) -> bool:
    """Whether a parameter of that name is leaks to learn."""
    return parameter.endswith("leak_logit")


class ReadoutLeak(nn.Module):
    """What the readout keeps of its membrane from each step to the next: one share for all steps, or one for each."""

    def __init__(self, decay: float, steps: int, *, learned: bool) -> None:
        super().__init__()
        self.decay = decay
        self.leak_logit = leak_logits(decay, steps) if learned else None

    def learned(self) -> Tensor | None:
        """(T,) in (0, 1): what step t keeps of the membrane before it; None: all keep `decay`."""
        return None if self.leak_logit is None else self.leak_logit.sigmoid()

    def shares(self, steps: int) -> Tensor | None:
        """As `learned` for any number of steps; those beyond the learned ones keep what the last of them keeps."""
        learned = self.learned()
        if learned is None:
            return None
        return torch.cat([learned[:steps], learned[-1:].expand(max(0, steps - len(learned)))])

    def weights(self, steps: int, like: Tensor) -> Tensor:
        """(T,) weight of each step's output in the picture, of `like`'s device and type; the last has 1."""
        shares = self.shares(steps)
        if shares is None:
            return self.decay ** torch.arange(steps - 1, -1, -1, device=like.device, dtype=like.dtype)
        kept = torch.cat([shares[1:], shares.new_ones(1)])
        return kept.flip(0).cumprod(0).flip(0).to(like.dtype)
