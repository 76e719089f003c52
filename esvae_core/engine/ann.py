"""The engine's plan of a model without spikes, and what it computes: encode, decode, draw from the prior.

Its latent numbers have no bounds, and what plays them has: a bar's height from 0 to 1 is the place of a number in its
range, which is the mean of the model's own prior in that dimension, and SPAN of its deviations to either side. So the
model alone says what a height means, and a link or a recipe of heights names the same latent vector for ever.

A Poisson VAE's latent numbers are log-rates. Their range is the model's own bound to either side of the prior's, and
its decoder is fed counts that a seed draws (`poisson`).

Layers are those of `plan`; between them is a leaky rectifier. All sums are in double precision, whose rounding no
picture of 8 bits can show: they come out alike whatever the order of the additions. The twin is
`esvae_core/web/engine/ann.js`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import AutoencoderConfig, ImageModelConfig, PVAEConfig
from esvae_core.engine import poisson
from esvae_core.engine.damage import TIMELESS, Damage, damaged
from esvae_core.engine.noise import chance, normal
from esvae_core.engine.plan import (
    F32,
    F64,
    Layer,
    State,
    decoder_layers,
    encoder_layers,
    layer_tensors,
    linear,
    normalised,
    state_of,
)
from esvae_core.errors import InputError, KindError

if TYPE_CHECKING:
    from torch import Tensor

SPAN = 4.0
"""Deviations of the prior from the middle of a range to its ends."""
_SLOPE = 0.01  # of the rectifier below 0
_CODE_LAYER = {"annvae": "to_mean", "ae": "to_code", "pvae": "to_log_ratio"}
"""The head whose output is the latent vector, by the kind of model."""
FEATURES = {"annvae": "posterior mean", "ae": "code value", "pvae": "log-rate"}
"""What one number of the latent vector is, for people."""


class ANNModel(Protocol):
    """What is read of `esvae_core.baselines.ann.ANNCoder`, which lies above this."""

    @property
    def config(self) -> ImageModelConfig:
        """Shape of the network."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Its tensors by name."""


