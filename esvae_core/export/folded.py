"""A model as other libraries take it: convolutions and matrices with the normalisation folded in, and LIF neurons."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import ModelConfig
from esvae_core.engine.plan import Layer, State, beyond_engine, decoder_layers, encoder_layers, folded_layer, state_of
from esvae_core.errors import ExportError, KindError
from esvae_core.esvae import ESVAE
from esvae_core.image_model import ImageModel

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class FoldedLayer:
    """One spiking layer: out = LIF(weight * in + bias)."""

    name: str
    """As in the model: 'encoder.0' ... 'to_latent', 'from_latent', 'decoder.0' ..."""
    weight: F32
    """In PyTorch's layout: (C_out, C_in, 3, 3) of a convolution, (C_in, C_out, 3, 3) of a transposed one, or
    (F_out, F_in) of a matrix."""
    bias: F32
    """(C_out,)."""
    leak: F32
    """(C_out,) if it was learned for each channel, else (1,): share of the membrane kept from step to step."""
    threshold: float
    """The neuron fires where its membrane is above it."""
    reset: str
    """'hard': a spike sets the membrane to 0. 'soft': it takes the threshold off it. Before the leak, both."""

    @property
    def kind(self) -> str:
        """'conv', 'up' (a transposed convolution) or 'dense'; convolutions are 3x3, stride 2, padding 1."""
        return "dense" if self.weight.ndim == 2 else "up" if self.name.startswith("decoder.") else "conv"

    @property
    def leak_by_channel(self) -> F32:
        """The leak in a shape that broadcasts to the layer's output without its batch: (C, 1, 1), (F,) or (1,)."""
        return self.leak if self.kind == "dense" or len(self.leak) == 1 else self.leak[:, None, None]


@dataclass(frozen=True)
class FoldedModel:
    """All layers of a model, and its readout."""

    config: ModelConfig
    encoder: tuple[FoldedLayer, ...]
    """In the order of computation; the last is 'to_latent'."""
    decoder: tuple[FoldedLayer, ...]
    """In the order of computation; the first is 'from_latent'."""
    readout_weight: F32
    """(C_in, C_image, 3, 3) of a transposed convolution, stride 1, padding 1."""
    readout_bias: F32
    """(C_image,)."""
    readout_shares: F32
    """What the readout keeps of its membrane from step t - 1 to t: (T,) if learned, else (1,); the last holds for all
    later steps."""


def fold(model: ImageModel) -> FoldedModel:
    """The model's layers with batch normalisation folded in, in double precision and then rounded once.

    Raises:
        KindError: the model is no ESVAE, or one of recordings.
    """
    if not isinstance(model, ESVAE) or model.config.kind != "esvae":
        raise KindError(f"export: expected a model of kind esvae, got one of kind {model.config.kind}")
    if lacking := beyond_engine(model.config):
        raise KindError(f"export: other tools do not have {lacking}")
    if model.config.takes_frames:
        raise KindError("export: expected a model of images, got one of recordings, whose input and output change")
    state = state_of(model.state_dict())
    *decoder, _ = decoder_layers(model.config)
    shares = model.readout_leak.learned()
    weight, bias = model.readout.weight, model.readout.bias
    assert bias is not None
    return FoldedModel(
        model.config,
        tuple(_layer(layer, state) for layer in encoder_layers(model.config)),
        tuple(_layer(layer, state) for layer in decoder),
        weight.detach().cpu().numpy().copy(order="C"),
        bias.detach().cpu().numpy().copy(),
        np.array([model.config.readout_decay], np.float32) if shares is None else shares.detach().cpu().numpy(),
    )


def _layer(layer: Layer, state: State) -> FoldedLayer:
    weight, bias, *leak = folded_layer(layer, state)
    if layer.kind == "up":
        weight = weight.swapaxes(0, 1)
    neuron = layer.neuron
    assert neuron is not None
    return FoldedLayer(
        layer.name,
        np.ascontiguousarray(weight, np.float32),
        bias.astype(np.float32),
        leak[0].astype(np.float32) if leak else np.array([neuron.leak], np.float32),
        neuron.threshold,
        neuron.reset,
    )


def needed(module: str, package: str) -> Any:
    """An optional library.

    Raises:
        ExportError: it is not installed; says how to install it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ExportError(f"{package} cannot be imported ({error}); install it with: pip install {package}") from None
