"""Choosing a fitted prior: the criterion decides, and rests on rates that nothing was fitted to."""

from __future__ import annotations

import pytest
import torch

from esvae_core.data import load
from esvae_core.errors import InputError
from esvae_core.evaluation.prior_choice import choose, held_out, rates_of


def clustered(count, seed):
    """(count, 2) rates around five places."""
    source = torch.Generator().manual_seed(seed)
    places = torch.tensor([[0.1, 0.9], [0.5, 0.5], [0.9, 0.9], [0.1, 0.1], [0.9, 0.1]])
    near = places[torch.randint(0, 5, (count,), generator=source)] + 0.04 * torch.randn(count, 2, generator=source)
    return (near.clamp(0, 1) * 64).round() / 64


def test_held_out_rates_choose_enough_components_and_not_too_many():
    seen = []
    best = choose(clustered(300, 1), (1, 5, 100), 64, 0, held_out(clustered(500, 2), 64, 0), seen.append)
    assert best.components == 5
    assert [c.components for c in seen] == [1, 5, 100]
    assert best.score == min(c.score for c in seen)


def test_the_lowest_score_wins():
    best = choose(clustered(50, 1), (1, 2, 3), 64, 0, lambda mixture: abs(len(mixture.weights) - 2))
    assert (best.components, len(best.mixture.weights), best.score) == (2, 2, 0)


def test_nothing_to_try_is_refused():
    with pytest.raises(InputError, match="at least one"):
        choose(clustered(50, 1), (), 64, 0, lambda mixture: 0.0)


def test_rates_are_those_of_random_images(tiny):
    data = load("digits", "validation", image_size=8)
    every = rates_of(tiny, data, 10**6, 0)
    assert every.shape == (len(data), 6)
    some = rates_of(tiny, data, 30, 0)
    assert some.shape == (30, 6)
    assert torch.equal(some, rates_of(tiny, data, 30, 0))
    assert not torch.equal(some, rates_of(tiny, data, 30, 1))
    known = {tuple(row) for row in tiny.encode(data.tensor()).rates.tolist()}
    assert {tuple(row) for row in some.tolist()} <= known
