"""Which models can be explored, and what their latent is to the hand: d heights from 0 to 1.

Of an ESVAE a height is a firing rate. Of a model without spikes it is the place of a latent number in its range, see
`esvae_core.engine.ann`; of a Poisson VAE, that of a log-rate. FSVAE's latent is a spike train that goes on step by
step; its heights are how often each neuron spikes in it, over T, and spikes are placed in time anew from them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, get_args

import numpy as np
from numpy.typing import NDArray

from esvae_core.checkpoint import Checkpoint, StoredWeights, load, read_weights
from esvae_core.config import FSVAEConfig, ImageModelConfig, ModelConfig, PVAEConfig, Sampler, SpikingModelConfig
from esvae_core.engine import autoregressive
from esvae_core.engine.ann import FEATURES, SPAN, ANNPlan, ann_plan_of
from esvae_core.engine.ann import encode as encode_ann
from esvae_core.engine.bundle import plan_hash, to_bundle
from esvae_core.engine.folding import fold_any
from esvae_core.engine.noise import frozen_sampler
from esvae_core.engine.plan import Plan, State, before_fitted_prior, beyond_engine, plan_of, state_of
from esvae_core.errors import KindError

if TYPE_CHECKING:
    import torch

    from esvae_core.baselines.ann import ANNCoder
    from esvae_core.engine.dispatch import Engine
    from esvae_core.esvae import SpikingCoder
    from esvae_core.image_model import ImageModel

    Explorable = SpikingCoder | ANNCoder
    Foldable = Explorable | StoredWeights | Plan | ANNPlan
    """What a plan is made of: a model, a checkpoint's weights, or a plan itself."""

_KINDS = ("esvae", "fsvae", "annvae", "pvae", "ae")
LEVELS = 240
"""A code's height is kept in an atlas as one of so many steps: a thirtieth of the prior's deviation each."""


