"""What can be read from a representation with few labels: a linear probe, nearest neighbours, and PCA beside them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError

Labels = NDArray[np.int64]
_MOST_ROUNDS = 300


def standardised(train: NDArray[Any], *others: NDArray[Any]) -> list[NDArray[np.float64]]:
    """Train rows with mean 0 and deviation 1 per column, others moved and scaled alike; constant columns are 0."""
    mean, deviation = train.mean(0, dtype=np.float64), train.std(0, dtype=np.float64)
    scale = np.where(deviation > 1e-8, deviation, np.inf)
    return [(part - mean) / scale for part in (train, *others)]


def linear_accuracy(train: NDArray[Any], labels: Labels, test: NDArray[Any], test_labels: Labels) -> float:
    """Share of test rows that a multinomial logistic regression on standardised features gets right.

    L2 penalty of weight 1 (C = 1), fixed, so that nothing is chosen; at most 300 rounds of L-BFGS.
    """
    _check(train, labels, test, test_labels)
    if len(np.unique(labels)) < 2:
        return float((test_labels == labels[0]).mean())
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    x, y = standardised(train, test)
    with warnings.catch_warnings():  # where 300 rounds do not converge, the probe is what 300 rounds give
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe = LogisticRegression(max_iter=_MOST_ROUNDS).fit(x, labels)
    return float(probe.score(y, test_labels))


def neighbour_accuracy(
    train: NDArray[Any], labels: Labels, test: NDArray[Any], test_labels: Labels, k: int = 5
) -> float:
    """Share of test rows that the vote of their k nearest train rows (Euclidean) gets right."""
    _check(train, labels, test, test_labels)
    from sklearn.neighbors import KNeighborsClassifier

    k = min(k, len(train))
    vote = KNeighborsClassifier(k, algorithm="brute").fit(train.astype(np.float32), labels)
    return float(vote.score(test.astype(np.float32), test_labels))


def principal(train: NDArray[Any], dimensions: int, *others: NDArray[Any]) -> list[NDArray[np.float32]]:
    """The first principal components of the train rows, of these and of the others: (N, dimensions) each."""
    from sklearn.decomposition import PCA

    pca = PCA(min(dimensions, *train.shape), svd_solver="covariance_eigh").fit(train.astype(np.float32))
    return [pca.transform(part.astype(np.float32)) for part in (train, *others)]


def few(labels: Labels, count: int, rng: np.random.Generator) -> Labels:
    """Positions of `count` random rows, each class as often as the next, or all rows where there are fewer."""
    if count >= len(labels):
        return np.arange(len(labels))
    shuffled = rng.permutation(len(labels))
    turn = np.empty(len(labels), np.int64)  # how many of its class came before it
    for label in np.unique(labels):
        mine = labels[shuffled] == label
        turn[mine] = np.arange(mine.sum())
    return np.sort(shuffled[np.argsort(turn, kind="stable")[:count]])


def _check(train: NDArray[Any], labels: Labels, test: NDArray[Any], test_labels: Labels) -> None:
    if train.ndim != 2 or test.ndim != 2 or len(train) != len(labels) or len(test) != len(test_labels):
        raise InputError("probe: expected features (N, F) and (M, F) with labels (N,) and (M,)")
