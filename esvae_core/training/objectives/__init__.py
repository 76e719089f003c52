"""What each kind of model is trained to do; the trainer knows the interface alone."""

from __future__ import annotations

from typing import Any

from esvae_core.config import TrainConfig
from esvae_core.image_model import ImageModel
from esvae_core.training.objectives.ann import AutoencoderObjective, VAEObjective
from esvae_core.training.objectives.base import LossTerms, Objective, StepContext
from esvae_core.training.objectives.esvae import ESVAEObjective
from esvae_core.training.objectives.fsvae import FSVAEObjective
from esvae_core.training.objectives.pvae import PVAEObjective

__all__ = ["OBJECTIVES", "LossTerms", "Objective", "StepContext", "objective_of"]

OBJECTIVES: dict[str, Any] = {
    "esvae": ESVAEObjective,
    "fsvae": FSVAEObjective,
    "annvae": VAEObjective,
    "pvae": PVAEObjective,
    "ae": AutoencoderObjective,
}
"""The objective of each kind; the keys are those of `models.MODELS`."""


def objective_of(model: ImageModel, settings: TrainConfig) -> Objective[ImageModel]:
    """What this model is trained to do."""
    made: Objective[ImageModel] = OBJECTIVES[model.config.kind](model, settings)
    return made
