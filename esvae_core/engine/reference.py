"""The engine in plain NumPy: slow, obvious, and exact.

It adds in the order in which the browser's engine does (taps in turn, then channels in turn, in float32), so spikes
and membranes of the two are equal to the last bit. Nothing here is fast.

One image at a time: image (C, H, W) in [-1, 1], spikes (T, d), activations (T, positions, channels) inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import NeuronConfig
from esvae_core.engine.plan import F32, Layer, Plan, decoder_layers, encoder_layers
from esvae_core.errors import InputError

Bits = NDArray[np.uint8]


class Posterior(NamedTuple):
    """What the encoder says of one image."""

    rates: F32
    """(d,) in [0, 1]."""
    spikes: Bits
    """(T, d): the encoder's own spikes."""


class Run(NamedTuple):
    """One layer over time: both (T, C, H, W), or (T, features) at the latent."""

    spikes: Bits
    membranes: F32
    """Before the reset."""


@dataclass(frozen=True)
class Trace:
    """Every spike and membrane on the way, by layer name, and the picture as it forms."""

    layers: dict[str, Run]
    images: F32 | None = None
    """(T, C, H, W): the picture after each step; None for an encoder's trace."""


def encode(plan: Plan, image: F32, steps: int | None = None) -> Posterior:
    """Image (C, H, W) in [-1, 1] -> rates (d,) and spikes (T, d).

    Raises:
        InputError: the image has another shape, or T is below 1.
    """
    spikes = trace_encode(plan, image, steps).layers["to_latent"].spikes
    return Posterior(spikes.sum(0, dtype=np.float32) / np.float32(len(spikes)), spikes)


def decode(plan: Plan, spikes: NDArray[np.generic]) -> F32:
    """Spikes (T, d) -> image (C, H, W) in [-1, 1].

    Raises:
        InputError: the spikes have another shape.
    """
    images = trace_decode(plan, spikes).images
    assert images is not None
    last: F32 = images[-1]
    return last


def trace_encode(plan: Plan, image: F32, steps: int | None = None) -> Trace:
    """The encoder's layers, step by step; names 'encoder.0' ... 'to_latent'.

    Raises:
        InputError: as `encode`.
    """
    config = plan.config
    steps = config.time_steps if steps is None else steps
    if steps < 1:
        raise InputError(f"time steps: expected 1 or more, got {steps}")
    if image.shape != config.image_shape:
        raise InputError(f"image: expected shape {config.image_shape}, got {image.shape}")
    x: F32 = image.astype(np.float32).reshape(1, config.image_channels, -1).transpose(0, 2, 1)
    runs = {}
    for layer in encoder_layers(config):
        drive = _driven(plan, layer, x)
        x, membranes = _fire(plan, layer, np.broadcast_to(drive, (steps, *drive.shape[1:])))
        runs[layer.name] = _seen(layer, x, membranes)
    return Trace(runs)


def trace_decode(plan: Plan, spikes: NDArray[np.generic]) -> Trace:
    """The decoder's layers, step by step, names 'from_latent', 'decoder.0' ...; and the picture after each step.

    Raises:
        InputError: as `decode`.
    """
    width = plan.config.latent_dim
    if spikes.ndim != 2 or spikes.shape[1] != width or not len(spikes):
        raise InputError(f"spikes: expected shape (T, {width}), got {spikes.shape}")
    x: F32 = spikes.astype(np.float32)[:, None, :]
    *spiking, readout = decoder_layers(plan.config)
    runs = {}
    for layer in spiking:
        x, membranes = _fire(plan, layer, _driven(plan, layer, x))
        runs[layer.name] = _seen(layer, x, membranes)
    return Trace(runs, _read_out(plan, readout, x))


def linear(layer: Layer, weight: F32, bias: F32, x: F32) -> F32:
    """(T, positions in, C_in) -> (T, positions out, C_out): the bias, then every tap of every channel."""
    out = np.broadcast_to(bias, (len(x), layer.side_out**2, layer.channels_out)).copy()
    for k, (sources, targets) in enumerate(layer.taps()):
        for c in range(layer.channels_in):
            out[:, targets] += x[:, sources, c, None] * weight[c, k]
    return out


def _driven(plan: Plan, layer: Layer, x: F32) -> F32:
    return linear(layer, plan.tensors[f"{layer.name}.weight"], plan.tensors[f"{layer.name}.bias"], x)


def _fire(plan: Plan, layer: Layer, drive: F32) -> tuple[F32, F32]:
    """Drive (T, positions, C) -> spikes and membranes of LIF neurons, same shape (equations 1 and 2)."""
    assert layer.neuron is not None
    return lif(drive, layer.neuron, plan.tensors.get(f"{layer.name}.leak"))


def lif(drive: F32, neuron: NeuronConfig, leak: F32 | None = None) -> tuple[F32, F32]:
    """Spikes (0 or 1) and membranes before the reset, for a drive (T, ...); `leak` in place of the neuron's."""
    threshold = np.float32(neuron.threshold)
    leak = np.array(neuron.leak, np.float32) if leak is None else leak
    spikes, membranes = np.zeros_like(drive), np.zeros_like(drive)
    carried = np.zeros_like(drive[0])
    for t, step in enumerate(drive):
        membranes[t] = leak * carried + step
        spikes[t] = membranes[t] > threshold
        lost = membranes[t] if neuron.reset == "hard" else threshold
        carried = membranes[t] - lost * spikes[t]
    return spikes, membranes


def _read_out(plan: Plan, readout: Layer, spikes: F32) -> F32:
    """Spikes (T, positions, C) of the last layer -> pictures (T, C, H, W) after each step (equation 9)."""
    config = plan.config
    weight, bias = plan.tensors["readout.weight"], plan.tensors["readout.bias"]
    plane, charge = np.zeros_like(spikes[0]), 0.0
    images = []
    for step, share in zip(spikes, plan.readout_shares(len(spikes)), strict=True):
        # the sum over time commutes with the convolution: one plane of spikes is charged, and convolved when shown
        plane = np.float32(share) * plane + step
        charge = share * charge + 1.0  # of a constant 1, the bias's factor
        convolved = linear(readout, weight, bias * np.float32(charge), plane[None])[0]
        images.append(np.tanh(convolved.T).reshape(config.image_shape))
    return np.stack(images)


def _seen(layer: Layer, spikes: F32, membranes: F32) -> Run:
    """As `esvae_core.esvae.Trace` shows them: channels before positions."""
    side, width = layer.side_out, layer.channels_out
    shape = (len(spikes), width, side, side) if layer.kind in ("down", "up") else (len(spikes), width * side * side)
    return Run(
        spikes.transpose(0, 2, 1).reshape(shape).astype(np.uint8), membranes.transpose(0, 2, 1).reshape(shape).copy()
    )
