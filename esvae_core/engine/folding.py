"""Models of every kind that an engine runs, as plans: from their settings and tensors alone, without PyTorch."""

from __future__ import annotations

import numpy as np

from esvae_core.config import ImageModelConfig, SpikingModelConfig
from esvae_core.engine.ann import FEATURES, ANNPlan, fold_ann
from esvae_core.engine.bundle import plan_hash
from esvae_core.engine.plan import Plan, State, beyond_engine, fold
from esvae_core.errors import CheckpointContentError


def is_foldable(config: ImageModelConfig) -> bool:
    """Whether models of these settings have a plan; models of recordings, of another kind, or with neurons of one's own
    have none.
    """
    if config.frame_count is not None:
        return False
    return config.kind in FEATURES or not beyond_engine(config)


def fold_any(config: ImageModelConfig, state: State) -> Plan | ANNPlan:
    """The plan of a model of those settings, which must be foldable, and tensors.

    Raises:
        CheckpointContentError: a folded weight is beyond what 32 bits hold.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused
        plan = fold(config, state) if isinstance(config, SpikingModelConfig) else fold_ann(config, state)
    for name, tensor in plan.tensors.items():
        if not np.isfinite(tensor).all():
            raise CheckpointContentError(f"{name}: too large: folded with its batch normalisation, it is not finite")
    return plan


def bundle_hash(config: ImageModelConfig, state: State) -> str:
    """The content hash of a model's bundle, in hex, by which recipes and links know it.

    Raises:
        CheckpointContentError: as `fold_any`.
    """
    return plan_hash(fold_any(config, state))
