"""Mixtures of Gaussians with full covariances: fit by expectation maximisation, measure, draw. Pure functions.

    >>> mixture = fit(points, 50, torch.Generator().manual_seed(0))        # points (N, d)
    >>> new = draw(mixture, 1000, torch.Generator().manual_seed(1))        # (1000, d)

All arithmetic is in double precision. Equation 13 of docs/math.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from esvae_core.errors import InputError

_BLOCK = 2**24
"""Numbers held at a time where points meet components: 128 MB."""


class Mixture(NamedTuple):
    """K Gaussians in d dimensions."""

    weights: Tensor
    """(K,) share of each, positive, sum 1."""
    means: Tensor
    """(K, d)."""
    factors: Tensor
    """(K, d, d) lower triangular, diagonal positive; the covariance is factor @ factor.T."""


def fit(
    points: Tensor,
    components: int,
    generator: torch.Generator,
    *,
    iterations: int = 100,
    tolerance: float = 1e-3,
    ridge: float = 1e-6,
) -> Mixture:
    """Fit by expectation maximisation, from a k-means++ start refined by a few rounds of k-means.

    Args:
        points: (N, d).
        components: K, at most N.
        generator: chooses the start; all else is determined.
        iterations: at most so many.
        tolerance: stop when an iteration raises the mean log-likelihood of a point by less.
        ridge: added to the diagonal of every covariance, so that none collapses onto a few points.

    Raises:
        InputError: points that are no finite (N, d), or fewer of them than components.
    """
    points = _checked(points)
    if not 1 <= components <= len(points):
        raise InputError(f"components: expected 1 to {len(points):,}, as many as there are points, got {components}")
    scale = points.std(0, correction=0)  # else k-means would look at the widest columns only
    start = _started(points / torch.where(scale > 0, scale, 1.0), components, generator)
    mixture = _maximised(points, start, ridge)
    before = -math.inf
    for _ in range(iterations):
        joint = _joint(mixture, points)
        total = joint.logsumexp(1, keepdim=True)
        mixture = _maximised(points, (joint - total).exp(), ridge)
        now = float(total.mean())
        if now - before < tolerance:
            break
        before = now
    return mixture


def log_likelihood(mixture: Mixture, points: Tensor) -> Tensor:
    """(N,) natural logarithm of the density at each of the points (N, d).

    Raises:
        InputError: points of another width, or not finite.
    """
    points = _checked(points)
    if points.shape[1] != mixture.means.shape[1]:
        raise InputError(f"points: expected {mixture.means.shape[1]} columns, got {points.shape[1]}")
    return _joint(mixture, points).logsumexp(1)


def draw(mixture: Mixture, count: int, generator: torch.Generator | None = None, *, temperature: float = 1.0) -> Tensor:
    """(count, d) random points, on the CPU; the temperature scales the deviation of every Gaussian from its mean."""
    device = generator.device if generator is not None else "cpu"
    shape = (count, mixture.means.shape[1])
    uniform = torch.rand(count, dtype=torch.float64, generator=generator, device=device).cpu()
    normal = torch.randn(shape, dtype=torch.float64, generator=generator, device=device).cpu()
    edges = mixture.weights.cpu().double().cumsum(0)
    chosen = torch.searchsorted(edges, uniform * edges[-1], right=True).clamp_max(len(edges) - 1)
    out = torch.empty_like(normal)
    for k in sorted(set(chosen.tolist())):  # one factor at a time: N of them would not fit in memory
        rows = chosen == k
        out[rows] = mixture.means[k].to(out) + temperature * normal[rows] @ mixture.factors[k].to(out).T
    return out


def _checked(points: Tensor) -> Tensor:
    if points.dim() != 2 or not points.numel() or not bool(torch.isfinite(points).all()):
        raise InputError(f"points: expected finite numbers of shape (N, d), got shape {tuple(points.shape)}")
    return points.detach().cpu().double()


def _started(points: Tensor, components: int, generator: torch.Generator, rounds: int = 10) -> Tensor:
    """(N, K) hard responsibilities: greedy k-means++ (Arthur and Vassilvitskii, 2007), then k-means."""
    trials = 2 + int(math.log(components))
    centers = [points[int(torch.randint(len(points), (1,), generator=generator))]]
    nearest = (points - centers[0]).square().sum(1)
    for _ in range(1, components):
        # a point in use has distance 0 and is not drawn again; where all have (copies), any will do
        chances = nearest if bool((nearest > 0).any()) else torch.ones_like(nearest)
        candidates = points[torch.multinomial(chances, trials, replacement=True, generator=generator)]
        after = torch.minimum(nearest[:, None], torch.cdist(points, candidates).square())
        best = int(after.sum(0).argmin())
        centers.append(candidates[best])
        nearest = (points - candidates[best]).square().sum(1).minimum(nearest)
    means = torch.stack(centers)
    for _ in range(rounds):
        one_hot = _nearest(points, means)
        size = one_hot.sum(0)
        moved = one_hot.T @ points / size.clamp_min(1)[:, None]
        means = torch.where(size[:, None] > 0, moved, means)
    return _nearest(points, means)


def _nearest(points: Tensor, means: Tensor) -> Tensor:
    chosen = torch.cdist(points, means).argmin(1)
    return torch.nn.functional.one_hot(chosen, len(means)).double()


def _maximised(points: Tensor, share: Tensor, ridge: float) -> Mixture:
    """The mixture under which points with these responsibilities (N, K) are likeliest."""
    size = share.sum(0).clamp_min(10 * torch.finfo(torch.float64).eps)
    means = share.T @ points / size[:, None]
    factors = []
    for k in range(len(size)):
        away = points - means[k]
        covariance = (share[:, k, None] * away).T @ away / size[k]
        covariance.diagonal().add_(ridge)
        factors.append(torch.linalg.cholesky(covariance))
    return Mixture(size / size.sum(), means, torch.stack(factors))


def _joint(mixture: Mixture, points: Tensor) -> Tensor:
    """(N, K) logarithm of weight times density."""
    weights, means, factors = (part.detach().cpu().double() for part in mixture)
    width = means.shape[1]
    constant = weights.log() - factors.diagonal(dim1=1, dim2=2).log().sum(1) - 0.5 * width * math.log(2 * math.pi)
    inverse = torch.linalg.solve_triangular(factors, torch.eye(width, dtype=torch.float64), upper=False)
    offset = torch.einsum("kij,kj->ki", inverse, means)
    out = torch.empty(len(points), len(weights), dtype=torch.float64)
    rows = max(1, _BLOCK // width)
    for first in range(0, len(points), rows):
        part = points[first : first + rows]
        for k in range(len(weights)):
            out[first : first + rows, k] = (part @ inverse[k].T - offset[k]).square().sum(1)
    return constant - 0.5 * out
