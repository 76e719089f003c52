"""The exponential moving average, worked out by hand."""

from __future__ import annotations

import pytest
import torch

from esvae_core.training.average import WeightAverage


def test_early_steps_count_less_of_the_past():
    average = WeightAverage(0.99, {"w": torch.tensor([1.0])})
    average.follow({"w": torch.tensor([12.0])}, 1)  # decay 1/11: 1/11 + 12 * 10/11
    assert average.state["w"].item() == pytest.approx(1 / 11 + 120 / 11)


def test_later_steps_use_the_decay():
    average = WeightAverage(0.5, {"w": torch.tensor([1.0])})
    average.follow({"w": torch.tensor([3.0])}, 1000)
    assert average.state["w"].item() == 2.0
    average.follow({"w": torch.tensor([3.0])}, 1001)
    assert average.state["w"].item() == 2.5


def test_it_holds_a_copy():
    start = {"w": torch.zeros(2)}
    average = WeightAverage(0.5, start)
    average.follow({"w": torch.ones(2)}, 1000)
    assert start["w"].tolist() == [0, 0]
    assert average.state["w"].tolist() == [0.5, 0.5]


def test_a_constant_stays():
    average = WeightAverage(0.9, {"w": torch.tensor([0.3])})
    for step in range(1, 50):
        average.follow({"w": torch.tensor([0.3])}, step)
    assert average.state["w"].item() == pytest.approx(0.3, rel=1e-6)
