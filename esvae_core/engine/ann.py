"""The engine's plan of a model without spikes, and what it computes: encode, decode, draw from the prior.

Its latent numbers have no bounds, and what plays them has: a bar's height from 0 to 1 is the place of a number in its
range, which is the mean of the model's own prior in that dimension, and SPAN of its deviations to either side. So the
model alone says what a height means, and a link or a recipe of heights names the same latent vector for ever.

Layers are those of `plan`; between them is a leaky rectifier. All sums are in double precision, whose rounding no
picture of 8 bits can show: they come out alike whatever the order of the additions. The twin is
`esvae_core/web/engine/ann.js`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from esvae_core.config import AutoencoderConfig, ImageModelConfig
from esvae_core.engine.noise import chance, normal
from esvae_core.engine.plan import F32, Layer, decoder_layers, encoder_layers, layer_tensors, linear
from esvae_core.errors import InputError
from esvae_core.mixture import Mixture

SPAN = 4.0
"""Deviations of the prior from the middle of a range to its ends."""
_SLOPE = 0.01  # of the rectifier below 0

F64 = NDArray[np.float64]


class ANNModel(Protocol):
    """What is read of `esvae_core.baselines.ann.ANNCoder`, which lies above this."""

    code_layer: ClassVar[str]

    @property
    def config(self) -> ImageModelConfig:
        """Shape of the network."""

    @property
    def mixture(self) -> Mixture:
        """The prior."""

    def named_modules(self) -> Iterator[tuple[str, nn.Module]]:
        """Its layers by name."""


def tensor_shapes(config: ImageModelConfig) -> dict[str, tuple[int, ...]]:
    """Names and shapes of all tensors of a plan, in their order."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in encoder_layers(config) + decoder_layers(config):
        shapes |= layer.shapes
    width, components = config.latent_dim, config.components if isinstance(config, AutoencoderConfig) else 1
    return shapes | {
        "range.low": (width,),
        "range.high": (width,),
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

    def heights(self, codes: NDArray[np.floating]) -> F32:
        """Latent vectors (N, d) -> heights (N, d); a number beyond its range is moved to the end of it."""
        shares: F32 = np.clip((codes - self.low) / (self.high - self.low), 0, 1).astype(np.float32)
        return shares


def ann_plan_of(model: ANNModel) -> ANNPlan:
    """Fold a model, with the running statistics of its batch normalisations."""
    modules = dict(model.named_modules())
    tensors: dict[str, F32] = {}
    for layer in encoder_layers(model.config) + decoder_layers(model.config):
        if layer.name == "to_latent":
            folded = linear(modules[model.code_layer])
        elif f"{layer.name}.1" in modules:
            folded = _folded(modules[f"{layer.name}.0"], modules[f"{layer.name}.1"])
        else:
            folded = linear(modules[layer.name])
        tensors |= layer_tensors(layer, *folded)
    weights, means, factors = (part.detach().cpu().double().numpy() for part in model.mixture)
    shares = (weights / weights.sum())[:, None]
    mean = (shares * means).sum(0)
    deviation = np.sqrt((shares * ((factors**2).sum(2) + (means - mean) ** 2)).sum(0))
    rows, columns = np.tril_indices(len(mean))
    more = {
        "range.low": mean - SPAN * deviation,
        "range.high": mean + SPAN * deviation,
        "prior.weights": weights,
        "prior.means": means,
        "prior.factors": factors[:, rows, columns],
    }
    return ANNPlan(model.config, tensors | {name: value.astype(np.float32) for name, value in more.items()})


def _folded(transform: nn.Module, norm: nn.Module) -> tuple[F64, F64]:
    """Weight with the outputs first, and bias, of a convolution and the batch normalisation behind it."""
    weight, bias = linear(transform)
    assert isinstance(norm, nn.BatchNorm2d)
    tensors = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    gamma, beta, mean, variance = (x.detach().cpu().double().numpy() for x in tensors if isinstance(x, Tensor))
    scale = gamma / np.sqrt(variance + norm.eps)
    return weight * scale[:, None, None, None], (bias - mean) * scale + beta


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
    return plan.heights(_through(plan, last, x)[:, 0])


def decode(plan: ANNPlan, heights: NDArray[np.floating]) -> F32:
    """Heights (N, d) in [0, 1] -> pictures (N, C, H, W) in [-1, 1].

    Raises:
        InputError: the heights have another shape, or are not numbers from 0 to 1.
    """
    width = plan.config.latent_dim
    if heights.ndim != 2 or heights.shape[1] != width or not len(heights):
        raise InputError(f"latent: expected shape (N, {width}), got {heights.shape}")
    if not bool(((heights >= 0) & (heights <= 1)).all()):
        raise InputError("latent: expected heights in [0, 1]")
    first, *rising, readout = decoder_layers(plan.config)
    x = _through(plan, first, plan.codes(heights)[:, None])
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
