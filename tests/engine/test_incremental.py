"""Rates moved by hand: what a change gives is what a decode from the start gives, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from esvae_core.engine import noise, plan_of
from esvae_core.engine.event_engine import Events
from esvae_core.engine.incremental import Live
from esvae_core.errors import InputError
from tests.engine.networks import CONFIGS, network
from tests.engine.test_reference import configs


def decoded(engine, spikes):
    return np.tanh(engine.decode(spikes[:, None].astype(np.float32)).pictures[0])


def places(spikes):
    return {(int(t), int(j)) for t, j in np.argwhere(spikes)}


@settings(max_examples=40, deadline=None)
@given(
    config=configs(),
    seed=st.integers(0, 1000),
    steps=st.integers(1, 20),
    sampler=st.sampled_from(["bernoulli", "systematic"]),
    moves=st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 0.1, 0.5, 0.9, 1])), max_size=8),
)
def test_every_move_gives_what_a_decode_gives(config, seed, steps, sampler, moves):
    engine = Events(plan_of(network(config, seed)))
    live = Live(engine, seed, sampler, steps)
    rates = np.random.default_rng(seed).random(config.latent_dim).astype(np.float32)
    shown = live.set(rates)
    assert not len(shown.gained)
    assert not len(shown.lost)
    for neuron, rate in moves:
        before = shown
        rates[neuron % config.latent_dim] = rate
        shown = live.move(neuron % config.latent_dim, rate)
        assert np.array_equal(shown.spikes, noise.sample(rates, seed, sampler, steps))
        assert np.array_equal(shown.image, decoded(engine, shown.spikes))
        assert {tuple(x) for x in shown.gained.tolist()} == places(shown.spikes) - places(before.spikes)
        assert {tuple(x) for x in shown.lost.tolist()} == places(before.spikes) - places(shown.spikes)


def test_only_what_changes_is_computed():
    config = CONFIGS["published"]
    live = Live(Events(plan_of(network(config))), 3, "bernoulli", 16)
    rates = np.full(config.latent_dim, 0.5, np.float32)
    live.set(rates)
    everything = live.computed.copy()
    assert everything.tolist() == [16 * side**2 for side in (2, 4, 8, 16, 32)]
    live.move(0, 0.5)
    assert not live.computed.any()
    threshold = np.sort(noise.uniform(3, 16, config.latent_dim)[:, 0])
    live.move(0, float(threshold[8]) + 1e-4 if threshold[8] >= 0.5 else float(threshold[8]))  # a spike or a few
    assert 0 < live.computed.sum() < everything.sum()
    live.set(1 - rates / 4)
    assert (live.computed <= everything).all()


def test_what_is_handed_out_stays_as_it_was():
    config = CONFIGS["soft"]
    live = Live(Events(plan_of(network(config))), 0, "bernoulli", 6)
    first = live.set(np.array([0.5, 0.5]))
    image, spikes = first.image.copy(), first.spikes.copy()
    first.spikes[:] = 1
    first.image[:] = 9
    again = live.set(np.array([0.5, 0.5]))
    assert np.array_equal(again.image, image)
    assert np.array_equal(again.spikes, spikes)


def test_the_model_gives_one_and_wrong_input_is_refused():
    model = network(CONFIGS["soft"])
    live = model.live(5, steps=4)
    with pytest.raises(InputError, match="move: expected rates to be set before"):
        live.move(0, 0.5)
    shown = live.set(np.array([0.2, 0.7]))
    with torch.no_grad():
        image = model.decode(torch.from_numpy(shown.spikes[:, None]).float(), engine="dense")[0]
    np.testing.assert_allclose(shown.image, image, atol=1e-5)
    with pytest.raises(InputError, match="neuron: expected 0 to 1, got 2"):
        live.move(2, 0.5)
    for wrong in (np.zeros(3), np.array([0.5, 2]), np.array([0.5, np.nan])):
        with pytest.raises(InputError, match=r"rates: expected 2 numbers in \[0, 1\]"):
            live.set(wrong)
    assert np.array_equal(live.move(0, 0.2).image, shown.image)
    with pytest.raises(InputError, match="seed: expected 0 to"):
        model.live(-1)
    with pytest.raises(InputError, match="the model is in training mode"):
        model.train().live(5)


@torch.no_grad()
@pytest.mark.parametrize("engine", ["dense", "events"])
def test_many_draws_of_the_same_rates(engine, monkeypatch):
    model = network(CONFIGS["soft"])
    rates, seeds = torch.tensor([0.4, 1.0]), [3, 0, 3, 9]
    sample = model.decode_many(rates, seeds, steps=5, engine=engine)
    assert sample.images.shape == (4, 1, 8, 8)
    assert torch.equal(sample.rates, rates.expand(4, 2))
    for k, seed in enumerate(seeds):
        spikes = torch.from_numpy(noise.sample(rates.numpy(), seed, "bernoulli", 5)).float()
        assert torch.equal(sample.spikes[:, k], spikes)
        torch.testing.assert_close(sample.images[k], model.decode(spikes[:, None], engine=engine)[0], rtol=0, atol=2e-5)
    widths, decode = [], model.decode
    monkeypatch.setattr(model, "decode", lambda x, **more: widths.append(x.shape[1]) or decode(x, **more))
    model.decode_many(rates, seeds, steps=5, engine=engine)
    model.decode_many(torch.tensor([0.0, 1.0]), seeds, engine=engine)
    assert widths == [3, 1]
    with pytest.raises(InputError, match="seeds: expected at least one"):
        model.decode_many(rates, [])
    with pytest.raises(InputError, match=r"rates: expected shape \(2,\), got \(1, 2\)"):
        model.decode_many(rates[None], seeds)
