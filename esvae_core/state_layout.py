"""Which tensors a model of some settings has: names, types and shapes, as its state dict orders them.

PyTorch is not needed to know them, so that a checkpoint can be checked and read without it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from esvae_core.config import (
    AutoencoderConfig,
    FSVAEConfig,
    ImageModelConfig,
    ModelConfig,
    NeuronConfig,
    SpikingModelConfig,
)


class TensorType(NamedTuple):
    """Type and shape of a tensor in a checkpoint."""

    shape: tuple[int, ...]
    dtype: str = "float32"

    @property
    def nbytes(self) -> int:
        """Bytes that it takes."""
        return math.prod(self.shape) * (8 if self.dtype.endswith("64") else 4)

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


Layout = dict[str, TensorType]


def is_known(config: ImageModelConfig) -> bool:
    """Whether `state_layout` can say it: no part of a user's own is in the model that may hold tensors."""
    return config.kind in _LATENT and (not isinstance(config, ModelConfig) or config.prior == "linear")


def state_layout(config: ImageModelConfig) -> Layout:
    """Names, types and shapes of all tensors of a model, in the order of its state dict."""
    latent = _LATENT[config.kind]
    if isinstance(config, SpikingModelConfig):
        return _spiking(config, latent(config))
    return _plain(config, latent(config))


def _spiking(config: SpikingModelConfig, latent: Layout) -> Layout:
    neuron, features, width = config.neuron, config.feature_dim, config.latent_dim
    inputs = config.decoder_inputs
    found: Layout = {}
    for i, (a, b) in enumerate(_falling(config)):
        found |= _spiking_layer(f"encoder.{i}", (b, a, 3, 3), b, neuron)
    found |= _spiking_layer("to_latent", (width, features), width, config.latent_neuron)
    found |= latent
    found |= _spiking_layer("from_latent", (features, inputs), features, neuron)
    for i, (a, b) in enumerate(_rising(config)):
        found |= _spiking_layer(f"decoder.{i}", (a, b, 3, 3), b, neuron)
    found |= _readout(config)
    if config.learned_readout:
        found["readout_leak.leak_logit"] = TensorType((config.decoder_steps(config.time_steps),))
    return found


def _spiking_layer(name: str, weight: tuple[int, ...], width: int, neuron: NeuronConfig) -> Layout:
    """Learned leaks, linear map and normalisation of one `SpikingLayer`."""
    found: Layout = {f"{name}.leak_logit": TensorType((width,))} if neuron.learned_leak else {}
    found |= _linear(f"{name}.transform", weight, width)
    return found | _norm(f"{name}.norm", width)


def _plain(config: ImageModelConfig, latent: Layout) -> Layout:
    features, width = config.feature_dim, config.latent_dim
    found = {name: kind for name, kind in latent.items() if "." not in name}  # the model's own come first
    for i, (a, b) in enumerate(_falling(config)):
        found |= _plain_layer(f"encoder.{i}", (b, a, 3, 3), b)
    found |= latent
    found |= _linear("from_latent", (features, width), features)
    for i, (a, b) in enumerate(_rising(config)):
        found |= _plain_layer(f"decoder.{i}", (a, b, 3, 3), b)
    return found | _readout(config)


def _plain_layer(name: str, weight: tuple[int, ...], width: int) -> Layout:
    counted = {f"{name}.1.num_batches_tracked": TensorType((), "int64")}
    return _linear(f"{name}.0", weight, width) | _norm(f"{name}.1", width) | counted


def _readout(config: ImageModelConfig) -> Layout:
    return _linear("readout", (config.channels[0], config.image_channels, 3, 3), config.image_channels)


def _linear(name: str, weight: tuple[int, ...], width: int) -> Layout:
    return {f"{name}.weight": TensorType(weight), f"{name}.bias": TensorType((width,))}


def _norm(name: str, width: int) -> Layout:
    return {f"{name}.{part}": TensorType((width,)) for part in ("weight", "bias", "running_mean", "running_var")}


def _falling(config: ImageModelConfig) -> list[tuple[int, int]]:
    """Channels into and out of each convolution of the encoder."""
    return list(pairwise((config.image_channels, *config.channels)))


def _rising(config: ImageModelConfig) -> list[tuple[int, int]]:
    """The same of the decoder."""
    rising = config.channels[::-1]
    return list(pairwise((*rising, rising[-1])))


def _esvae(config: ModelConfig) -> Layout:
    width, count = config.latent_dim, config.prior_components
    found = _linear("prior.linear", (width, width), width)
    if count:
        shapes = {"weights": (count,), "means": (count, width), "factors": (count, width * (width + 1) // 2)}
        found |= {f"fitted.{name}": TensorType(shape) for name, shape in shapes.items()}
    return found


def _fsvae(config: FSVAEConfig) -> Layout:
    width = config.latent_dim
    found: Layout = {}
    for name, inputs in (("posterior", 2 * width), ("prior", width)):
        widths = (inputs, 2 * width, 4 * width, config.candidates * width)
        for i, (a, b) in enumerate(pairwise(widths)):
            found |= _spiking_layer(f"{name}.layers.{i}", (b, a), b, config.neuron)
    return found


def _annvae(config: ImageModelConfig) -> Layout:
    weight = (config.latent_dim, config.feature_dim)
    return _linear("to_mean", weight, config.latent_dim) | _linear("to_log_variance", weight, config.latent_dim)


def _pvae(config: ImageModelConfig) -> Layout:
    width = config.latent_dim
    rates = {"log_prior_rates": TensorType((width,))}
    return rates | _linear("to_log_ratio", (width, config.feature_dim), width)


def _autoencoder(config: AutoencoderConfig) -> Layout:
    count, width = config.components, config.latent_dim
    shapes = {"weights": (count,), "means": (count, width), "factors": (count, width, width)}
    mixture = {f"mixture_{name}": TensorType(shape) for name, shape in shapes.items()}
    return mixture | _linear("to_code", (width, config.feature_dim), width)


_LATENT: dict[str, Callable[[Any], Layout]] = {
    "esvae": _esvae,
    "fsvae": _fsvae,
    "annvae": _annvae,
    "pvae": _pvae,
    "ae": _autoencoder,
}
"""What lies between encoder and decoder, by kind."""
