"""The Fréchet distance between two sets of features, each taken for a Gaussian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Mean (F,) and covariance (F, F) of features."""

    mean: Array
    covariance: Array


def why_no_covariance(matrix: Array) -> str:
    """What of a matrix of finite numbers no covariance has, in a few words, but for rounding; "" if there is nothing.

    Whether all its eigenvalues are 0 or more is not looked at, which costs far more.
    """
    rounding = 1e-4 * float(np.abs(matrix).max(initial=0))
    if float(np.abs(matrix - matrix.T).max(initial=0)) > rounding:
        return "expected a symmetric covariance"
    if float(matrix.diagonal().min(initial=0)) < -rounding:
        return "expected variances of 0 or more, found negative ones"
    deviations = np.sqrt(np.clip(matrix.diagonal(), 0, None))
    if bool((np.abs(matrix) > np.outer(deviations, deviations) + rounding).any()):
        return "expected covariances that their variances allow, found larger ones"
    return ""


def gaussian(features: NDArray[Any]) -> Gaussian:
    """Mean and covariance (divided by N - 1) of features (N, F).

    Raises:
        InputError: fewer than two rows.
    """
    if features.ndim != 2 or len(features) < 2:
        raise InputError(f"features: expected shape (N, F) with N of 2 or more, got {features.shape}")
    values = features.astype(np.float64)
    return Gaussian(values.mean(0), np.atleast_2d(np.cov(values, rowvar=False)))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """|m_a - m_b|^2 + Tr(S_a + S_b - 2 sqrt(S_a S_b)), the squared distance of Dowson and Landau (1982).

    The trace of the root is taken from the eigenvalues of sqrt(S_a) S_b sqrt(S_a), which is symmetric and has those of
    S_a S_b: no complex numbers arise, and covariances that are singular need no special care.

    Raises:
        InputError: if the two have another number of features.
    """
    if a.mean.shape != b.mean.shape:
        raise InputError(f"Fréchet distance: {len(a.mean)} features against {len(b.mean)}; expected the same number")
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    product = np.linalg.eigvalsh(root @ b.covariance @ root)
    trace = np.trace(a.covariance) + np.trace(b.covariance) - 2 * np.sqrt(np.clip(product, 0, None)).sum()
    return float(np.square(a.mean - b.mean).sum() + trace)
