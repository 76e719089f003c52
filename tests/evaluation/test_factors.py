"""Disentanglement of codes that are known to be disentangled, mixed, or noise."""

from __future__ import annotations

import numpy as np
import pytest

from esvae_core.errors import InputError
from esvae_core.evaluation.factors import binned, dci, information, mig, sap

CLASSES = np.array([True, False, False])


@pytest.fixture(scope="module")
def factors():
    rng = np.random.default_rng(0)
    return np.stack([rng.integers(0, 3, 600), rng.random(600), rng.random(600)], 1)


@pytest.fixture(scope="module")
def test_rows():
    return np.random.default_rng(1).random(600) < 0.4


def mixed(factors):
    return factors @ np.random.default_rng(2).normal(size=(3, 5))


def test_a_factor_per_dimension_is_disentangled(factors, test_rows):
    codes = np.concatenate([2 * factors[:, [1, 0, 2]] - 1, np.zeros((600, 1))], 1)
    assert mig(codes, factors) > 0.8
    assert sap(codes, factors, CLASSES, test_rows) > 0.5
    found = dci(codes, factors, CLASSES, test_rows)
    assert found.disentanglement > 0.9
    assert found.completeness > 0.9
    assert found.informativeness > 0.95


def test_mixed_codes_inform_but_are_not_disentangled(factors, test_rows):
    codes = mixed(factors)
    assert mig(codes, factors) < 0.2
    assert sap(codes, factors, CLASSES, test_rows) < 0.3
    found = dci(codes, factors, CLASSES, test_rows)
    assert found.disentanglement < 0.5
    assert found.informativeness > 0.6


def test_noise_says_nothing(factors, test_rows):
    codes = np.random.default_rng(3).normal(size=(600, 4))
    assert mig(codes, factors) < 0.05
    assert sap(codes, factors, CLASSES, test_rows) < 0.1
    assert dci(codes, factors, CLASSES, test_rows).informativeness < 0.3


def test_information_by_hand():
    a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert information(a, b) == pytest.approx(0)
    assert information(a, a) == pytest.approx(np.log(2))


def test_bins_are_equal_or_the_values_themselves():
    assert binned(np.array([3.0, 1, 1, 2])).tolist() == [2, 0, 0, 1]
    assert np.bincount(binned(np.random.default_rng(0).random(1000), 10)).tolist() == [100] * 10


def test_one_column_is_refused(factors):
    with pytest.raises(InputError, match="two columns"):
        mig(factors[:, :1], factors)
