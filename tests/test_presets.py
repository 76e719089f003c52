"""Presets: the published figures, and what a name that is not known gets."""

from __future__ import annotations

import pytest

from esvae_core.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from esvae_core.errors import ConfigError
from esvae_core.presets import PRESETS, preset


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name):
    run = preset(name)
    assert RunConfig.model_validate_json(run.model_dump_json()) == run
    assert run.name == name


def test_published_presets_have_the_published_figures():
    mnist, cifar, celeba = (PRESETS[f"published-{name}"] for name in ("mnist", "cifar10", "64"))
    assert mnist.model == ModelConfig(channels=(32, 64, 128, 256), latent_dim=32, time_steps=16)
    assert mnist.train == TrainConfig(lr=0.003, batch_size=256, epochs=300)
    assert (mnist.train.beta1, mnist.train.beta2, mnist.train.weight_decay) == (0.9, 0.999, 0.001)
    assert (mnist.train.mmd_weight, mnist.train.prior_lr_factor) == (0.001, 10)
    assert (cifar.train.lr, cifar.model.latent_dim, cifar.data.mirror) == (0.0006, 128, True)
    assert (celeba.train.lr, celeba.train.batch_size, celeba.model.channels) == (0.001, 64, (32, 64, 128, 256, 512))
    assert NeuronConfig() == NeuronConfig(leak=0.25, threshold=0.2, reset="hard", surrogate_center=0, surrogate_width=1)


def test_an_unknown_preset_lists_those_there_are():
    with pytest.raises(ConfigError, match=r"'quantum'.*published-mnist"):
        preset("quantum")
