"""Directions without labels: principal and independent components of the latents of training images."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.measured import Attribute

MOST = 8
"""Components of either kind."""

F64 = NDArray[np.float64]


def components(places: F64, seed: int) -> dict[str, tuple[F64, F64]]:
    """By name: the step of one deviation, and weights (d,) that read the component's score from a place less the mean.

    Args:
        places: (N, d) of training images.
        seed: Of the independent components.
    """
    from sklearn.decomposition import PCA, FastICA
    from sklearn.exceptions import ConvergenceWarning

    count = min(MOST, places.shape[1], len(places) - 1)
    pca = PCA(count, svd_solver="full").fit(places)
    found = {}
    for i, (axis, variance) in enumerate(zip(pca.components_, pca.explained_variance_, strict=True), 1):
        if variance > 1e-12:
            found[f"principal {i}"] = axis * np.sqrt(variance), axis / np.sqrt(variance)
    with warnings.catch_warnings():  # what a bounded number of rounds gives is taken
        warnings.simplefilter("ignore", ConvergenceWarning)
        ica = FastICA(len(found), whiten="unit-variance", random_state=seed, max_iter=400, tol=1e-3).fit(places)
    for i, (step, weights) in enumerate(zip(ica.mixing_.T, ica.components_, strict=True), 1):
        found[f"independent {i}"] = step, weights
    return found


def resemblance(scores: F64, attributes: tuple[Attribute, ...], values: F64) -> tuple[str, float]:
    """The attribute, or word of a category, that correlates most with scores (N,), and the correlation."""
    best, size = "", 0.0
    for attribute, column in zip(attributes, values.T, strict=True):
        if attribute.kind == "circular":
            continue
        known = np.isfinite(column)
        columns = {attribute.name: column}
        if attribute.kind == "category":
            columns = {f"{attribute.name}={word}": column == i for i, word in enumerate(attribute.categories)}
        for name, each in columns.items():
            x, y = scores[known], each[known].astype(np.float64)
            if len(x) < 3 or x.std() < 1e-12 or y.std() < 1e-12:
                continue
            found = float(np.corrcoef(x, y)[0, 1])
            if abs(found) > abs(size):
                best, size = name, found
    return best, size
