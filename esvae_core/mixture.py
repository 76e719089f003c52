"""Mixtures of Gaussians with full covariances: fit by scikit-learn's expectation maximisation, draw. Pure functions.

    >>> mixture = fit(points, 50, torch.Generator().manual_seed(0))        # points (N, d)
    >>> new = draw(mixture, 1000, torch.Generator().manual_seed(1))        # (1000, d)

All arithmetic is in double precision. Equation 13 of docs/math.md.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from esvae_core.errors import InputError


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
    """Fit by expectation maximisation, from a k-means start.

    Args:
        points: (N, d).
        components: K, at most N.
        generator: chooses the start; all else is determined.
        iterations: at most so many.
        tolerance: stop when an iteration raises the mean log-likelihood of a point by less.
        ridge: added to the diagonal of every covariance, as a share of the column's variance over all points, so that
            none collapses onto a few points.

    Raises:
        InputError: points that are no finite (N, d), or fewer of them than components.
    """
    from sklearn.exceptions import ConvergenceWarning  # not at the top: it takes a second
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits

    points = _checked(points)
    if not 1 <= components <= len(points):
        raise InputError(f"components: expected 1 to {len(points):,}, as many as there are points, got {components}")
    scale = points.std(0, correction=0)  # else k-means would look at the widest columns only
    scale = torch.where(scale > 0, scale, 1.0)
    seed = int(torch.randint(2**31 - 1, (1,), generator=generator, device=generator.device))
    found = GaussianMixture(components, tol=tolerance, reg_covar=ridge, max_iter=iterations, random_state=seed)
    with warnings.catch_warnings(), threadpool_limits(1, "openmp"):  # with more threads, k-means adds in any order
        warnings.simplefilter("ignore", ConvergenceWarning)  # `iterations` says how long; copies of a point are allowed
        found.fit((points / scale).numpy())
    factors = torch.linalg.cholesky(torch.from_numpy(found.covariances_))
    means = torch.from_numpy(found.means_)
    return Mixture(torch.from_numpy(found.weights_), means * scale, factors * scale[:, None])


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
