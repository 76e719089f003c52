"""Which models can be explored, and what their latent is to the hand: d heights from 0 to 1.

Of an ESVAE a height is a firing rate. Of a model without spikes it is the place of a latent number in its range, see
`esvae_core.engine.ann`;
of a Poisson VAE, that of a log-rate. FSVAE has neither: its latent is a spike train that goes on step by step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray

from esvae_core.baselines.ann import ANNCoder
from esvae_core.baselines.pvae import PVAE
from esvae_core.checkpoint import Checkpoint, load
from esvae_core.config import ImageModelConfig
from esvae_core.engine import ann, plan_of, to_bundle
from esvae_core.engine.bundle import content_hash
from esvae_core.errors import CheckpointContentError, KindError
from esvae_core.esvae import ESVAE
from esvae_core.image_model import ImageModel

Explorable = ESVAE | ANNCoder
KINDS = ("esvae", "annvae", "pvae", "ae")
LEVELS = 240
"""A code's height is kept in an atlas as one of so many steps: a thirtieth of the prior's deviation each."""


def load_explorable(path: Path | str) -> Checkpoint[Explorable]:
    """Read a checkpoint of any kind that can be explored.

    Raises:
        KindError: of another kind, or a model of recordings.
        CheckpointError: as `checkpoint.load`.
    """
    loaded = load(path)
    if problem := why_not_explorable(path, loaded.header.model):
        raise KindError(problem)
    assert _is_explorable(loaded)
    return loaded


def _is_explorable(loaded: Checkpoint[ImageModel]) -> TypeGuard[Checkpoint[Explorable]]:
    return isinstance(loaded.model, ESVAE | ANNCoder)


def why_not_explorable(path: Path | str, config: ImageModelConfig) -> str:
    """Why a model of these settings cannot be explored; "" if it can."""
    if config.kind not in KINDS:
        return f"{path}: holds a model of kind {config.kind}, whose latent is no vector of numbers to play"
    if config.frame_count is not None:
        return (
            f"{path}: holds a model of recordings of {config.frame_count} frames, which no view plays; "
            "`esvae sample` writes them as a film"
        )
    return ""


def bundle_of(model: Explorable) -> bytes:
    """The model folded for the page; its content hash names the model.

    Raises:
        CheckpointContentError: a folded weight is beyond what 32 bits hold.
        KindError: a model of recordings.
    """
    if problem := why_not_explorable("model", model.config):
        raise KindError(problem)
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused
        plan = plan_of(model) if isinstance(model, ESVAE) else ann.ann_plan_of(model)
    for name, tensor in plan.tensors.items():
        if not np.isfinite(tensor).all():
            raise CheckpointContentError(f"{name}: too large: folded with its batch normalisation, it is not finite")
    return to_bundle(plan)


def hash_of(model: Explorable) -> str:
    """What a recipe calls a network: the content hash of its engine bundle."""
    return content_hash(bundle_of(model))


@torch.inference_mode()
def counts_of(model: Explorable, images: torch.Tensor) -> NDArray[np.int64]:
    """(N, d) heights of images (N, C, H, W), as whole steps of `levels_of`: of an ESVAE, spikes of its encoder."""
    if isinstance(model, ESVAE):
        return model.encode(images.to(model.device)).spikes.sum(0).cpu().numpy().round().astype(np.int64)
    heights = ann.encode(ann.ann_plan_of(model), images.cpu().numpy())
    return np.rint(heights.astype(np.float64) * LEVELS).astype(np.int64)


def levels_of(model: Explorable) -> int:
    """Steps from height 0 to 1 in an atlas: T, or LEVELS."""
    return model.config.time_steps if isinstance(model, ESVAE) else LEVELS


def latent_of(model: Explorable) -> dict[str, Any] | None:
    """What the page says of any latent but an ESVAE's: the name of its numbers, and their ranges; None of an ESVAE.

    'counts' is true where the numbers are logarithms of rates from which Poisson counts are drawn.
    """
    if isinstance(model, ESVAE):
        return None
    plan, counts = ann.ann_plan_of(model), isinstance(model, PVAE)
    span = 2 * model.config.residual_bound if isinstance(model, PVAE) else 2 * ann.SPAN
    ends = {"low": plan.low.tolist(), "high": plan.high.tolist(), "span": span}
    return {"name": model.feature_name, **ends} | ({"counts": True} if counts else {})
