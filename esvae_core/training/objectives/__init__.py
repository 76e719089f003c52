"""What each kind of model is trained to do; the trainer knows the interface alone."""

from __future__ import annotations

from esvae_core.config import TrainConfig
from esvae_core.image_model import ImageModel
from esvae_core.model_kinds import OBJECTIVES
from esvae_core.training.objectives.base import LossTerms, Objective, StepContext

__all__ = ["LossTerms", "Objective", "StepContext", "objective_of"]


def objective_of(model: ImageModel, settings: TrainConfig) -> Objective[ImageModel]:
    """What this model is trained to do."""
    made = OBJECTIVES[model.config.kind](model, settings)
    assert isinstance(made, Objective)
    return made
