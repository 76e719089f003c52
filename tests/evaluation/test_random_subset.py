"""Parts of data that an order cannot mislead."""

import numpy as np
import pytest
import torch

from esvae_core.data import ImageSet
from esvae_core.evaluation.random_subset import MMD_BLOCK, mmd_in_blocks, shuffled
from esvae_core.latent import mmd


def numbered(count):
    return ImageSet(
        np.zeros((count, 1, 2, 2), np.uint8), np.arange(count), ("a",), "made", "test", "0" * 64, np.arange(count)
    )


def test_shuffled_keeps_every_image_and_no_order():
    once, again = shuffled(numbered(50)), shuffled(numbered(50))
    assert sorted(once.indices) == list(range(50))
    assert list(once.indices) == list(again.indices) == list(once.labels)
    assert list(once.indices[:10]) != list(range(10))


def test_mmd_does_not_see_the_order_of_the_images():
    # two kinds of images, one after the other: each ordered block is far from the prior, the whole is not
    source = torch.Generator().manual_seed(0)
    kinds = torch.cat([torch.full((MMD_BLOCK, 2), 0.2), torch.full((MMD_BLOCK, 2), 0.8)])
    rates = kinds + 0.05 * torch.randn(kinds.shape, generator=source)
    prior = rates[torch.randperm(len(rates), generator=source)]
    ordered = mmd(rates[:MMD_BLOCK], prior[:MMD_BLOCK], unbiased=True).item()
    assert ordered > 0.5
    assert abs(mmd_in_blocks(rates, prior, unbiased=True)) < 0.02


def test_mmd_of_one_block_is_that_of_all():
    source = torch.Generator().manual_seed(0)
    x, y = torch.rand(40, 3, generator=source), torch.rand(40, 3, generator=source)
    for unbiased in (False, True):
        found = mmd_in_blocks(x, y, unbiased=unbiased)
        assert found == pytest.approx(mmd(x, y, unbiased=unbiased).item(), abs=1e-6)
