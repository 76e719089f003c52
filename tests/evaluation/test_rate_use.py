"""Rates on the grid, and dimensions that say something."""

from __future__ import annotations

import numpy as np

from esvae_core.evaluation.rate_use import dimension_use, grid_shares


def test_shares_of_the_grid():
    rates = np.array([[0, 0.5], [1, np.float32(0.5)], [0.24, 1]])
    assert grid_shares(rates, 4).tolist() == [1 / 6, 1 / 6, 2 / 6, 0, 2 / 6]


def test_active_dead_and_saturated():
    rng = np.random.default_rng(0)
    rates = np.stack([np.zeros(90), np.ones(90), np.full(90, 0.5), rng.integers(0, 5, 90) / 4], 1)
    assert dimension_use(rates) == (1, 1, 1)
    nearly = rates.copy()
    nearly[0, 0] = 0.01  # silent as good as always
    assert dimension_use(nearly) == (1, 1, 1)
