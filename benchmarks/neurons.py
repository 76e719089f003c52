"""LIF neurons alone, (16, 64, 32, 16, 16): forward and backward, tdBN included here, beside snntorch's Leaky."""

from __future__ import annotations

import importlib.util

import torch

from benchmarks.measure import Result, median_ms
from esvae_core.config import NeuronConfig
from esvae_core.layers import norm_lif
from esvae_core.tdbn import TdBatchNorm


def neurons() -> list[Result]:
    """Time of the fused neurons; the rival is left out where snntorch is not installed."""
    steps, images = 16, 64
    x = torch.randn(steps * images, 32, 16, 16).contiguous(memory_format=torch.channels_last).requires_grad_()
    norm, grad = TdBatchNorm(32), torch.randn_like(x)

    def own() -> None:
        norm_lif(x, norm, NeuronConfig(), steps, steps).backward(grad)
        x.grad = None

    return [Result("lif", "LIF, forward and backward", median_ms(own), _snntorch(steps, images), "snntorch's Leaky")]


def _snntorch(steps: int, images: int) -> float | None:
    if not importlib.util.find_spec("snntorch"):
        return None
    import snntorch

    x = torch.randn(steps, images, 32, 16, 16, requires_grad=True)
    grad, leaky = torch.randn(steps, images, 32, 16, 16), snntorch.Leaky(beta=0.25, threshold=0.2)

    def rival() -> None:
        membrane, spikes = leaky.init_leaky(), []
        for t in range(steps):
            fired, membrane = leaky(x[t], membrane)
            spikes.append(fired)
        torch.stack(spikes).backward(grad)
        x.grad = None

    return median_ms(rival)
