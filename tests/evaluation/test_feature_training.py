"""The trained feature network: it learns, it repeats, and its file is whole."""

from __future__ import annotations

import numpy as np
import pytest

from esvae_core.errors import InputError
from esvae_core.evaluation.feature_net import features
from esvae_core.evaluation.feature_training import train_features
from esvae_core.evaluation.frechet import gaussian

from .made import image_set


@pytest.fixture(scope="module")
def sets():
    return image_set(300, 0, split="train"), image_set(50, 1)


def trained(sets, **more):
    errors = []
    file = train_features(*sets, channels=(4, 8), count=5, report=lambda *words: errors.append(words), **more)
    return file, errors


def test_it_learns_and_says_where_it_comes_from(sets):
    file, errors = trained(sets, epochs=8)
    assert [(done, total) for done, total, _ in errors] == [(i, 24) for i in range(1, 25)]
    assert errors[-1][2] < 0.8 * errors[0][2]
    header = file.header
    assert (header.dataset, header.statistics, header.config.features) == ("made", "test", 5)
    assert "8 epochs of 300 images of made, seed 0" in header.origin
    wanted = gaussian(features(file.net, sets[1].tensor()))
    np.testing.assert_array_equal(file.statistics.mean, wanted.mean)
    np.testing.assert_array_equal(file.statistics.covariance, wanted.covariance)


def test_a_seed_repeats_and_another_differs(sets):
    means = [trained(sets, epochs=1, seed=seed)[0].statistics.mean for seed in (1, 1, 2)]
    np.testing.assert_array_equal(means[0], means[1])
    assert not np.array_equal(means[0], means[2])


def test_images_that_do_not_fit_are_refused(sets):
    with pytest.raises(InputError, match="halved 4 times"):
        train_features(*sets)
    with pytest.raises(InputError, match="two train"):
        train_features(image_set(1), sets[1], channels=(4,))
