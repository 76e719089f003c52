"""Damage: of the stated strength, of the stated kind, none at strength 0."""

from __future__ import annotations

import pytest
import torch

from esvae_core.evaluation import perturbations
from esvae_core.seeds import generator


def spikes(rate=0.4):
    return (torch.rand((16, 50, 20), generator=generator(0, "spikes")) < rate).float()


def images():
    return torch.rand((20, 3, 16, 16), generator=generator(0, "images")) * 1.6 - 0.8


@pytest.mark.parametrize("name", ["flip", "delete", "jitter", "shuffle"])
def test_spikes_stay_spikes_and_strength_0_changes_nothing(name):
    damage, before = getattr(perturbations, name), spikes()
    kept = before.clone()
    assert torch.equal(damage(before, 0.0, generator(1, "noise")), before)
    after = damage(before, 0.7, generator(1, "noise"))
    assert set(after.unique().tolist()) <= {0.0, 1.0}
    assert after.shape == before.shape
    assert not torch.equal(after, before)
    assert torch.equal(before, kept)


def test_flips_are_as_many_as_said_either_way():
    before, after = spikes(), perturbations.flip(spikes(), 0.2, generator(1, "noise"))
    changed = before != after
    assert changed[before == 1].float().mean().item() == pytest.approx(0.2, abs=0.02)
    assert changed[before == 0].float().mean().item() == pytest.approx(0.2, abs=0.02)


def test_deletion_takes_spikes_and_adds_none():
    before, after = spikes(), perturbations.delete(spikes(), 0.3, generator(1, "noise"))
    assert (after <= before).all()
    assert after.sum() / before.sum() == pytest.approx(0.7, abs=0.02)


def test_jitter_moves_a_lone_spike_by_the_stated_deviation():
    before = torch.zeros(101, 400, 1)
    before[50] = 1
    after = perturbations.jitter(before, 3.0, generator(1, "noise"))
    assert (after.sum(0) == 1).all()
    moved = (after.argmax(0) - 50).double()
    assert moved.mean().item() == pytest.approx(0, abs=0.4)
    assert moved.std().item() == pytest.approx(3, rel=0.1)


def test_spikes_never_leave_the_ends_and_two_become_one():
    before = torch.zeros(2, 500, 1)
    before[0] = 1
    assert (perturbations.jitter(before, 50.0, generator(1, "noise")).sum(0) == 1).all()
    full = torch.ones(4, 500, 1)
    assert perturbations.jitter(full, 5.0, generator(1, "noise")).sum() < full.sum()


def test_shuffling_keeps_every_count_and_only_touches_its_share():
    before, after = spikes(), perturbations.shuffle(spikes(), 0.5, generator(1, "noise"))
    assert torch.equal(before.sum(0), after.sum(0))
    touched = (before != after).any(0).float().mean().item()
    assert touched == pytest.approx(0.5, abs=0.05)


def test_gaussian_noise_has_the_stated_deviation():
    noise = perturbations.gaussian(images(), 0.05, generator(1, "noise")) - images()
    assert noise.std().item() == pytest.approx(0.05, rel=0.05)
    assert perturbations.gaussian(images(), 5.0, generator(1, "noise")).abs().max() == 1
    assert torch.equal(perturbations.gaussian(images(), 0.0, generator(1, "noise")), images())


def test_salt_and_pepper_hit_whole_pixels():
    after = perturbations.salt(images(), 0.2, generator(1, "noise"))
    white, black = (after == 1).all(1), (after == -1).all(1)
    assert white.float().mean().item() == pytest.approx(0.1, abs=0.02)
    assert black.float().mean().item() == pytest.approx(0.1, abs=0.02)
    assert torch.equal(after.movedim(1, -1)[~(white | black)], images().movedim(1, -1)[~(white | black)])
    assert torch.equal(perturbations.salt(images(), 0.0, generator(1, "noise")), images())
