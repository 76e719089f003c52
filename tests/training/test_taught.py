"""Known factors as rates that latent neurons are taught."""

from __future__ import annotations

import numpy as np
import pytest

from esvae_core.data.imageset import ImageSet
from esvae_core.errors import TrainingError
from esvae_core.training.factors import taught_rates


def images(factors):
    n = len(factors)
    zeros = np.zeros(n, np.int64)
    names = () if factors is None else tuple("abcdefg"[: factors.shape[1]])
    return ImageSet(
        np.zeros((n, 1, 8, 8), np.uint8),
        zeros,
        ("one",),
        "made",
        "train",
        "",
        zeros,
        factors=factors,
        factor_names=names,
    )


def test_each_factor_goes_from_none_to_all_by_itself():
    rates = taught_rates(images(np.array([[10.0, -1.0, 0], [20.0, 0.0, 3], [12.5, 1.0, 1]])), 3)
    np.testing.assert_allclose(rates, [[0, 0, 0], [1, 0.5, 1], [0.25, 1, 1 / 3]], rtol=1e-6)
    assert rates.dtype.is_floating_point


def test_a_factor_that_never_changes_teaches_silence():
    assert taught_rates(images(np.full((3, 2), 7.0)), 2).tolist() == [[0, 0]] * 3


def test_every_factor_needs_a_neuron():
    with pytest.raises(TrainingError, match=r"a latent neuron for each of 3 factors, got model\.latent_dim 2"):
        taught_rates(images(np.zeros((2, 3))), 2)
