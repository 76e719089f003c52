import copy

import numpy as np
import pytest
import torch

from esvae_core.errors import InputError
from esvae_core.explore.effect import beside_noise, by_effect, data_range, effects

RATES = np.random.default_rng(0).random((50, 6), np.float32)


def test_a_dimension_that_goes_nowhere_has_no_effect(model):
    cut = copy.deepcopy(model)
    with torch.no_grad():
        cut.from_latent.transform.weight[:, [1, 4]] = 0
    found = effects(cut, RATES)
    assert found.shape == (6,)
    assert (found[[1, 4]] == 0).all()
    assert (found[[0, 2, 3, 5]] > 0).all()


def test_a_dimension_that_never_moves_has_no_effect(model):
    still = RATES.copy()
    still[:, 2] = 0.25
    assert effects(model, still)[2] == 0


def test_a_dimension_that_goes_nowhere_does_not_rise_above_the_noise(model):
    cut = copy.deepcopy(model)
    with torch.no_grad():
        cut.from_latent.transform.weight[:, [1, 4]] = 0
    found = beside_noise(cut, RATES, references=4, draws=2)
    assert found.clear.tolist() == [True, False, True, True, False, True]
    assert np.array_equal(found.moved[[1, 4]], found.redrawn[[1, 4]])
    assert (found.redrawn > 0).all()


def test_it_is_the_same_every_time(model):
    assert np.array_equal(effects(model, RATES, seed=3), effects(model, RATES, seed=3))


def test_order_is_falling_and_stable():
    assert by_effect(np.array([0.1, 0.5, 0.1, 0.9])) == (3, 1, 0, 2)


def test_range_is_the_middle_ninety_percent():
    rates = np.linspace(0, 1, 101)[:, None]
    assert np.allclose(data_range(rates), [[0.05], [0.95]])


@pytest.mark.parametrize("shape", [(0, 6), (3, 5), (6,)])
def test_rates_of_another_shape_are_refused(model, shape):
    with pytest.raises(InputError, match=r"rates: expected shape \(N, 6\)"):
        effects(model, np.zeros(shape))
