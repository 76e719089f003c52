"""Learning rate and time steps as functions of the progress."""

from __future__ import annotations

import math

import pytest

from esvae_core.config import AutoencoderConfig, ModelConfig, TrainConfig, parse
from esvae_core.errors import ConfigError
from esvae_core.training.schedule import later_steps, learning_rate, mmd_weight, time_steps


def test_the_rate_scales_with_the_batch():
    # published: lr .003 at batch 256 is .003 * 256 / 250
    assert learning_rate(TrainConfig(), 0, 100) == pytest.approx(0.003072)
    assert learning_rate(TrainConfig(batch_size=64, lr=0.001), 99, 100) == pytest.approx(0.000256)


def test_warmup_rises_linearly_and_ends_at_the_full_rate():
    train = TrainConfig(batch_size=250, lr=0.1, warmup_steps=4)
    assert [learning_rate(train, s, 100) for s in range(6)] == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])


def test_cosine_falls_from_the_full_rate_towards_zero():
    train = TrainConfig(batch_size=250, lr=0.1, schedule="cosine")
    rates = [learning_rate(train, s, 10) for s in range(10)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[5] == pytest.approx(0.05)
    assert rates[9] == pytest.approx(0.05 * (1 + math.cos(0.9 * math.pi)))
    assert rates == sorted(rates, reverse=True)


def test_cosine_starts_after_the_warmup():
    train = TrainConfig(batch_size=250, lr=0.1, schedule="cosine", warmup_steps=2)
    assert [learning_rate(train, s, 12) for s in (1, 2, 7)] == pytest.approx([0.1, 0.1, 0.05])


@pytest.mark.parametrize("total", [1, 3, 5])
def test_a_warmup_longer_than_the_run_never_exceeds_the_rate(total):
    train = TrainConfig(batch_size=250, lr=0.1, schedule="cosine", warmup_steps=5)
    assert all(0 < learning_rate(train, s, total) <= 0.1 for s in range(total))


def steps(train, t=16):
    return [time_steps(ModelConfig(time_steps=t), train, e) for e in range(train.epochs)]


def test_without_growth_t_is_the_models():
    assert steps(TrainConfig(epochs=3)) == [16, 16, 16]


def test_t_grows_by_shares_of_the_run():
    train = TrainConfig(epochs=9, grow_time=((1 / 3, 2), (2 / 3, 4), (8 / 9, 8)))
    assert steps(train) == [2, 2, 2, 4, 4, 4, 8, 8, 16]


@pytest.mark.parametrize("epochs", range(1, 12))
def test_the_last_epoch_always_has_the_models_t_and_t_never_falls(epochs):
    found = steps(TrainConfig(epochs=epochs, grow_time=((0.3, 2), (0.6, 4), (0.99, 8))))
    assert found[-1] == 16
    assert found == sorted(found)


def test_growth_never_passes_the_models_t():
    assert steps(TrainConfig(epochs=4, grow_time=((0.5, 2), (0.75, 8))), t=3) == [2, 2, 3, 3]


def test_the_weight_of_the_mmd_rises_to_its_value():
    train = TrainConfig(mmd_weight=0.4, mmd_warmup_steps=4)
    assert [mmd_weight(train, step) for step in range(6)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    assert mmd_weight(TrainConfig(), 0) == 0.001


@pytest.mark.parametrize("grown", [(), ((0.25, 2), (0.5, 4)), ((0.01, 1), (0.02, 2), (0.99, 9))])
@pytest.mark.parametrize("epochs", [1, 2, 7, 100])
def test_the_steps_of_later_epochs_are_summed_without_counting_them(grown, epochs):
    model, train = ModelConfig(time_steps=8), TrainConfig(epochs=epochs, grow_time=grown)
    for epoch in range(epochs):
        later = range(epoch + 1, epochs)
        assert later_steps(model, train, epoch) == sum(time_steps(model, train, e) for e in later)
        assert later_steps(AutoencoderConfig(), train, epoch) == len(later)


def test_a_run_has_an_end():
    with pytest.raises(ConfigError, match="epochs"):
        parse(TrainConfig, {"epochs": 100_001}, "here")
