"""Operations of a network counted while it runs, by hooks that leave it unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Operations(NamedTuple):
    """What the linear layers of a network did."""

    multiply_adds: float
    """Of a dense implementation."""
    additions: float
    """Of these, those that a spike at the input asked for; layers whose input is no spikes count nothing here."""
    from_numbers: float
    """Multiply-adds of the layers whose input is no spikes."""


@contextmanager
def operations(model: nn.Module) -> Iterator[list[Operations]]:
    """Operations of every convolution and matrix that runs as a module, one entry per call; padding counts too."""
    seen: list[Operations] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        x = inputs[0]
        if isinstance(module, nn.Conv2d):
            count = output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.ConvTranspose2d):
            count = x.numel() * module.weight[0].numel()
        else:
            assert isinstance(module, nn.Linear)
            count = x.numel() * module.out_features
        spikes = bool(((x == 0) | (x == 1)).all())
        rate = float(torch.count_nonzero(x)) / x.numel()
        seen.append(Operations(count, count * rate if spikes else 0.0, 0.0 if spikes else count))

    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    handles = [module.register_forward_hook(note) for module in model.modules() if isinstance(module, kinds)]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
