"""Disentanglement of a latent whose images' factors are known: DCI, MIG and SAP.

All take codes (N, d) and factors (N, F). Shape and the like are classes; the rest are numbers, cut into bins of equal
counts where a measure needs classes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError

Array = NDArray[np.float64]
BINS = 20


class DCI(NamedTuple):
    """Eastwood and Williams, ICLR 2018; all in [0, 1]."""

    disentanglement: float
    """1 where each dimension matters to one factor alone."""
    completeness: float
    """1 where each factor is read from one dimension alone."""
    informativeness: float
    """How well factors are read on test rows: accuracy of classes, R^2 of numbers (0 if below), mean over factors."""
    read: Array
    """(F,): the same of each factor."""
    importance: Array
    """(d, F): share of each dimension in the reading of a factor."""


def binned(values: NDArray[Any], bins: int = BINS) -> NDArray[np.int64]:
    """(N,) numbers -> (N,) bins of about equal counts, or one per distinct value where those are no more."""
    distinct, inverse = np.unique(values, return_inverse=True)
    if len(distinct) <= bins:
        return inverse.astype(np.int64)
    edges = np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(edges, values, side="right").astype(np.int64)


def information(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """Mutual information in nats of two columns of classes, plug-in estimate."""
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    table /= len(a)
    seen = table > 0
    expected = table.sum(1, keepdims=True) * table.sum(0)
    return float((table[seen] * np.log(table[seen] / expected[seen])).sum())


def mig(codes: NDArray[Any], factors: NDArray[Any]) -> float:
    """Mutual information gap (Chen et al., NeurIPS 2018): mean over factors, in shares of each factor's entropy.

    The gap is between the dimension that says most of a factor and the next; numbers are cut into 20 bins.
    """
    _check(codes, factors)
    dimensions = [binned(column) for column in codes.T]
    gaps = []
    for column in factors.T:
        factor = binned(column)
        entropy = information(factor, factor)
        said = sorted((information(dimension, factor) for dimension in dimensions), reverse=True)
        gaps.append((said[0] - said[1]) / entropy if entropy > 0 else 0.0)
    return float(np.mean(gaps))


def sap(codes: NDArray[Any], factors: NDArray[Any], classes: NDArray[np.bool_], test: NDArray[np.bool_]) -> float:
    """Separated attribute predictability (Kumar et al., ICLR 2018): mean gap of the two best single dimensions.

    A number's score is the squared correlation with the dimension; a class's is the balanced accuracy of a linear
    support vector machine on that dimension, on test rows.

    Args:
        codes, factors: (N, d) and (N, F).
        classes: (F,) which factors are classes.
        test: (N,) which rows are test rows.
    """
    _check(codes, factors)
    scores = np.zeros((codes.shape[1], factors.shape[1]))
    for j, dimension in enumerate(codes.T.astype(np.float64)):
        if dimension.std() < 1e-8:
            continue
        for k, factor in enumerate(factors.T):
            scores[j, k] = (
                _separable(dimension, binned(factor), test)
                if classes[k]
                else np.corrcoef(dimension[test], factor[test])[0, 1] ** 2
                if dimension[test].std() > 1e-8
                else 0.0
            )
    best = np.sort(scores, axis=0)
    return float((best[-1] - best[-2]).mean())


def dci(
    codes: NDArray[Any], factors: NDArray[Any], classes: NDArray[np.bool_], test: NDArray[np.bool_], seed: int = 0
) -> DCI:
    """Disentanglement, completeness, informativeness from the importances of gradient-boosted trees.

    Args:
        codes, factors: (N, d) and (N, F).
        classes: (F,) which factors are classes.
        test: (N,) which rows are test rows; the trees learn on the others.
        seed: of the trees.
    """
    _check(codes, factors)
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor

    importance = np.zeros((codes.shape[1], factors.shape[1]))
    read = []
    for k, factor in enumerate(factors.T):
        kind = GradientBoostingClassifier if classes[k] else GradientBoostingRegressor
        target = binned(factor) if classes[k] else factor
        trees = kind(n_estimators=50, random_state=seed).fit(codes[~test], target[~test])
        importance[:, k] = trees.feature_importances_
        read.append(max(0.0, float(trees.score(codes[test], target[test]))))
    weights = importance.sum(1) / importance.sum()
    by_dimension, by_factor = _purity(importance), _purity(importance.T)
    return DCI(
        float((weights * by_dimension).sum()), float(by_factor.mean()), float(np.mean(read)), np.array(read), importance
    )


def _purity(importance: Array) -> Array:
    """(rows,) 1 minus the entropy of each row's shares, in the base of their number: 1 where one share is all."""
    total = importance.sum(1, keepdims=True)
    shares = np.divide(importance, total, out=np.zeros_like(importance), where=total > 0)
    logs = np.log(np.where(shares > 0, shares, 1)) / np.log(importance.shape[1])
    purity: Array = np.where(total[:, 0] > 0, 1 + (shares * logs).sum(1), 0)
    return purity


def _separable(dimension: Array, target: NDArray[np.int64], test: NDArray[np.bool_]) -> float:
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.svm import LinearSVC

    column = ((dimension - dimension.mean()) / dimension.std())[:, None]
    machine = LinearSVC(C=0.01, class_weight="balanced", random_state=0).fit(column[~test], target[~test])
    return float(balanced_accuracy_score(target[test], machine.predict(column[test])))


def _check(codes: NDArray[Any], factors: NDArray[Any]) -> None:
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or min(codes.shape[1], factors.shape[1]) < 2:
        raise InputError(
            "factors: expected codes (N, d) and factors (N, F) with two columns or more, "
            f"got {codes.shape} and {factors.shape}"
        )
