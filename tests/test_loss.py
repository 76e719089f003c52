"""The objective is the sum of its stated parts."""

from __future__ import annotations

import pytest
import torch

from esvae_core.latent import mmd
from esvae_core.loss import esvae_loss


def test_error_is_the_mean_over_all_pixels():
    images, targets = torch.zeros(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    images[0, 0, 0, 0], targets[1, 0, 1, 1] = 1.0, -0.5
    rates = torch.rand(2, 3)
    loss = esvae_loss(images, targets, rates, rates, 0.001)
    assert loss.mse.item() == (1 + 0.25) / 8
    assert loss.total.item() == pytest.approx(loss.mse.item(), abs=1e-8)


@pytest.mark.parametrize("weight", [0.0, 0.001, 2.0])
def test_mmd_comes_in_by_its_weight(weight):
    images, posterior, prior = torch.rand(4, 1, 2, 2), torch.rand(4, 3), torch.rand(4, 3)
    loss = esvae_loss(images, images, posterior, prior, weight)
    assert loss.mse.item() == 0
    assert loss.mmd.item() == mmd(posterior, prior).item() > 0
    assert loss.total.item() == pytest.approx(weight * loss.mmd.item())


def test_rates_may_outnumber_the_images():
    """With several processes each sees its own images and everyone's rates."""
    images, posterior, prior = torch.rand(2, 1, 2, 2), torch.rand(8, 3), torch.rand(8, 3)
    assert esvae_loss(images, images, posterior, prior, 1.0).total.item() == mmd(posterior, prior).item()


def test_the_unbiased_distance_can_be_asked_for():
    images, posterior, prior = torch.rand(4, 1, 2, 2), torch.rand(4, 3), torch.rand(4, 3)
    loss = esvae_loss(images, images, posterior, prior, 2.0, unbiased=True)
    assert loss.mmd.item() == mmd(posterior, prior, unbiased=True).item() != mmd(posterior, prior).item()
    assert loss.total.item() == pytest.approx(2 * loss.mmd.item())


def test_the_first_neurons_are_taught():
    """Mean over neurons that are taught and images; the others are left alone."""
    images, rates = torch.zeros(2, 1, 2, 2), torch.tensor([[0.5, 0.25, 1], [0, 1, 1]], requires_grad=True)
    factors = torch.tensor([[0.25, 0.25], [1.0, 1.0]])
    loss = esvae_loss(images, images, rates, rates.detach(), 0.0, factors=factors, factor_weight=2.0)
    assert loss.total.item() == pytest.approx(2 * (0.0625 + 1) / 4)
    loss.total.backward()
    assert rates.grad.tolist() == [[0.25, 0, 0], [-1, 0, 0]]


def test_spikes_have_their_price():
    images, rates = torch.zeros(1, 1, 2, 2), torch.tensor([[0.5, 0.25]], requires_grad=True)
    loss = esvae_loss(images, images, rates, rates.detach(), 0.0, rate_weight=0.2)
    assert loss.total.item() == pytest.approx(0.2 * 0.375)
    loss.total.backward()
    assert rates.grad.tolist() == [[pytest.approx(0.1), pytest.approx(0.1)]]
