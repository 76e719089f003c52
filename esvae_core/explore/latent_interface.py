"""Which models can be explored, and what their latent is to the hand: d heights from 0 to 1.

Of an ESVAE a height is a firing rate. Of a model without spikes it is the place of a latent number in its range, see
`esvae_core.engine.ann`;
of a Poisson VAE, that of a log-rate. FSVAE has neither: its latent is a spike train that goes on step by step.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from esvae_core.checkpoint import Checkpoint, StoredWeights, load, read_weights
from esvae_core.config import ImageModelConfig, ModelConfig, PVAEConfig
from esvae_core.engine.ann import FEATURES, SPAN, ANNPlan, ann_plan_of, fold_ann
from esvae_core.engine.ann import encode as encode_ann
from esvae_core.engine.bundle import content_hash, to_bundle
from esvae_core.engine.plan import Plan, fold, plan_of
from esvae_core.errors import CheckpointContentError, KindError

if TYPE_CHECKING:
    import torch

    from esvae_core.baselines.ann import ANNCoder
    from esvae_core.esvae import ESVAE
    from esvae_core.image_model import ImageModel

    Explorable = ESVAE | ANNCoder
    Foldable = Explorable | StoredWeights | Plan | ANNPlan
    """What a plan is made of: a model, a checkpoint's weights, or a plan itself."""

KINDS = ("esvae", "annvae", "pvae", "ae")
LEVELS = 240
"""A code's height is kept in an atlas as one of so many steps: a thirtieth of the prior's deviation each."""


def __getattr__(name: str) -> Any:
    if name not in ("Explorable", "Foldable"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from esvae_core.baselines.ann import ANNCoder
    from esvae_core.esvae import ESVAE

    explorable = ESVAE | ANNCoder  # for whoever asks while the program runs; PyTorch comes with it
    return explorable if name == "Explorable" else explorable | StoredWeights | Plan | ANNPlan


def load_explorable(path: Path | str) -> Checkpoint[Explorable]:
    """Read a checkpoint of any kind that can be explored.

    Raises:
        KindError: of another kind, or a model of recordings.
        CheckpointError: as `checkpoint.load`.
    """
    loaded: Checkpoint[ImageModel] = load(path)
    if problem := why_not_explorable(path, loaded.header.model):
        raise KindError(problem)
    assert is_explorable(loaded)
    return loaded


def is_explorable(loaded: Checkpoint[ImageModel]) -> TypeGuard[Checkpoint[Explorable]]:
    """Whether the latent of a checkpoint's model is d numbers that can be played."""
    from esvae_core.baselines.ann import ANNCoder
    from esvae_core.esvae import ESVAE

    return isinstance(loaded.model, ESVAE | ANNCoder)


def read_explorable(path: Path | str) -> StoredWeights:
    """As `load_explorable`, without the model, which needs no PyTorch.

    Raises:
        KindError, CheckpointError: as `load_explorable`.
    """
    stored = read_weights(path)
    if problem := why_not_explorable(path, stored.header.model):
        raise KindError(problem)
    return stored


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


def folded(model: Foldable) -> Plan | ANNPlan:
    """The plan of a model, or of a checkpoint's weights; a plan is one already.

    Raises:
        CheckpointContentError: a folded weight is beyond what 32 bits hold.
        KindError: a model of recordings.
    """
    if isinstance(model, Plan | ANNPlan):
        return model
    config = model.header.model if isinstance(model, StoredWeights) else model.config
    if problem := why_not_explorable("model", config):
        raise KindError(problem)
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is refused
        plan = _folded(model)
    for name, tensor in plan.tensors.items():
        if not np.isfinite(tensor).all():
            raise CheckpointContentError(f"{name}: too large: folded with its batch normalisation, it is not finite")
    return plan


def _folded(model: Explorable | StoredWeights) -> Plan | ANNPlan:
    if isinstance(model, StoredWeights):
        config = model.header.model
        return fold(config, model.tensors) if isinstance(config, ModelConfig) else fold_ann(config, model.tensors)
    from esvae_core.esvae import ESVAE

    return plan_of(model) if isinstance(model, ESVAE) else ann_plan_of(model)


def bundle_of(model: Foldable) -> bytes:
    """The model folded for the page; its content hash names the model.

    Raises:
        CheckpointContentError: as `folded`.
    """
    return to_bundle(folded(model))


def hash_of(model: Foldable) -> str:
    """What a recipe calls a network: the content hash of its engine bundle."""
    return content_hash(bundle_of(model))


def counts_of(model: Explorable, images: torch.Tensor) -> NDArray[np.int64]:
    """(N, d) heights of images (N, C, H, W), as whole steps of `levels_of`: of an ESVAE, spikes of its encoder."""
    import torch

    from esvae_core.esvae import ESVAE

    if isinstance(model, ESVAE):
        with torch.inference_mode():
            spikes = model.encode(images.to(model.device)).spikes
        return spikes.sum(0).cpu().numpy().round().astype(np.int64)
    heights = encode_ann(ann_plan_of(model), images.cpu().numpy())
    return np.rint(heights.astype(np.float64) * LEVELS).astype(np.int64)


def levels_of(config: ImageModelConfig) -> int:
    """Steps from height 0 to 1 in an atlas of a model with those settings: T, or LEVELS."""
    return config.time_steps if isinstance(config, ModelConfig) else LEVELS


def latent_of(plan: Plan | ANNPlan) -> dict[str, Any] | None:
    """What the page says of any latent but an ESVAE's: the name of its numbers, and their ranges; None of an ESVAE.

    'counts' is true where the numbers are logarithms of rates from which Poisson counts are drawn.
    """
    if isinstance(plan, Plan):
        return None
    config, counts = plan.config, isinstance(plan.config, PVAEConfig)
    span = 2 * config.residual_bound if isinstance(config, PVAEConfig) else 2 * SPAN
    ends = {"low": plan.low.tolist(), "high": plan.high.tolist(), "span": span}
    return {"name": FEATURES[config.kind], **ends} | ({"counts": True} if counts else {})
