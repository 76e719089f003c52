"""Which class makes which kind of model: the one place where all kinds meet."""

from __future__ import annotations

from typing import Any

from esvae_core.baselines.annvae import ANNVAE
from esvae_core.baselines.autoencoder import Autoencoder
from esvae_core.baselines.fsvae import FSVAE
from esvae_core.baselines.pvae import PVAE
from esvae_core.config import ImageModelConfig
from esvae_core.esvae import ESVAE
from esvae_core.image_model import ImageModel

MODELS: dict[str, Any] = {"esvae": ESVAE, "fsvae": FSVAE, "annvae": ANNVAE, "pvae": PVAE, "ae": Autoencoder}
"""The class of each kind, made from its settings alone; the keys are those of `config.KINDS`."""


def build(config: ImageModelConfig) -> ImageModel:
    """A new model with these settings; its weights come from PyTorch's random state."""
    model: ImageModel = MODELS[config.kind](config)
    return model