def __getattr__(name: str) -> Any:
    if name not in ("Explorable", "Foldable"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from esvae_core.baselines.ann import ANNCoder
    from esvae_core.esvae import SpikingCoder

    explorable = SpikingCoder | ANNCoder  # for whoever asks while the program runs; PyTorch comes with it
    return explorable if name == "Explorable" else explorable | StoredWeights | Plan | ANNPlan


def load_explorable(path: Path | str) -> Checkpoint[Explorable]:
    """Read a checkpoint of any kind, of images.

    Raises:
        KindError: a model of recordings, or one with a part that the explorer does not have.
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
    from esvae_core.esvae import SpikingCoder

    return isinstance(loaded.model, SpikingCoder | ANNCoder)


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
    if own := beyond_explorer(config):
        return f"{path}: the explorer does not have {own}; `esvae sample` and `esvae evaluate` do"
    if config.frame_count is not None:
        return (
            f"{path}: holds a model of recordings of {config.frame_count} frames, which Models plays and no view "
            "explores; `esvae sample` writes them as a film"
        )
    return ""


def beyond_explorer(config: ImageModelConfig) -> str:
    """A part of a model that the explorer does not have, in a few words; "" if it has all of them."""
    if config.kind not in _KINDS:
        return f"models of kind {config.kind}"
    if not isinstance(config, ModelConfig):
        return beyond_engine(config) if isinstance(config, SpikingModelConfig) else ""
    if config.sampler not in get_args(Sampler):
        return f"the sampler {config.sampler!r}"
    return f"the prior {config.prior!r}" if config.prior != "linear" else beyond_engine(config)


def folded(model: Foldable) -> Plan | ANNPlan:
    """The plan of a model, or of a checkpoint's weights; a plan is one already.

    Raises:
        CheckpointContentError: a folded weight is beyond what 32 bits hold.
        KindError: a model of recordings, or one with a part that the explorer does not have.
    """
    if isinstance(model, Plan | ANNPlan):
        return model
    config, state = _settings_and_tensors(model)
    if problem := why_not_explorable("model", config):
        raise KindError(problem)
    return fold_any(config, state)


def _settings_and_tensors(model: Explorable | StoredWeights) -> tuple[ImageModelConfig, State]:
    if isinstance(model, StoredWeights):
        return model.header.model, model.tensors
    return model.config, state_of(model.state_dict())


def bundle_of(model: Foldable) -> bytes:
    """The model folded for the page; its content hash names the model.

    Raises:
        CheckpointContentError: as `folded`.
    """
    return to_bundle(folded(model))


def hash_of(model: Foldable) -> str:
    """What a recipe calls a network: the content hash of its engine bundle."""
    return plan_hash(folded(model))


def earlier_hash_of(plan: Plan | ANNPlan) -> str:
    """What recipes called a network before its prior was fitted; "" if it has no fitted one.

    They mean the same network: a recipe has its rates, so no prior changes its pictures.
    """
    earlier = before_fitted_prior(plan) if isinstance(plan, Plan) else None
    return "" if earlier is None else plan_hash(earlier)


def made_with(plan: Plan | ANNPlan, digest: str) -> bool:
    """Whether a recipe that names that hash was made with this network."""
    return digest in (plan_hash(plan), earlier_hash_of(plan))


def counts_of(model: Explorable, images: torch.Tensor, steps: int | None = None) -> NDArray[np.int64]:
    """(N, d) heights of images (N, C, H, W), as whole steps of `levels_of`.

    Of an ESVAE, spikes of its encoder; of an FSVAE, those drawn from its posterior with seed 0.

    Args:
        model: The network.
        images: In [-1, 1].
        steps: T of a spiking model; its own unless given, else heights are counts over this T.
    """
    import torch

    from esvae_core.esvae import SpikingCoder

    if isinstance(model, SpikingCoder):
        with torch.inference_mode():
            exact: Engine | None = (
                "events" if isinstance(model.config, FSVAEConfig) else None
            )  # as the page, to the last bit
            spikes = model.encode(images.to(model.device), steps=steps, engine=exact).spikes.cpu().numpy()
        if isinstance(model.config, FSVAEConfig):
            plan, encoded = plan_of(model), spikes.astype(np.uint8)
            spikes = np.stack([autoregressive.drawn(plan, encoded[:, i], 0) for i in range(len(images))], 1)
        counts: NDArray[np.int64] = spikes.sum(0).round().astype(np.int64)
        return counts
    heights = encode_ann(ann_plan_of(model), images.cpu().numpy())
    return np.rint(heights.astype(np.float64) * LEVELS).astype(np.int64)


def levels_of(config: ImageModelConfig) -> int:
    """Steps from height 0 to 1 in an atlas of a model with those settings: T, or LEVELS."""
    return config.time_steps if isinstance(config, SpikingModelConfig) else LEVELS


def sampler_of(config: ImageModelConfig) -> Sampler:
    """How spikes are placed in time unless one is asked for.

    FSVAE's are placed evenly: reconstructions then have the error of its own spike trains (docs/baselines.md). Without
    spikes the answer means nothing.
    """
    return frozen_sampler(config.sampler) if isinstance(config, ModelConfig) else "systematic"


def latent_of(plan: Plan | ANNPlan) -> dict[str, Any] | None:
    """What the page says of any latent but spikes' rates: the name of its numbers, and their ranges; None of rates.

    'counts' is true where the numbers are logarithms of rates from which Poisson counts are drawn.
    """
    if isinstance(plan, Plan):
        return None
    config, counts = plan.config, isinstance(plan.config, PVAEConfig)
    span = 2 * config.residual_bound if isinstance(config, PVAEConfig) else 2 * SPAN
    ends = {"low": plan.low.tolist(), "high": plan.high.tolist(), "span": span}
    return {"name": FEATURES[config.kind], **ends} | ({"counts": True} if counts else {})
