import numpy as np
import pytest
import torch

from esvae_core.engine.noise import uniform
from esvae_core.errors import InputError
from esvae_core.explore.decode_rates import decode_with_spikes
from esvae_core.pictures import to_uint8

RATES = np.random.default_rng(0).random((5, 6), np.float32)


@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_it_is_the_model_under_the_noise_of_that_seed(model, sampler):
    drawing = decode_with_spikes(model, RATES[:1], seed=7, sampler=sampler, steps=8)
    noise = torch.from_numpy(uniform(7, 8, 6))[:, None]
    with torch.no_grad():
        spikes = model.sample_spikes(torch.from_numpy(RATES[:1]), noise=noise, sampler=sampler)
        pixels = to_uint8(model.decode(spikes))
    assert np.array_equal(drawing.spikes, spikes.numpy() > 0)
    assert np.array_equal(drawing.pixels, pixels)


def test_a_picture_does_not_depend_on_its_company(model):
    alone = decode_with_spikes(model, RATES[3:4], seed=7, sampler="bernoulli", steps=8)
    among = decode_with_spikes(model, RATES, seed=7, sampler="bernoulli", steps=8)
    assert np.array_equal(alone.pixels[0], among.pixels[3])
    assert np.array_equal(alone.spikes[:, 0], among.spikes[:, 3])


def test_more_rate_only_adds_spikes(model):
    low = decode_with_spikes(model, RATES * 0.5, seed=1, sampler="bernoulli", steps=16).spikes
    high = decode_with_spikes(model, RATES, seed=1, sampler="bernoulli", steps=16).spikes
    assert not (low & ~high).any()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -0.1, 1.1])
def test_what_is_no_rate_is_refused(model, wrong):
    rates = RATES[:1].copy()
    rates[0, 2] = wrong
    with pytest.raises(InputError, match=r"expected a vector in \[0, 1\]"):
        decode_with_spikes(model, rates, seed=0, sampler="bernoulli", steps=8)


def test_rates_of_another_model_are_refused(model):
    with pytest.raises(InputError, match="rates"):
        decode_with_spikes(model, RATES[:, :4], seed=0, sampler="bernoulli", steps=8)


def test_turned_spikes_are_turned_in_all_pictures(model):
    how = {"seed": 7, "sampler": "bernoulli", "steps": 8}
    plain, turned = (
        decode_with_spikes(model, RATES, **how),
        decode_with_spikes(model, RATES, **how, flips=[0, 8 * 6 - 1]),
    )
    apart = np.argwhere(plain.spikes != turned.spikes)
    assert apart.tolist() == [[0, i, 0] for i in range(5)] + [[7, i, 5] for i in range(5)]
    with pytest.raises(InputError, match="from 0 to 47"):
        decode_with_spikes(model, RATES, **how, flips=[48])
