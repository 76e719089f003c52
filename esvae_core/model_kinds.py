"""Which class makes which kind of model: the one place where all kinds meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from esvae_core.config import KINDS, ImageModelConfig
from esvae_core.errors import ConfigError
from esvae_core.image_model import ImageModel
from esvae_core.registry import Registry
from esvae_core.state_layout import Layout, TensorType

MODELS: Registry[type[ImageModel]] = Registry(
    "model",
    {
        "esvae": "esvae_core.esvae:ESVAE",
        "fsvae": "esvae_core.baselines.fsvae:FSVAE",
        "annvae": "esvae_core.baselines.annvae:ANNVAE",
        "pvae": "esvae_core.baselines.pvae:PVAE",
        "ae": "esvae_core.baselines.autoencoder:Autoencoder",
    },
)
"""The class of each kind, made from its settings alone; the names are those of `config.KINDS`."""

OBJECTIVES: Registry[type[nn.Module]] = Registry(
    "model",
    {
        "esvae": "esvae_core.training.objectives.esvae:ESVAEObjective",
        "fsvae": "esvae_core.training.objectives.fsvae:FSVAEObjective",
        "annvae": "esvae_core.training.objectives.ann:VAEObjective",
        "pvae": "esvae_core.training.objectives.pvae:PVAEObjective",
        "ae": "esvae_core.training.objectives.ann:AutoencoderObjective",
    },
)
"""The `Objective` that each kind is trained with, made from a model and the settings of its training."""

_M = TypeVar("_M", bound=type[ImageModel])


def register_model(settings: type[ImageModelConfig], objective: type[nn.Module]) -> Callable[[_M], _M]:
    """A decorator that adds a kind of model, by the name that its settings have as `kind`.

    Args:
        settings: what the class is made from.
        objective: what it is trained to do, a `training.objectives.Objective`.

    Raises:
        ConfigError: the settings have no `kind` by default, or it is another model's.
    """
    kind = settings.model_fields["kind"].default
    if not isinstance(kind, str):
        raise ConfigError(f"model {settings.__name__}: expected the default of its kind to be a name")

    def add(model: _M) -> _M:
        KINDS.register(kind)(settings)
        OBJECTIVES.register(kind)(objective)
        return MODELS.register(kind)(model)

    return add


def build(config: ImageModelConfig) -> ImageModel:
    """A new model with these settings; its weights come from PyTorch's random state."""
    model: ImageModel = MODELS[config.kind](config)
    return model


def built_layout(config: ImageModelConfig) -> Layout:
    """As `state_layout`, of any model: it is built on PyTorch's meta device, where tensors take no memory."""
    with torch.device("meta"):
        state = build(config).state_dict()
    return {name: TensorType(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for name, x in state.items()}
