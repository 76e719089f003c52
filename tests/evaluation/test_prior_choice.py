"""Choosing a fitted prior: the criterion decides, and rests on rates that nothing was fitted to."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from esvae_core.data import load
from esvae_core.errors import InputError
from esvae_core.evaluation.feature_net import FeatureConfig, FeatureNet
from esvae_core.evaluation.prior_choice import choose, rates_of, validation_fad, validation_mmd
from esvae_core.fitted_prior import fit_prior


def clustered(count, seed):
    """(count, 6) rates of a T of 4: three kinds of image."""
    source = torch.Generator().manual_seed(seed)
    places = torch.tensor([[0, 4, 2, 0, 4, 1], [4, 0, 2, 4, 4, 1], [2, 2, 0, 4, 0, 3]])
    kind = torch.randint(0, 3, (count,), generator=source)
    return (places[kind] + torch.randint(-1, 2, (count, 6), generator=source)).clamp(0, 4) / 4


def test_mmd_of_held_out_rates_chooses_enough_components(tiny):
    seen = []
    criterion = validation_mmd(tiny, clustered(500, 2), 0, snap=True)
    best = choose(clustered(600, 1), (1, 3), 4, 0, criterion, seen.append)
    assert best.components == 3
    assert [c.components for c in seen] == [1, 3]
    assert best.score == min(c.score for c in seen) < 0.5 * criterion(None)
    assert best.score < 0.01
    assert abs(criterion(clustered(600, 1))) < 0.01, "rates of the same kind, as they are"


def test_the_lowest_score_wins():
    best = choose(clustered(50, 1), (1, 2, 3), 64, 0, lambda mixture: abs(len(mixture.weights) - 2))
    assert (best.components, len(best.mixture.weights), best.score) == (2, 2, 0)


def test_fad_prefers_a_prior_of_rates_as_the_data_has_them(tiny):
    """Images that the model itself painted from known rates: the prior of those rates scores lower than another."""
    source = torch.Generator().manual_seed(1)
    rates = torch.randint(0, 2, (400, 6), generator=source).float()
    with torch.no_grad():
        pictures = tiny.decode(tiny.sample_spikes(rates, source))
    pixels = ((pictures + 1) * 127.5).round().to(torch.uint8).numpy()
    data = replace(load("digits", "validation", image_size=8), images=pixels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = FeatureNet(FeatureConfig(image_size=8, channels=(4,), features=4)).eval()
    score = validation_fad(tiny, net, data, 0, count=300, snap=True)
    right = fit_prior(rates, 4, 4, source)
    wrong = fit_prior(torch.full((400, 6), 0.5), 4, 4, source)
    assert score(right) < 0.5 * score(wrong)
    assert score(right) == score(right)
    assert score(rates) < 0.5 * score(wrong), "rates of its own images, as they are"


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
