"""Operations per image against counts by hand."""

from __future__ import annotations

import itertools

import pytest

from esvae_core.config import ModelConfig
from esvae_core.evaluation.costs import costs, neurons, synapses

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
