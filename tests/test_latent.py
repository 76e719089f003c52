"""Sampling, its gradients, the prior, and MMD, each against its definition."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from esvae_core.config import Kernel
from esvae_core.latent import Prior, mmd, spikes_from_rates

BELOW_ONE = 1 - 2**-24  # the largest float32 that torch.rand can give


def uniform(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


# ---- Bernoulli -------------------------------------------------------------------------------------------------------


def test_a_bernoulli_spike_is_rate_above_noise():
    rates, noise = torch.tensor([[0.5, 0.25]]), torch.tensor([[[0.4, 0.25]], [[0.5, 0.2]]])
    assert spikes_from_rates(rates, noise, "bernoulli").tolist() == [[[1, 0]], [[0, 1]]]


@pytest.mark.parametrize("sampler", ["bernoulli", "systematic"])
def test_rates_of_zero_and_one_are_certain(sampler):
    for noise in (uniform(50, 3, 4), torch.zeros(50, 3, 4), torch.full((50, 3, 4), BELOW_ONE)):
        assert spikes_from_rates(torch.zeros(3, 4), noise, sampler).sum() == 0
        assert bool((spikes_from_rates(torch.ones(3, 4), noise, sampler) == 1).all())


def test_bernoulli_counts_are_binomial():
    rates = torch.tensor([[0.1, 0.5, 0.8]]).repeat(20_000, 1)
    counts = spikes_from_rates(rates, uniform(16, 20_000, 3), "bernoulli").sum(0)
    for j, r in enumerate((0.1, 0.5, 0.8)):
        assert counts[:, j].mean().item() == pytest.approx(16 * r, abs=4 * math.sqrt(16 * r * (1 - r) / 20_000))
        assert (counts[:, j].var() / counts[:, j].mean()).item() == pytest.approx(1 - r, rel=0.05)  # Fano factor


def test_the_box_gradient_is_one_where_rate_and_noise_are_close():
    rates = torch.tensor([[0.75, 0.0]], requires_grad=True)
    noise = torch.tensor([[[0.1, 0.1]], [[0.3, 0.49]], [[0.9, 0.51]]])
    weights = torch.tensor([1.0, 2.0, 4.0]).view(3, 1, 1)
    (spikes_from_rates(rates, noise, "bernoulli") * weights).sum().backward()
    # |.75 - u| = .65, .45, .15 -> 2 + 4; |0 - u| = .1, .49, .51 -> 1 + 2
    assert rates.grad.tolist() == [[6, 3]]


def test_the_straight_through_gradient_is_one_everywhere():
    rates = torch.tensor([[0.75, 0.0]], requires_grad=True)
    spikes_from_rates(rates, uniform(5, 1, 2), "bernoulli", "straight-through").sum().backward()
    assert rates.grad.tolist() == [[5, 5]]


@pytest.mark.parametrize("rate", [1 / 16, 0.5, 0.9])
def test_the_second_order_gradient_is_exact_for_a_square(rate):
    """E[f(z)] has slope f(1) - f(0); one sample's gradient has that mean for any f of second order, box's has not."""
    count = 200_000
    found = {}
    for gradient in ("second-order", "straight-through"):
        rates = torch.full((1, count), rate, requires_grad=True)
        spikes = spikes_from_rates(rates, uniform(1, 1, count), "bernoulli", gradient)
        (3 * spikes.square() - spikes).sum().backward()  # f(1) - f(0) = 2
        found[gradient] = rates.grad.mean().item()
    assert found["second-order"] == pytest.approx(2, abs=0.06)
    assert found["straight-through"] == pytest.approx(6 * rate - 1, abs=0.06)


def test_the_second_order_gradient_is_finite_at_certain_rates():
    rates = torch.tensor([[0.0, 1.0]], requires_grad=True)
    spikes_from_rates(rates, uniform(5, 1, 2), "bernoulli", "second-order").sum().backward()
    assert rates.grad.tolist() == [[2.5, 2.5]]


def test_samplers_can_be_mixed_neuron_by_neuron():
    rates, noise = uniform(30, 4, seed=1).requires_grad_(), uniform(16, 30, 4)
    mask = uniform(30, 4, seed=2) < 0.5
    spikes = spikes_from_rates(rates, noise, "bernoulli", systematic=mask)
    apart = [spikes_from_rates(rates.detach(), noise, name) for name in ("systematic", "bernoulli")]
    assert torch.equal(spikes, torch.where(mask, *apart))
    spikes.sum().backward()
    box = ((rates - noise).abs() < 0.5).sum(0)
    assert torch.equal(rates.grad, torch.where(mask, torch.tensor(16), box).float())


# ---- systematic ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 16, 32, 64])
def test_systematic_counts_are_exact_on_the_grid(steps):
    """Rates k/T for every k, under every kind of offset, the ends of the interval included."""
    rates = (torch.arange(steps + 1) / steps).repeat(300, 1)
    offsets = uniform(300, 1)
    offsets[0], offsets[1], offsets[2] = 0, BELOW_ONE, 0.5
    noise = offsets.expand(300, steps + 1).repeat(steps, 1, 1)
    counts = spikes_from_rates(rates, noise, "systematic").sum(0)
    assert torch.equal(counts, torch.arange(steps + 1.0).repeat(300, 1))


@pytest.mark.parametrize("steps", [3, 5, 7, 10, 12, 100])
@pytest.mark.parametrize("offset", ["any", 0.0, BELOW_ONE])
def test_systematic_counts_are_exact_on_grids_that_float32_rounds(steps, offset):
    rates = (torch.arange(steps + 1, dtype=torch.float64) / steps).float().repeat(200, 1)
    noise = uniform(1, 200, steps + 1) if offset == "any" else torch.full((1, 200, steps + 1), offset)
    counts = spikes_from_rates(rates, noise.repeat(steps, 1, 1), "systematic").sum(0)
    assert torch.equal(counts, torch.arange(steps + 1.0).repeat(200, 1))


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1, width=32), st.floats(0, BELOW_ONE, width=32), st.integers(1, 64))
def test_systematic_spikes_are_spread_evenly(rate, offset, steps):
    spikes = spikes_from_rates(torch.tensor([[rate]]), torch.full((steps, 1, 1), offset), "systematic").flatten()
    assert set(spikes.tolist()) <= {0.0, 1.0}
    passed = spikes.double().cumsum(0)
    ideal = torch.arange(1, steps + 1, dtype=torch.float64) * float(torch.tensor(rate))
    assert bool(((passed - ideal).abs() < 1 + 1e-6).all())  # never a whole spike ahead or behind


def test_systematic_sampling_is_unbiased():
    rates = torch.tensor([[0.13, 0.5, 0.77]]).repeat(20_000, 1)
    spikes = spikes_from_rates(rates, uniform(5, 20_000, 3), "systematic")
    torch.testing.assert_close(spikes.mean((0, 1)), rates[0], rtol=0, atol=0.005)


def test_systematic_sampling_uses_the_first_steps_noise_only():
    rates, noise = uniform(4, 6), uniform(8, 4, 6, seed=1)
    other = noise.clone()
    other[1:] = uniform(7, 4, 6, seed=2)
    assert torch.equal(spikes_from_rates(rates, noise, "systematic"), spikes_from_rates(rates, other, "systematic"))


@pytest.mark.parametrize("gradient", ["box", "straight-through"])
def test_systematic_spikes_pass_the_gradient_straight_through(gradient):
    rates = uniform(2, 3).requires_grad_()
    weights = uniform(7, 2, 3, seed=4)
    (spikes_from_rates(rates, uniform(7, 2, 3, seed=5), "systematic", gradient) * weights).sum().backward()
    torch.testing.assert_close(rates.grad, weights.sum(0))


# ---- prior -----------------------------------------------------------------------------------------------------------


def test_the_prior_is_a_sigmoid_of_a_linear_map():
    prior = Prior(2)
    with torch.no_grad():
        prior.linear.weight.copy_(torch.tensor([[1.0, 2.0], [0.0, -1.0]]))
        prior.linear.bias.copy_(torch.tensor([0.0, 1.0]))
    rates = prior(torch.tensor([[1.0, -0.5]]))  # 1 - 1 + 0 = 0; .5 + 1 = 1.5
    torch.testing.assert_close(rates, torch.tensor([[0.5, 1 / (1 + math.exp(-1.5))]]))


# ---- MMD -------------------------------------------------------------------------------------------------------------


def test_mmd_by_hand():
    # x = {0}, y = {1}: D = 1 off the diagonal, s = 2 / (4 - 2) = 1; k = sum exp(-2^(2-i)), i = 0..4
    off = sum(math.exp(-(2.0 ** (2 - i))) for i in range(5))
    assert mmd(torch.tensor([[0.0]]), torch.tensor([[1.0]])).item() == pytest.approx(2 * 5 - 2 * off, rel=1e-6)


def test_mmd_of_inverse_multiquadrics_by_hand():
    # as above: D = s = 1; k = sum 2^p / (2^p + 1), p = -2..2
    off = sum(2.0**p / (2.0**p + 1) for p in range(-2, 3))
    found = mmd(torch.tensor([[0.0]]), torch.tensor([[1.0]]), kernel="inverse-multiquadric")
    assert found.item() == pytest.approx(2 * 5 - 2 * off, rel=1e-6)


def test_energy_distance_by_hand():
    # x = {0, 0}, y = {1, 3}: ordered pairs 2 (2 * 1 + 2 * 9 + 4) = 48 over 12, s = 4; cross 2, within x 0, within y 1
    x, y = torch.tensor([[0.0], [0.0]]), torch.tensor([[1.0], [3.0]])
    assert mmd(x, y, kernel="energy").item() == pytest.approx((2 * 2 - 0 - 1) / 2)


def test_energy_distance_is_the_sliced_one_over_all_directions():
    x, y = uniform(30, 2), uniform(30, 2, seed=1) ** 2
    angle = torch.arange(4096, dtype=torch.float64) * math.pi / 4096
    ways = torch.stack([angle.cos(), angle.sin()])

    def within(a, b):
        return (a[:, None] - b[None]).abs().mean()

    sides = [(s.double() @ ways).T for s in (x, y)]  # 4096 projections of either sample
    sliced = torch.stack([2 * within(a, b) - within(a, a) - within(b, b) for a, b in zip(*sides, strict=True)]).mean()
    joint = torch.cat([x, y])
    s = (joint[:, None] - joint[None]).square().sum() / (60 * 59)
    # the mean of |cos| is 2 / pi
    assert mmd(x, y, kernel="energy").item() == pytest.approx(float(sliced * math.pi / 2 / s.sqrt()), rel=1e-4)


@pytest.mark.parametrize("kernel", get_args(Kernel))
def test_mmd_has_a_gradient_where_rates_coincide(kernel):
    x = torch.tensor([[0.5, 0.25]] * 3 + [[0.0, 1.0]], requires_grad=True)
    mmd(x, uniform(4, 2), kernel=kernel).backward()
    assert bool(torch.isfinite(x.grad).all())
    assert bool(x.grad.abs().sum() > 0)


@pytest.mark.parametrize("kernel", get_args(Kernel))
def test_mmd_of_a_sample_with_itself_is_zero(kernel):
    x = uniform(20, 4)
    assert mmd(x, x.clone(), kernel=kernel).item() == pytest.approx(0, abs=1e-6)


def test_mmd_grows_with_the_distance():
    x = uniform(100, 4)
    values = [mmd(x, uniform(100, 4, seed=1) * (1 - shift) + shift).item() for shift in (0.0, 0.2, 0.5)]
    assert values == sorted(values)
    assert values[0] < 0.1 < values[2]


def test_unbiased_mmd_leaves_the_diagonals_out():
    x, y = uniform(6, 3), uniform(6, 3, seed=1)
    biased, unbiased = mmd(x, y).item(), mmd(x, y, unbiased=True).item()
    # biased = (D + O)/n^2 + ..., with 2 n diagonal entries of value 5: recover the off-diagonal sum and divide anew
    both = torch.cat([x, y])
    squared = (both[:, None] - both[None]).square().sum(-1)
    s = squared.sum() / (144 - 12)
    k = sum(torch.exp(-squared / (s * 2.0**p)) for p in range(-2, 3))
    cross = 2 * k[:6, 6:].mean().item()
    assert unbiased == pytest.approx(((biased + cross) * 36 - 2 * 6 * 5) / 30 - cross, abs=1e-5)


def test_unbiased_mmd_is_near_zero_for_one_distribution():
    values = [
        mmd(uniform(200, 3, seed=2 * i), uniform(200, 3, seed=2 * i + 1), unbiased=True).item() for i in range(20)
    ]
    assert abs(sum(values) / 20) < 0.005
    assert min(values) < 0


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_mmd_of_coinciding_rates_has_a_finite_gradient(value):
    x = torch.full((8, 3), value, requires_grad=True)
    y = torch.full((8, 3), value, requires_grad=True)
    loss = mmd(x, y)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert bool(x.grad.isfinite().all())
    assert bool(y.grad.isfinite().all())


def test_the_bandwidth_is_not_differentiated():
    # with s held fixed, dMMD/dx by finite differences in double precision
    x, y = uniform(3, 2).double(), uniform(3, 2, seed=1).double()
    both = torch.cat([x, y])
    s = (both[:, None] - both[None]).square().sum() / 30

    def fixed(x):
        both = torch.cat([x, y])
        squared = (both[:, None] - both[None]).square().sum(-1)
        k = sum(torch.exp(-squared / (s * 2.0**p)) for p in range(-2, 3))
        return (k[:3, :3] + k[3:, 3:] - 2 * k[:3, 3:]).mean()

    leaf = x.clone().requires_grad_()
    mmd(leaf, y).backward()
    step = torch.zeros_like(x)
    step[1, 0] = 1e-5
    assert leaf.grad[1, 0].item() == pytest.approx(((fixed(x + step) - fixed(x - step)) / 2e-5).item(), rel=1e-4)
