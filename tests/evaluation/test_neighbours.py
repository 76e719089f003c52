"""Precision, recall, density, coverage and nearest images, by hand and against a slow reference."""

from __future__ import annotations

import numpy as np
import pytest

from esvae_core.errors import InputError
from esvae_core.evaluation import neighbours
from esvae_core.evaluation.neighbours import copied_share, manifold, nearest


def slow(real, fake, k):
    """The definitions, point by point."""
    far = lambda a, b: np.linalg.norm(a - b)  # noqa: E731
    reach = [
        [sorted(far(x, y) for j, y in enumerate(p) if j != i)[k - 1] for i, x in enumerate(p)] for p in (real, fake)
    ]
    inside = np.array([[far(x, y) <= reach[0][i] for y in fake] for i, x in enumerate(real)])
    recalled = [any(far(x, y) <= reach[1][j] for j, y in enumerate(fake)) for x in real]
    return inside.any(0).mean(), np.mean(recalled), inside.sum() / (k * len(fake)), inside.any(1).mean()


def drawn(seed, count, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1, (count, 3))


def test_it_agrees_with_the_definitions(monkeypatch):
    monkeypatch.setattr(neighbours, "_ROWS", 7)  # several blocks, the last one short
    real, fake = drawn(0, 30), drawn(1, 25, shift=0.7)
    assert manifold(real, fake, k=3) == pytest.approx(slow(real, fake, 3))


def test_a_model_that_draws_one_mode_well_has_precision_and_no_recall():
    real = np.concatenate([drawn(0, 50), drawn(1, 50, shift=100)])
    found = manifold(real, drawn(2, 100))
    assert found.precision > 0.8
    assert found.recall < 0.6
    assert found.coverage < 0.6
    away = manifold(real, drawn(3, 100, shift=-50))
    assert (away.precision, away.recall, away.density, away.coverage) == (0, 0, 0, 0)


def test_the_same_images_are_covered_whole():
    real = drawn(0, 40)
    found = manifold(real, real.copy())
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)


def test_nearest_finds_the_copy():
    known = drawn(0, 20)
    distances, which = nearest(known[[7, 3]] + [[0, 0, 0], [0, 0.01, 0]], known)
    assert which.tolist() == [7, 3]
    assert distances == pytest.approx([0, 0.01], abs=1e-3)


def test_copies_are_counted_against_unseen_images():
    unseen = np.linspace(1, 2, 100)
    assert copied_share(unseen, unseen) == pytest.approx(0.01)
    assert copied_share(np.concatenate([np.zeros(50), np.full(50, 3.0)]), unseen) == 0.5


def test_too_few_are_refused():
    with pytest.raises(InputError, match="more than 5"):
        manifold(drawn(0, 5), drawn(1, 50))