def tensor_shapes(config: ImageModelConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors of a plan, in their order."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in encoder_layers(config) + decoder_layers(config):
        shapes |= layer.shapes
    width, components = config.latent_dim, config.components if isinstance(config, AutoencoderConfig) else 1
    shapes |= {"range.low": (width,), "range.high": (width,)}
    if isinstance(config, PVAEConfig):
        return shapes
    return shapes | {
        "prior.weights": (components,),
        "prior.means": (components, width),
        "prior.factors": (components, width * (width + 1) // 2),
    }


@dataclass(frozen=True)
class ANNPlan:
    """A folded model without spikes."""

    config: ImageModelConfig
    tensors: Mapping[str, F32]
    """By the names, in the shapes and in the order of `shapes`."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the tensors."""
        return tensor_shapes(self.config)

    @property
    def low(self) -> F64:
        """(d,): the latent numbers of height 0."""
        return self.tensors["range.low"].astype(np.float64)

    @property
    def high(self) -> F64:
        """(d,): the latent numbers of height 1."""
        return self.tensors["range.high"].astype(np.float64)

    def codes(self, heights: NDArray[np.floating]) -> F64:
        """Heights (N, d) in [0, 1] -> latent vectors (N, d)."""
        return self.low + heights.astype(np.float32).astype(np.float64) * (self.high - self.low)

    def inputs(
        self, heights: NDArray[np.floating], seeds: Sequence[int] = (0,), damage: Damage | None = None, steps: int = 1
    ) -> F64:
        """What the decoder is fed at heights (N, d), (N, d): latent vectors; of a Poisson VAE, counts.

        Args:
            heights: in [0, 1].
            seeds: of the counts and the damage, one for each row or one for all.
            damage: done to the counts' spikes, spread over `steps`.
            steps: T; without damage it changes nothing.

        Raises:
            InputError: damage that changes no count, or to a model that has no spikes.
        """
        codes, poissonian = self.codes(heights), isinstance(self.config, PVAEConfig)
        if damage is not None and not (poissonian and damage.kind in TIMELESS):
            wanted = f"{' or '.join(TIMELESS)}, since its decoder hears counts" if poissonian else "none"
            raise InputError(f"damage: expected {wanted}, of a model of kind {self.config.kind}, found {damage.kind}")
        if not poissonian:
            return codes
        each = [seeds[i if len(seeds) > 1 else 0] for i in range(len(codes))]
        drawn = [poisson.counts(row, seed) for row, seed in zip(codes, each, strict=True)]
        if damage is not None:
            spread = [poisson.spread(row, seed, steps) for row, seed in zip(drawn, each, strict=True)]
            drawn = [damaged(row, damage, seed).sum(0, dtype=np.int64) for row, seed in zip(spread, each, strict=True)]
        return np.stack(drawn).astype(np.float64)

    def heights(self, codes: NDArray[np.floating]) -> F32:
        """Latent vectors (N, d) -> heights (N, d); a number beyond its range is moved to the end of it."""
        shares: F32 = np.clip((codes - self.low) / (self.high - self.low), 0, 1).astype(np.float32)
        return shares


def ann_plan_of(model: ANNModel) -> ANNPlan:
    """Fold a model, with the running statistics of its batch normalisations."""
    return fold_ann(model.config, state_of(model.state_dict()))


def fold_ann(config: ImageModelConfig, state: State) -> ANNPlan:
    """The plan of a model of those settings and tensors.

    Raises:
        KindError: it is of another kind.
    """
    if config.kind not in FEATURES:
        raise KindError(f"engine: does not have models of kind {config.kind}")
    tensors: dict[str, F32] = {}
    for layer in encoder_layers(config) + decoder_layers(config):
        tensors |= layer_tensors(layer, *_folded(config, layer, state))
    more = _poisson_range(config, state) if isinstance(config, PVAEConfig) else _gaussian_prior(config, state)
    return ANNPlan(config, tensors | {name: value.astype(np.float32) for name, value in more.items()})


def _folded(config: ImageModelConfig, layer: Layer, state: State) -> tuple[F64, F64]:
    """Weight with the outputs first, and bias, of a layer and the batch normalisation behind it, if there is one."""
    if layer.name == "to_latent":
        return linear(layer, state, _CODE_LAYER[config.kind])
    if layer.kind in ("down", "up"):
        return normalised(*linear(layer, state, f"{layer.name}.0"), state, f"{layer.name}.1")
    return linear(layer, state, layer.name)


def _poisson_range(config: PVAEConfig, state: State) -> dict[str, F64]:
    """As far as log-rates reach."""
    middle, bound = state["log_prior_rates"].astype(np.float64), config.residual_bound
    return {"range.low": middle - bound, "range.high": middle + bound}


def _gaussian_prior(config: ImageModelConfig, state: State) -> dict[str, F64]:
    """Mixture of the model's prior, and the range that follows from it."""
    weights, means, factors = _mixture(config, state)
    shares = (weights / weights.sum())[:, None]
    mean = (shares * means).sum(0)
    deviation = np.sqrt((shares * ((factors**2).sum(2) + (means - mean) ** 2)).sum(0))
    rows, columns = np.tril_indices(len(mean))
    return {
        "range.low": mean - SPAN * deviation,
        "range.high": mean + SPAN * deviation,
        "prior.weights": weights,
        "prior.means": means,
        "prior.factors": factors[:, rows, columns],
    }


def _mixture(config: ImageModelConfig, state: State) -> tuple[F64, F64, F64]:
    """Weights (K,), means (K, d) and factors (K, d, d) of the prior: fitted, or one standard normal distribution."""
    if isinstance(config, AutoencoderConfig):
        weights, means, factors = (
            state[f"mixture_{part}"].astype(np.float64) for part in ("weights", "means", "factors")
        )
        return weights, means, factors
    width = config.latent_dim
    return np.ones(1), np.zeros((1, width)), np.eye(width)[None]


def encode(plan: ANNPlan, images: NDArray[np.floating]) -> F32:
    """Images (N, C, H, W) in [-1, 1] -> heights (N, d) in [0, 1].

    Raises:
        InputError: the images have another shape.
    """
    if images.ndim != 4 or images.shape[1:] != plan.config.image_shape:
        raise InputError(f"images: expected shape (N, {plan.config.image_shape}), got {images.shape}")
    x = images.reshape(*images.shape[:2], -1).transpose(0, 2, 1).astype(np.float64)
    *folded, last = encoder_layers(plan.config)
    for layer in folded:
        x = _rectified(_through(plan, layer, x))
    code = _through(plan, last, x)[:, 0]
    if isinstance(plan.config, PVAEConfig):
        bound = plan.config.residual_bound
        code = (plan.low + plan.high) / 2 + bound * np.tanh(code / bound)
    return plan.heights(code)


def decode(
    plan: ANNPlan,
    heights: NDArray[np.floating],
    seeds: Sequence[int] = (0,),
    damage: Damage | None = None,
    steps: int = 1,
) -> F32:
    """Heights (N, d) in [0, 1] -> pictures (N, C, H, W) in [-1, 1]; what follows them is as in `ANNPlan.inputs`.

    Raises:
        InputError: the heights have another shape, or are not numbers from 0 to 1; or as `ANNPlan.inputs`.
    """
    width = plan.config.latent_dim
    if heights.ndim != 2 or heights.shape[1] != width or not len(heights):
        raise InputError(f"latent: expected shape (N, {width}), got {heights.shape}")
    if not bool(((heights >= 0) & (heights <= 1)).all()):
        raise InputError("latent: expected heights in [0, 1]")
    first, *rising, readout = decoder_layers(plan.config)
    x = _through(plan, first, plan.inputs(heights, seeds, damage, steps)[:, None])
    for layer in rising:
        x = _rectified(_through(plan, layer, x))
    pictures: F32 = np.tanh(_through(plan, readout, x)).astype(np.float32)
    return pictures.transpose(0, 2, 1).reshape(len(heights), *plan.config.image_shape)


def prior(plan: ANNPlan, seed: int, temperature: float = 1.0) -> F32:
    """(d,) heights in [0, 1] of a new latent vector: that of this seed.

    Args:
        plan: the folded model.
        seed: 0 to 2^32 - 1.
        temperature: scales the deviation of each Gaussian from its mean.

    Raises:
        InputError: a temperature below 0, or a seed out of range.
    """
    if not 0 <= temperature < math.inf:
        raise InputError(f"temperature: expected a finite number of 0 or more, got {temperature}")
    if isinstance(plan.config, PVAEConfig):  # all chance is in the counts
        return plan.heights((plan.low + plan.high) / 2)
    names = ("weights", "means", "factors")
    weights, means, factors = (plan.tensors[f"prior.{name}"].astype(np.float64) for name in names)
    edges = np.cumsum(weights)
    chosen = min(int(np.searchsorted(edges, chance(seed) * edges[-1], side="right")), len(edges) - 1)
    factor = np.zeros((means.shape[1], means.shape[1]))
    factor[np.tril_indices(means.shape[1])] = factors[chosen]
    code: F64 = means[chosen] + factor @ (temperature * normal(seed, means.shape[1]))
    return plan.heights(code)


def _through(plan: ANNPlan, layer: Layer, x: F64) -> F64:
    """One layer: (N, positions, C_in) -> (N, positions, C_out)."""
    weight = plan.tensors[f"{layer.name}.weight"].astype(np.float64)
    out = np.empty((len(x), layer.side_out**2, layer.channels_out))
    out[:] = plan.tensors[f"{layer.name}.bias"]
    for k, (sources, targets) in enumerate(layer.taps()):
        out[:, targets] += x[:, sources] @ weight[:, k]
    return out


def _rectified(x: F64) -> F64:
    return np.where(x > 0, x, _SLOPE * x)
