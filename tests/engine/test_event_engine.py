"""The compiled engine against the NumPy reference, bit for bit, and against the dense model."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from esvae_core import ModelConfig
from esvae_core.engine import plan_of, reference
from esvae_core.engine.event_engine import Events
from tests.engine.networks import CONFIGS, network
from tests.engine.test_reference import configs


def pictures(config, count, seed=0):
    """(N, C, H, W) in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, (count, *config.image_shape)).astype(np.float32)


def trains(config, steps, count, seed=0):
    """(T, N, d), where some neurons are silent and some fire at every step."""
    source = np.random.default_rng(seed)
    rates = source.choice([0, 0.2, 0.5, 0.8, 1], (count, config.latent_dim))
    return (source.random((steps, count, config.latent_dim)) < rates).astype(np.float32)


def same_as_reference(engine, plan, images, spikes, threads=1):
    """Spikes, their numbers and pictures, all to the last bit."""
    encoded, decoded = engine.encode(images, len(spikes), threads), engine.decode(spikes, threads)
    for i, image in enumerate(images):
        layers = reference.trace_encode(plan, image, len(spikes)).layers
        assert np.array_equal(encoded.spikes[:, i], layers["to_latent"].spikes)
        assert encoded.counts[i].tolist() == [int(run.spikes.sum()) for run in layers.values()]
    for i in range(spikes.shape[1]):
        trace = reference.trace_decode(plan, spikes[:, i])
        assert decoded.counts[i].tolist() == [int(run.spikes.sum()) for run in trace.layers.values()]
        assert trace.images is not None
        assert np.array_equal(np.tanh(decoded.pictures[i]), trace.images[-1])


@settings(max_examples=40, deadline=None)
@given(config=configs(), seed=st.integers(0, 1000), steps=st.integers(1, 20), count=st.integers(1, 3))
def test_any_network_gives_the_bits_of_the_reference(config, seed, steps, count):
    plan = plan_of(network(config, seed))
    images, spikes = pictures(config, count, seed), trains(config, steps, count, seed)
    same_as_reference(Events(plan), plan, images, spikes)


@pytest.mark.parametrize("name", CONFIGS)
def test_wide_layers_and_several_threads(name):
    config = CONFIGS[name]
    plan = plan_of(network(config))
    same_as_reference(Events(plan), plan, pictures(config, 5), trains(config, 7, 5), threads=3)


def test_channels_beyond_one_vector_and_positions_beyond_one_tap():
    config = ModelConfig(image_channels=3, image_size=12, channels=(70, 33), latent_dim=65, time_steps=4)
    plan = plan_of(network(config))
    same_as_reference(Events(plan), plan, pictures(config, 2), trains(config, 4, 2))


def test_silence_and_fire_at_every_step():
    config = CONFIGS["published"]
    plan = plan_of(network(config))
    spikes = np.zeros((3, 2, config.latent_dim), np.float32)
    spikes[:, 1] = 1
    same_as_reference(Events(plan), plan, pictures(config, 1), spikes)


def test_two_threads_with_one_engine_get_what_each_gets_alone():
    config = CONFIGS["colour-64"]
    engine = Events(plan_of(network(config)))
    inputs = [(pictures(config, 6, seed), trains(config, 5, 6, seed)) for seed in range(2)]
    alone = [(engine.encode(x, 5), engine.decode(z)) for x, z in inputs]
    together, failures = {}, []

    def work(i):
        try:
            for _ in range(10):
                together[i] = engine.encode(inputs[i][0], 5, 2), engine.decode(inputs[i][1], 2)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not failures
    for i in range(2):
        for ours, theirs in zip(together[i], alone[i], strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_published_network_agrees_with_its_dense_layers(reference_dir):
    """The share of equal spikes that docs/engine.md states."""
    from esvae_core.published import read_published

    model = read_published(reference_dir / "published_mnist.pth")
    with np.load(reference_dir / "published_mnist.npz") as known, torch.no_grad():
        images = torch.from_numpy(known["images_uint8"].astype(np.float32) / 127.5 - 1).view(64, 1, 32, 32)
        noise = torch.from_numpy(known["noise"].astype(np.float32))
    fired = {"dense": {}, "events": {}}
    with torch.no_grad():
        dense, events = (model.encode(images, engine=e, firing=fired[e]) for e in ("dense", "events"))
        spikes = model.sample_spikes(dense.rates, noise=noise)
        drawn = [model.decode(spikes, engine=e, firing=fired[e]) for e in ("dense", "events")]
    assert float((dense.spikes == events.spikes).float().mean()) >= 0.9999
    assert float((drawn[0] - drawn[1]).abs().mean()) <= 1e-4
    assert fired["dense"].keys() == fired["events"].keys()
    for name, rate in fired["dense"].items():
        assert fired["events"][name] == pytest.approx(rate, rel=1e-4), name
