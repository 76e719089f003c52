"""The plan and its NumPy reference against the model."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from esvae_core import ModelConfig, NeuronConfig
from esvae_core.engine import plan_of, reference
from esvae_core.engine.plan import tensor_shapes
from esvae_core.errors import InputError
from esvae_core.published import read_published
from tests.engine.networks import CONFIGS, network, picture, train

ROUNDING = 2e-5

neurons = st.builds(
    NeuronConfig,
    leak=st.sampled_from([0.0, 0.25, 0.9, 1.0]),
    learned_leak=st.booleans(),
    threshold=st.sampled_from([0.1, 0.2, 1.0]),
    reset=st.sampled_from(["hard", "soft"]),
)


@st.composite
def configs(draw):
    channels = tuple(draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)))
    return ModelConfig(
        image_channels=draw(st.sampled_from([1, 3])),
        image_size=draw(st.sampled_from([8, 16, 24])),
        channels=channels,
        latent_dim=draw(st.integers(1, 6)),
        time_steps=draw(st.integers(1, 6)),
        neuron=draw(neurons),
        latent_neuron=draw(neurons),
        readout_decay=draw(st.sampled_from([0.5, 0.8, 1.0])),
        learned_readout=draw(st.booleans()),
    )


def same_layers(ours, theirs, config):
    """Spikes equal but where a membrane is within rounding of its threshold; False if such a one flipped."""
    assert list(ours) == list(theirs)
    for name, run in theirs.items():
        spikes, membranes = run.spikes[:, 0].numpy(), run.membranes[:, 0].numpy()
        assert ours[name].spikes.shape == ours[name].membranes.shape == spikes.shape
        threshold = (config.latent_neuron if name == "to_latent" else config.neuron).threshold
        flipped = ours[name].spikes != spikes
        near = np.abs(membranes - threshold) < ROUNDING
        assert not (flipped & ~near).any(), name
        if flipped.any():  # from here on the two see different spikes
            return False
        np.testing.assert_allclose(ours[name].membranes, membranes, atol=1e-4, err_msg=name)
    return True


@settings(max_examples=40, deadline=None)
@given(config=configs(), seed=st.integers(0, 1000))
def test_any_network_folds_to_the_same(config, seed):
    model = network(config, seed)
    plan = plan_of(model)
    assert {name: x.shape for name, x in plan.tensors.items()} == tensor_shapes(config)
    image, spikes = picture(config, seed), train(config, config.time_steps, seed)
    encoded = reference.trace_encode(plan, image[0].numpy())
    if same_layers(encoded.layers, model.trace_encode(image).layers, config):
        posterior = reference.encode(plan, image[0].numpy())
        assert np.array_equal(posterior.spikes, encoded.layers["to_latent"].spikes)
        np.testing.assert_allclose(posterior.rates, posterior.spikes.mean(0), atol=1e-6)
    traced, decoded = model.trace_decode(spikes), reference.trace_decode(plan, spikes[:, 0].numpy())
    if same_layers(decoded.layers, traced.layers, config):
        assert decoded.images is not None
        assert traced.images is not None
        np.testing.assert_allclose(decoded.images, traced.images[:, 0], atol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_networks_of_these_tests_fire(name):
    config = CONFIGS[name]
    model = network(config)
    runs = model.trace_encode(picture(config)).layers | model.trace_decode(train(config, config.time_steps)).layers
    assert all(0.01 < float(run.spikes.mean()) < 0.99 for run in runs.values())


def test_the_published_network(reference_dir):
    model = read_published(reference_dir / "published_mnist.pth")
    plan = plan_of(model)
    with np.load(reference_dir / "published_mnist.npz") as known:
        images = known["images_uint8"][:3].astype(np.float32)[:, None] / 127.5 - 1
        rates, noise = known["rates"][:3], known["noise"][:, :3]
    for i in range(3):
        assert np.array_equal(reference.encode(plan, images[i]).rates, rates[i])
        spikes = (rates[i] > noise[:, i]).astype(np.uint8)
        ours, theirs = reference.trace_decode(plan, spikes), model.trace_decode(torch.tensor(spikes[:, None]).float())
        for name, run in theirs.layers.items():
            assert (ours.layers[name].spikes == run.spikes[:, 0].numpy()).mean() >= 0.9999, name
        assert ours.images is not None
        assert theirs.images is not None
        assert np.abs(ours.images - theirs.images[:, 0].numpy()).mean() <= 1e-4


def test_wrong_input_is_refused():
    plan = plan_of(network(CONFIGS["soft"]))
    with pytest.raises(InputError, match=r"image: expected shape \(1, 8, 8\), got \(8, 8\)"):
        reference.encode(plan, np.zeros((8, 8), np.float32))
    with pytest.raises(InputError, match="time steps: expected 1 or more, got 0"):
        reference.encode(plan, np.zeros((1, 8, 8), np.float32), 0)
    with pytest.raises(InputError, match=r"spikes: expected shape \(T, 2\), got \(3, 1\)"):
        reference.decode(plan, np.zeros((3, 1)))
