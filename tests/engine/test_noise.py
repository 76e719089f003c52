"""Frozen noise: known values, statistics, and the samplers on it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from esvae_core.engine import noise
from esvae_core.errors import InputError
from esvae_core.latent import spikes_from_rates

VECTORS = json.loads((Path(__file__).parent / "noise_vectors.json").read_text())


def test_known_values():
    for case in VECTORS["uniform"]:
        found = noise.uniform(case["seed"], case["steps"], case["neurons"])
        assert found.dtype == np.float32
        assert (found * 2**24).astype(int).ravel().tolist() == case["values_24_bit"]
    for case in VECTORS["spikes"]:
        found = noise.sample(np.array(case["rates"], np.float32), case["seed"], case["sampler"], case["steps"])
        assert ["".join(map(str, row)) for row in found.tolist()] == case["rows"]


def test_known_normal_values():
    for case in VECTORS["normal"]:
        numbers = noise.normal(case["seed"], len(case["values"]))
        np.testing.assert_allclose(numbers, case["values"], rtol=0, atol=1e-12)
        assert noise.chance(case["seed"]) * 2**24 == case["chance_24_bit"]


def test_normal_numbers_are_normal_and_none_of_the_spikes():
    numbers = np.concatenate([noise.normal(seed, 500) for seed in range(100)])
    assert abs(numbers.mean()) < 5 / np.sqrt(numbers.size)
    assert numbers.var() == pytest.approx(1, abs=5 * np.sqrt(2 / numbers.size))
    assert (numbers**4).mean() == pytest.approx(3, abs=5 * np.sqrt(96 / numbers.size))
    assert abs(numbers).max() < 5.8
    ours = noise.uniform(5, 3, 64, 2**31)
    assert abs(np.corrcoef(ours[0], noise.uniform(5, 1, 64)[0])[0, 1]) < 5 / 8
    assert not np.intersect1d(ours[:, :8], noise.uniform(5, 16, 8)).size
    uniforms = [noise.chance(seed) for seed in range(2000)]
    assert np.mean(uniforms) == pytest.approx(0.5, abs=5 / np.sqrt(12 * 2000))


def test_one_value_computed_by_hand():
    def mixed(x):
        x = (x + 0x9E3779B9) % 2**32
        x = (x ^ x >> 16) * 0x7FEB352D % 2**32
        x = (x ^ x >> 15) * 0x846CA68B % 2**32
        return x ^ x >> 16

    bits = mixed((mixed((mixed(2**32 - 1) + 5) % 2**32) + 3) % 2**32)
    assert noise.uniform(2**32 - 1, 6, 4)[5, 3] == (bits >> 8) / 2**24


def test_uniform_and_independent():
    draws = np.stack([noise.uniform(seed, 16, 32) for seed in range(400)]).astype(np.float64)
    assert draws.min() >= 0
    assert draws.max() < 1
    counts = np.histogram(draws, bins=64, range=(0, 1))[0]
    expected = draws.size / 64
    assert ((counts - expected) ** 2 / expected).sum() < 63 + 5 * np.sqrt(2 * 63)  # chi squared, 5 sigma
    for a, b in ((draws[1:], draws[:-1]), (draws[:, 1:], draws[:, :-1]), (draws[:, :, 1:], draws[:, :, :-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 5 / np.sqrt(a.size)


@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_spikes_are_those_of_the_model(sampler):
    rates = np.random.default_rng(0).random(40).astype(np.float32)
    rates[:17] = np.arange(17) / 16
    frozen = noise.uniform(3, 16, 40)
    expected = spikes_from_rates(torch.tensor(rates)[None], torch.tensor(frozen)[:, None], sampler)[:, 0]
    found = noise.sample(rates, 3, sampler, 16)
    assert np.array_equal(found, expected.numpy())
    if sampler == "systematic":
        assert found[:, :17].sum(0).tolist() == list(range(17))


def test_wrong_input_is_refused():
    with pytest.raises(InputError, match="seed: expected 0 to 4294967295, got -1"):
        noise.uniform(-1, 2, 2)
    with pytest.raises(InputError, match=r"rates: expected a vector in \[0, 1\]"):
        noise.sample(np.array([0.5, np.nan], np.float32), 0, "bernoulli", 4)
