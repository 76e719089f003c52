"""Operations per image against counts by hand."""

from __future__ import annotations

import itertools

import pytest

from esvae_core.config import FSVAEConfig, ModelConfig
from esvae_core.evaluation.cost import costs, inputs, neurons, prior_costs, prior_synapses, synapses

PUBLISHED = ModelConfig()  # MNIST: 1 x 32 x 32, 32-64-128-256, d = 32, T = 16
NAMES = [*(f"encoder.{i}" for i in range(4)), "to_latent", "from_latent", *(f"decoder.{i}" for i in range(4))]


def test_synapses_of_the_published_network():
    # a 3x3 convolution of stride 2 has 9 * in * out multiply-adds per output pixel; its transpose, per input pixel
    assert synapses(PUBLISHED) == {
        "encoder.0": 9 * 1 * 32 * 16 * 16,
        "encoder.1": 9 * 32 * 64 * 8 * 8,
        "encoder.2": 9 * 64 * 128 * 4 * 4,
        "encoder.3": 9 * 128 * 256 * 2 * 2,
        "to_latent": 1024 * 32,
        "from_latent": 32 * 1024,
        "decoder.0": 9 * 256 * 128 * 2 * 2,
        "decoder.1": 9 * 128 * 64 * 4 * 4,
        "decoder.2": 9 * 64 * 32 * 8 * 8,
        "decoder.3": 9 * 32 * 32 * 16 * 16,
    }
    assert list(synapses(PUBLISHED)) == NAMES


def test_neurons_of_the_published_network():
    assert neurons(PUBLISHED) == {
        "encoder.0": 32 * 256, "encoder.1": 64 * 64, "encoder.2": 128 * 16, "encoder.3": 256 * 4,
        "to_latent": 32, "from_latent": 1024,
        "decoder.0": 128 * 16, "decoder.1": 64 * 64, "decoder.2": 32 * 256, "decoder.3": 32 * 1024,
    }  # fmt: skip


def test_the_published_decoder_takes_94_million_dense_multiply_adds():
    decoder = sum(count for name, count in synapses(PUBLISHED).items() if name.startswith(("from", "decoder")))
    readout = 9 * 32 * 1 * 32 * 32
    assert (16 * decoder + readout) / 1e6 == pytest.approx(95, abs=1)


def test_dense_cost_counts_the_first_layer_and_the_readout_once():
    per_step = synapses(PUBLISHED)
    rest = sum(count for name, count in per_step.items() if name != "encoder.0")
    for steps in (1, 16):
        found = costs(PUBLISHED, steps, dict.fromkeys(NAMES, 0.1), 0.4)
        assert found.dense_multiply_adds == 73728 + steps * rest + 294912


def test_silence_costs_only_the_first_layer_the_readout_and_the_membranes():
    found = costs(PUBLISHED, 16, dict.fromkeys(NAMES, 0.0), 0.0)
    membranes = 16 * sum(neurons(PUBLISHED).values())
    assert found.spike_additions == found.spike_multiplications == 73728 + 294912 + membranes


def test_a_layers_spikes_are_paid_in_the_next_layer():
    silent = dict.fromkeys(NAMES, 0.0)
    quiet = costs(PUBLISHED, 16, silent, 0.0).spike_additions
    following = dict(itertools.pairwise(NAMES))
    for name in NAMES:
        extra = costs(PUBLISHED, 16, silent | {name: 0.5}, 0.0).spike_additions - quiet
        if name == "to_latent":
            assert extra == 0  # the decoder sees sampled spikes, not the encoder's
        elif name == "decoder.3":
            assert extra == 16 * 0.5 * 32 * 1024  # summed before the readout's one convolution
        else:
            assert extra == 16 * 0.5 * synapses(PUBLISHED)[following[name]]
    assert costs(PUBLISHED, 16, silent, 0.25).spike_additions - quiet == 16 * 0.25 * 32 * 1024


def test_counts_hold_for_other_shapes():
    config = ModelConfig(image_channels=3, image_size=8, channels=(4, 8), latent_dim=6)
    assert synapses(config) == {
        "encoder.0": 9 * 3 * 4 * 16, "encoder.1": 9 * 4 * 8 * 4, "to_latent": 32 * 6, "from_latent": 6 * 32,
        "decoder.0": 9 * 8 * 4 * 4, "decoder.1": 9 * 4 * 4 * 16,
    }  # fmt: skip


FSVAE = FSVAEConfig()  # as published on MNIST: the same pyramid, d = 128, k = 20, T = 16
POSTERIOR = ["posterior.0", "posterior.1", "posterior.2"]


def test_fsvae_has_esvaes_convolutions_and_its_posterior_between_them():
    here, there = synapses(FSVAE), synapses(PUBLISHED)
    assert list(here) == [*NAMES[:5], *POSTERIOR, *NAMES[5:]]
    assert all(here[name] == there[name] for name in NAMES if "latent" not in name)
    assert here["to_latent"] == here["from_latent"] == 1024 * 128
    assert [here[name] for name in POSTERIOR] == [256 * 256, 256 * 512, 512 * 2560]
    assert [neurons(FSVAE)[name] for name in POSTERIOR] == [256, 512, 2560]
    assert prior_synapses(FSVAE) == {"prior.0": 128 * 256, "prior.1": 256 * 512, "prior.2": 512 * 2560}
    assert list(neurons(FSVAE)) == list(here)


def test_fsvaes_dense_cost_by_hand():
    convolutions = [9 * 32 * 64 * 64, 9 * 64 * 128 * 16, 9 * 128 * 256 * 4]  # encoder.1 to encoder.3
    convolutions += [9 * 256 * 128 * 4, 9 * 128 * 64 * 16, 9 * 64 * 32 * 64, 9 * 32 * 32 * 256]
    matrices = [1024 * 128, 256 * 256, 256 * 512, 512 * 2560, 128 * 1024]
    rates = dict.fromkeys([*synapses(FSVAE), "posterior.before"], 0.1)
    dense = costs(FSVAE, 16, rates, 0.1).dense_multiply_adds
    assert dense == 9 * 32 * 256 + 16 * sum(convolutions + matrices) + 9 * 32 * 1024
    assert dense / 1e6 == pytest.approx(179.6, abs=0.1)
    prior = dict.fromkeys(["prior.before", "prior.0", "prior.1", "prior.2"], 0.0)
    assert prior_costs(FSVAE, 16, prior).dense_multiply_adds == 16 * (128 * 256 + 256 * 512 + 512 * 2560)


def test_the_posterior_sees_the_encoders_spikes_and_those_fed_back():
    rates = {name: 0.01 * i for i, name in enumerate(synapses(FSVAE), 1)} | {"posterior.before": 0.5}
    into = inputs(FSVAE, rates, 0.25)
    assert "encoder.0" not in into
    assert into["posterior.0"] == (rates["to_latent"] + 0.5) / 2
    assert into["posterior.2"] == rates["posterior.1"]
    assert into["from_latent"] == 0.25
    assert into["decoder.0"] == rates["from_latent"]
