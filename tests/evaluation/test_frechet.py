"""The distance against closed forms and against another way to take the root."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from esvae_core.errors import InputError
from esvae_core.evaluation.frechet import Gaussian, frechet_distance, gaussian


def drawn(seed, count=300, features=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, features)) @ rng.normal(size=(features, features)) + rng.normal(size=features)


def test_statistics_are_those_of_numpy():
    x = drawn(0)
    found = gaussian(x)
    np.testing.assert_allclose(found.mean, x.mean(0))
    np.testing.assert_allclose(found.covariance, np.cov(x.T))


def test_one_dimension_has_a_closed_form():
    a, b = Gaussian(np.array([1.0]), np.array([[4.0]])), Gaussian(np.array([4.0]), np.array([[9.0]]))
    assert frechet_distance(a, b) == pytest.approx((1 - 4) ** 2 + (2 - 3) ** 2)


def test_the_root_is_that_of_scipy():
    a, b = gaussian(drawn(1)), gaussian(drawn(2))
    root = scipy.linalg.sqrtm(a.covariance @ b.covariance).real
    wanted = np.square(a.mean - b.mean).sum() + np.trace(a.covariance + b.covariance - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-9)


def test_it_is_symmetric_and_zero_on_itself_even_where_covariances_are_singular():
    a, b = gaussian(drawn(3, count=4)), gaussian(drawn(4, count=4))  # rank 3 of 6
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6 * np.trace(a.covariance))
    assert frechet_distance(a, b) > 0.1


def test_what_has_no_covariance_or_does_not_fit_is_refused():
    with pytest.raises(InputError, match="2 or more"):
        gaussian(np.zeros((1, 3)))
    with pytest.raises(InputError, match="3 features against 2"):
        frechet_distance(gaussian(drawn(0, features=3)), gaussian(drawn(0, features=2)))
