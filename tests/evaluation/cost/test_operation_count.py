"""Counted operations against counts by hand; hooks that leave nothing behind."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from esvae_core.config import NeuronConfig
from esvae_core.evaluation.cost import operations
from esvae_core.layers import down, up


def test_operations_of_layers_by_hand():
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3, stride=2, padding=1),  # 8x8 -> 4x4: 9 * 2 * 3 * 16 per image
        nn.ConvTranspose2d(3, 5, 3, stride=2, padding=1, output_padding=1),  # 9 * 3 * 5 * 16
        nn.Flatten(),
        nn.Linear(5 * 64, 7),
    )
    with operations(net) as seen:
        net(torch.randn(2, 2, 8, 8))
    assert [o.multiply_adds for o in seen] == [2 * 9 * 6 * 16, 2 * 9 * 15 * 16, 2 * 320 * 7]
    assert [o.from_numbers for o in seen] == [o.multiply_adds for o in seen]
    assert not any(module._forward_hooks for module in net.modules())


def test_spikes_ask_for_additions():
    net = nn.Linear(8, 4)
    spikes = torch.zeros(2, 8)
    spikes[0, :3] = 1
    with operations(net) as seen:
        net(spikes)
    (found,) = seen
    assert (found.multiply_adds, found.additions, found.from_numbers) == (64, 3 * 4, 0)


@pytest.mark.parametrize("make", [down, up])
@torch.no_grad()
def test_spiking_layers_are_seen_even_where_few_spikes_come_in(make):
    """Few spikes take another way than the convolution's own forward, unless somebody watches."""
    layer = make(2, 3, NeuronConfig()).eval()
    spikes = torch.zeros(4, 2, 4, 4)
    spikes[0, 0, 1, 2] = spikes[3, 1, 3, 3] = 1
    with operations(layer) as seen:
        layer(spikes, 4, 4)
    (found,) = seen
    dense = 9 * 2 * 3 * 4 * (4 if make is down else 16)  # of 4 steps
    assert found == (dense, dense * 2 / spikes.numel(), 0)


def test_hooks_are_gone_after_a_failure():
    net = nn.Linear(2, 2)
    with pytest.raises(ZeroDivisionError), operations(net):
        raise ZeroDivisionError
    assert not net._forward_hooks
