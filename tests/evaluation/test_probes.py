"""Probes on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from esvae_core.errors import InputError
from esvae_core.evaluation.probes import few, linear_accuracy, neighbour_accuracy, principal, standardised


def blobs(seed, count=200, gap=6.0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    centres = np.array([[0, 0], [gap, 0], [0, gap]])
    return centres[labels] + rng.normal(size=(count, 2)), labels


@pytest.mark.parametrize("score", [linear_accuracy, neighbour_accuracy])
def test_separate_classes_are_told_apart_and_mixed_ones_are_not(score):
    (x, a), (y, b) = blobs(0), blobs(1)
    assert score(x, a, y, b) > 0.97
    shuffled = np.random.default_rng(0).permutation(a)
    assert score(x, shuffled, y, b) < 0.6


def test_a_ring_is_for_neighbours_and_not_for_lines():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    angle = rng.uniform(0, 2 * np.pi, 400)
    x = (1 + 3 * labels + 0.1 * rng.normal(size=400))[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
    half = slice(200), slice(200, None)
    assert neighbour_accuracy(x[half[0]], labels[half[0]], x[half[1]], labels[half[1]]) > 0.98
    assert linear_accuracy(x[half[0]], labels[half[0]], x[half[1]], labels[half[1]]) < 0.75


def test_one_class_alone_is_scored_by_its_share():
    assert linear_accuracy(np.zeros((3, 2)), np.array([1, 1, 1]), np.zeros((4, 2)), np.array([1, 1, 0, 1])) == 0.75


def test_standardised_takes_the_train_rows_as_measure():
    train, other = np.array([[0.0, 5], [2, 5]]), np.array([[4.0, 9]])
    a, b = standardised(train, other)
    np.testing.assert_allclose(a, [[-1, 0], [1, 0]])
    np.testing.assert_allclose(b, [[3, 0]])


def test_principal_components_keep_what_varies():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 4)) * [10, 5, 0.01, 0.01]
    train, test = principal(x, 2, x[:10])
    assert train.shape == (100, 2)
    assert train.std(0) == pytest.approx(x[:, :2].std(0), rel=0.05)
    np.testing.assert_allclose(test, train[:10], atol=1e-4)


def test_few_labels_are_shared_among_the_classes():
    labels = np.repeat([0, 1, 2], [100, 50, 4])
    chosen = few(labels, 12, np.random.default_rng(0))
    assert np.bincount(labels[chosen]).tolist() == [4, 4, 4]
    assert len(np.unique(few(labels, 60, np.random.default_rng(0)))) == 60
    assert few(labels, 1000, np.random.default_rng(0)).tolist() == list(range(154))
    assert few(labels, 12, np.random.default_rng(0)).tolist() != few(labels, 12, np.random.default_rng(1)).tolist()


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="labels"):
        linear_accuracy(np.zeros((3, 2)), np.zeros(2, int), np.zeros((1, 2)), np.zeros(1, int))
