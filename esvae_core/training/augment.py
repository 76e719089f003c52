"""What is done to training images each time they are seen: mirrored, moved. Pure functions; the trainer draws."""

from __future__ import annotations

import torch
from torch import Tensor


def mirrored(images: Tensor, which: Tensor) -> Tensor:
    """Images (N, C, H, W), flipped left to right where `which` (N,) is True."""
    return torch.where(which.view(-1, 1, 1, 1), images.flip(3), images)


def moved(images: Tensor, right: Tensor, down: Tensor) -> Tensor:
    """Images (N, C, H, W), each by its own whole number of pixels (N,); what comes into view repeats the edge."""
    count, _, height, width = images.shape
    rows = (torch.arange(height) - down[:, None]).clamp(0, height - 1)
    columns = (torch.arange(width) - right[:, None]).clamp(0, width - 1)
    chosen = images[torch.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # channels come last
    return chosen.permute(0, 3, 1, 2).contiguous()
