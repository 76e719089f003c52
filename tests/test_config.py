"""Settings refuse what cannot be, and say where and why."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from esvae_core.config import DataConfig, ModelConfig, NeuronConfig, RunConfig, TrainConfig, parse
from esvae_core.errors import ConfigError


def test_settings_cannot_be_changed():
    with pytest.raises(ValidationError):
        ModelConfig().latent_dim = 3


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ModelConfig, {"image_size": 33}),
        (ModelConfig, {"image_size": 8, "channels": (1, 2, 3, 4)}),
        (ModelConfig, {"channels": ()}),
        (ModelConfig, {"channels": (32, 0)}),
        (ModelConfig, {"image_channels": 2}),
        (ModelConfig, {"latent_dim": 0}),
        (ModelConfig, {"readout_decay": 0}),
        (ModelConfig, {"readout_decay": math.nan}),
        (NeuronConfig, {"leak": 1.1}),
        (NeuronConfig, {"leak": math.nan}),
        (NeuronConfig, {"threshold": 0}),
        (NeuronConfig, {"threshold": math.inf}),
        (NeuronConfig, {"surrogate_center": math.nan}),
        (NeuronConfig, {"surrogate_width": math.inf}),
        (NeuronConfig, {"reset": "none"}),
        (TrainConfig, {"lr": math.inf}),
        (TrainConfig, {"lr": math.nan}),
        (TrainConfig, {"mmd_weight": math.inf}),
        (TrainConfig, {"batch_size": 1}),
        (TrainConfig, {"grow_time": ((0.5, 2), (0.5, 4))}),
        (TrainConfig, {"grow_time": ((0.5, 2), (0.2, 4))}),
        (TrainConfig, {"grow_time": ((1.0, 2),)}),
        (TrainConfig, {"grow_time": ((0.5, 0),)}),
        (TrainConfig, {"factor_swap": 0.5}),
        (TrainConfig, {"factor_swap": 1.5, "factor_weight": 1.0}),
        (DataConfig, {"validation_fraction": 1}),
        (DataConfig, {"colour": "red"}),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(kind, values):
    with pytest.raises(ConfigError) as caught:
        parse(kind, values, "here")
    assert str(caught.value).startswith("here: ")
    assert "\n" not in str(caught.value)


def test_the_message_names_the_field_and_what_was_found():
    with pytest.raises(ConfigError) as caught:
        parse(RunConfig, {"name": "x", "train": {"epochs": -7}}, "run.json")
    for word in ("run.json", "train.epochs", "-7", "greater than or equal to 1"):
        assert word in str(caught.value)


def test_an_unknown_field_lists_those_of_its_group():
    with pytest.raises(ConfigError, match=r"train\.colour: unknown setting; known here: .*batch_size.*weight_decay"):
        parse(RunConfig, {"name": "x", "train": {"colour": 1}}, "run.json")


def test_sizes_follow():
    config = ModelConfig(image_channels=3, image_size=64, channels=(32, 64, 128, 256, 512))
    assert (config.feature_size, config.feature_dim, config.image_shape) == (2, 2048, (3, 64, 64))


def test_every_field_says_what_it_does():
    for kind in (NeuronConfig, ModelConfig, DataConfig, TrainConfig, RunConfig):
        assert all(field.description for field in kind.model_fields.values())


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"kind": "quantum"}, "here: model.kind: expected esvae, "),
        ({"kind": ["esvae"]}, "here: model.kind: expected esvae, "),
        ({"kind": "ae", "sampler": "bernoulli"}, "here: model.sampler: unknown setting; known here: channels, compo"),
        ({"kind": "ae", "latent_dim": 0}, "here: model.latent_dim: "),
        ({"neuron": {"colour": 1}}, "here: model.neuron.colour: unknown setting; known here: dynamics, leak, "),
        ([1], "here: model: Input should be a valid dictionary"),
    ],
    ids=str,
)
def test_settings_of_a_model_are_read_by_its_kind(model, said):
    with pytest.raises(ConfigError) as caught:
        parse(RunConfig, {"name": "x", "model": model}, "here")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_a_model_without_a_kind_is_an_esvae():
    assert parse(RunConfig, {"name": "x", "model": {"latent_dim": 7}}, "here").model == ModelConfig(latent_dim=7)
