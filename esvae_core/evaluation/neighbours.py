"""Figures from nearest neighbours: precision, recall, density, coverage, and copies of training images."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from esvae_core.errors import InputError

Array = NDArray[np.float64]
_ROWS = 1_000  # of a distance matrix at once; bounds the memory


class Manifold(NamedTuple):
    """How samples lie among real images, all in [0, 1] but density, which may exceed 1."""

    precision: float
    """Share of samples within the k-th neighbour's distance of some real image."""
    recall: float
    """Share of real images within the k-th neighbour's distance of some sample."""
    density: float
    """Mean number of real images whose neighbourhood holds a sample, divided by k."""
    coverage: float
    """Share of real images whose neighbourhood holds at least one sample."""


def manifold(real: NDArray[Any], fake: NDArray[Any], k: int = 5) -> Manifold:
    """Improved precision and recall (Kynkäänniemi et al., NeurIPS 2019); density, coverage (Naeem et al., ICML 2020).

    Args:
        real, fake: features (N, F) and (M, F).
        k: the neighbourhood of a point reaches to its k-th nearest neighbour of its own kind, itself not counted.

    Raises:
        InputError: if there are not more than k of each.
    """
    if min(len(real), len(fake)) <= k:
        raise InputError(f"precision and recall: expected more than {k} of each, got {len(real)} and {len(fake)}")
    x, y = _tensor(real), _tensor(fake)
    reach_real, reach_fake = _reach(x, k), _reach(y, k)
    within = torch.zeros(len(y), dtype=torch.float64)
    recalled = torch.zeros(len(x), dtype=torch.bool)
    covered = torch.zeros(len(x), dtype=torch.bool)
    for start in range(0, len(x), _ROWS):
        rows = slice(start, start + _ROWS)
        distances = torch.cdist(x[rows], y)
        inside = distances <= reach_real[rows, None]
        within += inside.sum(0)
        covered[rows] = inside.any(1)
        recalled[rows] = (distances <= reach_fake).any(1)
    return Manifold(
        precision=float((within > 0).double().mean()),
        recall=float(recalled.double().mean()),
        density=float(within.mean()) / k,
        coverage=float(covered.double().mean()),
    )


def nearest(points: NDArray[Any], among: NDArray[Any]) -> tuple[Array, NDArray[np.int64]]:
    """Distance (N,) of each point (N, F) to the nearest of `among` (M, F), and which one that is (N,)."""
    x, y = _tensor(points), _tensor(among)
    found = [torch.cdist(x[start : start + _ROWS], y).min(1) for start in range(0, len(x), _ROWS)]
    return torch.cat([f.values for f in found]).double().numpy(), torch.cat([f.indices for f in found]).numpy()


def copied_share(samples: Array, unseen: Array, quantile: float = 0.01) -> float:
    """Share of samples that lie nearer to a training image than almost any real image that was not trained on does.

    Args:
        samples: (N,) distances of samples to the nearest training image.
        unseen: (M,) the same of test images.
        quantile: what of the test images lies nearer; a model that copies nothing and is perfect scores this share.
    """
    return float((samples < np.quantile(unseen, quantile)).mean())


def _reach(x: Tensor, k: int) -> Tensor:
    """(N,) distance of each point to its k-th nearest other point."""
    parts = []
    for start in range(0, len(x), _ROWS):
        distances = torch.cdist(x[start : start + _ROWS], x)
        distances[torch.arange(len(distances)), torch.arange(start, start + len(distances))] = float("inf")
        parts.append(distances.kthvalue(k).values)
    return torch.cat(parts)


def _tensor(points: NDArray[Any]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(points, np.float32)).flatten(1)
