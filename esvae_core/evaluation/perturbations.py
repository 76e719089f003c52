"""Damage done on purpose: to spike trains (T, N, d) and to images (N, C, H, W) in [-1, 1]; strength 0 does none."""

from __future__ import annotations

import torch
from torch import Generator, Tensor


def flip(spikes: Tensor, probability: float, generator: Generator) -> Tensor:
    """Each spike becomes silence and each silence a spike with this probability, independently."""
    hit = _uniform(spikes, generator) < probability
    return torch.where(hit, 1 - spikes, spikes)


def delete(spikes: Tensor, probability: float, generator: Generator) -> Tensor:
    """Each spike is lost with this probability, independently."""
    return spikes * (_uniform(spikes, generator) >= probability)


def jitter(spikes: Tensor, deviation: float, generator: Generator) -> Tensor:
    """Each spike moves in time by a normal number of steps of this deviation, rounded; two in one step become one.

    Spikes that would leave the T steps stay in the first or the last.
    """
    steps = len(spikes)
    moved = torch.randn(spikes.shape, generator=generator).to(spikes.device) * deviation
    places = torch.arange(steps, device=spikes.device).view(-1, *[1] * (spikes.dim() - 1)) + moved.round().long()
    return torch.zeros_like(spikes).scatter_reduce(0, places.clamp(0, steps - 1), spikes, "amax")


def shuffle(spikes: Tensor, share: float, generator: Generator) -> Tensor:
    """In this share of all spike trains, each neuron and image apart, the steps change places at random."""
    order = _uniform(spikes, generator).argsort(0)
    chosen = _uniform(spikes[:1], generator) < share
    return torch.where(chosen, spikes.gather(0, order), spikes)


def gaussian(images: Tensor, deviation: float, generator: Generator) -> Tensor:
    """Normal noise of this deviation on every pixel, cut off at -1 and 1."""
    noise = torch.randn(images.shape, generator=generator).to(images.device)
    return (images + deviation * noise).clamp(-1, 1)


def salt(images: Tensor, probability: float, generator: Generator) -> Tensor:
    """Each pixel, all channels together, becomes white or black, each with half this probability."""
    draw = torch.rand((len(images), 1, *images.shape[2:]), generator=generator).to(images.device)
    return images.masked_fill(draw < probability / 2, 1).masked_fill(draw > 1 - probability / 2, -1)


def _uniform(like: Tensor, generator: Generator) -> Tensor:
    return torch.rand(like.shape, generator=generator).to(like.device)
