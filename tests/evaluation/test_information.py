"""Information and capacity against closed forms and the figures of the theory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom

from esvae_core.errors import InputError
from esvae_core.evaluation.information import (
    binomial_capacity,
    binomial_channel,
    capacity,
    information_per_dimension,
    mutual_information,
    systematic_channel,
)


def entropy(p):
    return -sum(q * math.log2(q) for q in p if q)


def test_the_binomial_channel_is_that_of_scipy():
    rates = np.array([0, 0.1, 0.5, 1])
    found = binomial_channel(rates, 6)
    np.testing.assert_allclose(found, [binom.pmf(range(7), 6, r) for r in rates], atol=1e-12)


def test_the_systematic_channel_rounds_up_or_down():
    found = systematic_channel(np.array([0.5, np.float32(1 / 3), 0.3, 1]), 3)
    np.testing.assert_allclose(found, [[0, 0.5, 0.5, 0], [0, 1, 0, 0], [0.1, 0.9, 0, 0], [0, 0, 0, 1]], atol=1e-6)


def test_information_of_a_symmetric_binary_channel():
    channel = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert mutual_information(np.array([0.5, 0.5]), channel) == pytest.approx(1 - entropy([0.1, 0.9]))
    assert mutual_information(np.array([1.0, 0.0]), channel) == 0


def test_capacity_of_channels_that_have_a_closed_form():
    symmetric = np.array([[0.9, 0.1], [0.1, 0.9]])
    erasure = np.array([[0.7, 0.3, 0], [0, 0.3, 0.7]])
    z = np.array([[1, 0], [0.5, 0.5]])
    assert capacity(symmetric) == pytest.approx(1 - entropy([0.1, 0.9]), abs=1e-4)
    assert capacity(erasure) == pytest.approx(0.7, abs=1e-4)
    assert capacity(z) == pytest.approx(math.log2(5 / 4), abs=1e-4)  # 0.3219 bits
    assert capacity(np.eye(5)) == pytest.approx(math.log2(5))
    with pytest.raises(InputError, match="did not meet"):
        capacity(z, most=2)


@pytest.mark.parametrize(("steps", "bits"), [(4, 1.37), (8, 1.67), (16, 2.02), (32, 2.41)])
def test_capacity_of_the_binomial_channel(steps, bits):
    assert binomial_capacity(steps) == pytest.approx(bits, abs=0.005)


def test_a_coin_for_each_count_is_worth_what_it_says():
    rates = np.repeat([[0.0], [1.0]], 50, axis=1).reshape(-1, 1)
    assert information_per_dimension(rates, 16) == pytest.approx([1])  # silent or always on: the count tells which


def test_information_is_per_dimension_and_below_capacity():
    rng = np.random.default_rng(0)
    rates = np.stack([np.full(400, 0.5), rng.integers(0, 17, 400) / 16], 1).astype(np.float32)
    constant, spread = information_per_dimension(rates, 16)
    assert constant == pytest.approx(0, abs=1e-12)
    assert 0.5 < spread < binomial_capacity(16)
    shares = np.bincount((rates[:, 1] * 16).astype(int), minlength=17) / 400
    assert information_per_dimension(rates, 16, "systematic")[1] == pytest.approx(entropy(shares))


def test_information_agrees_with_counts_that_are_drawn():
    rng = np.random.default_rng(1)
    rates = rng.choice([0.1, 0.4, 0.9], 200_000)
    counts = rng.binomial(4, rates)
    table = np.array([np.bincount(counts[rates == r], minlength=5) for r in (0.1, 0.4, 0.9)]) / 200_000
    expected = table.sum(1, keepdims=True) * table.sum(0)
    drawn = (table[table > 0] * np.log2(table[table > 0] / expected[table > 0])).sum()
    assert information_per_dimension(rates[:, None], 4)[0] == pytest.approx(drawn, abs=5e-3)


def test_rates_that_are_none_are_refused():
    with pytest.raises(InputError, match=r"\[0, 1\]"):
        binomial_channel(np.array([1.1]), 4)
