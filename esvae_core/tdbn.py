"""Threshold-dependent batch normalisation: its parameters and statistics, and what several processes share of them.

What is done with them over time is in `esvae_core.layers`, fast in `esvae_core.fused` and `esvae_core.triton_lif`.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn


class TdBatchNorm(nn.Module):
    """Threshold-dependent batch normalisation (docs/math.md, equation 4; Zheng et al., AAAI 2021).

    The normalised drive deviates by alpha thresholds; alpha is 1 but in FSVAE's latent. Statistics are per channel over
    images, pixels and time; several processes share them.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1, alpha: float = 1.0) -> None:
        super().__init__()
        self.eps, self.momentum, self.alpha = eps, momentum, alpha
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    @torch.no_grad()
    def track(self, mean: Tensor, variance: Tensor, count: float) -> None:
        """Move the running statistics towards those of a batch of `count` values per channel."""
        unbiased = variance * (count / max(count - 1, 1))
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum)
        self.running_var.lerp_(unbiased.to(self.running_var.dtype), self.momentum)


def several_processes() -> bool:
    """Whether the batch is shared out over several processes."""
    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def shared_sum(values: Tensor) -> Tensor:
    """The sum of `values` over all processes."""
    if several_processes():
        values = values.clone()
        dist.all_reduce(values)
    return values
