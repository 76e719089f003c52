"""A plan laid out for the compiled engine: five flat arrays per half of the network.

Widths are padded to multiples of LANES, the channels that are summed at once. Padding has weight and bias 0, so its
membrane stays 0 and it never fires.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from esvae_core.engine.plan import F32, I64, Layer, Plan, decoder_layers, encoder_layers

LANES = 32
"""Numbers added at once: two to eight registers of the processor's vectors."""

POSITIONS, WIDTH, FIRST, WEIGHT, BIAS, BIAS_STEP, STRIDE, LEAK = range(8)
"""Columns of `Half.table`: output positions; output channels, padded; where the layer begins in `first`, in `floats`
with its weights and its biases; floats from one position's bias to the next's, and from one input channel's rows to the
next's; where its leaks begin, which lie as its biases do."""


class Half(NamedTuple):
    """Encoder or decoder: its spiking layers in the order of computation."""

    floats: F32
    """Weights (C_in, K, width), biases (1 or positions, width) and leaks (likewise), layer after layer."""
    neurons: F32
    """(layers, 3): threshold, and what a spike leaves of its membrane u: keep * u - drop."""
    table: I64
    """(layers, 8), see POSITIONS and following."""
    first: I64
    """Per layer (positions + 1): the taps of position p are first[p] .. first[p + 1] - 1."""
    taps: I64
    """(taps, 2): input position, and floats from the row of tap 0 to this tap's."""


class Packed(NamedTuple):
    """All that the compiled engine reads."""

    encoder: Half
    decoder: Half
    readout: F32
    """(colours, 9, channels)."""
    readout_bias: F32


def pack_plan(plan: Plan) -> Packed:
    """Lay out a plan."""
    *decoding, readout = decoder_layers(plan.config)
    weight: F32 = np.ascontiguousarray(plan.tensors[f"{readout.name}.weight"].transpose(2, 1, 0))
    return Packed(
        _half(plan, encoder_layers(plan.config)), _half(plan, decoding), weight, plan.tensors[f"{readout.name}.bias"]
    )


def padded(channels: int) -> int:
    """The next multiple of LANES."""
    return -(-channels // LANES) * LANES


def _half(plan: Plan, layers: list[Layer]) -> Half:
    floats: list[F32] = []
    table, neurons, firsts, taps = [], [], [], []
    size = count = tap_count = 0
    for layer in layers:
        width = padded(layer.channels_out)
        weight = _padded_rows(plan.tensors[f"{layer.name}.weight"], width)
        bias = _padded_rows(plan.tensors[f"{layer.name}.bias"], width)
        assert layer.neuron is not None
        one = np.full_like(plan.tensors[f"{layer.name}.bias"], layer.neuron.leak)
        leak = _padded_rows(plan.tensors.get(f"{layer.name}.leak", one), width)
        first, heard = _heard(layer)
        bias_step = width if layer.kind == "spread" else 0
        stride = layer.tap_count * width
        at = size + weight.size
        table.append((layer.side_out**2, width, count, size, at, bias_step, stride, at + bias.size))
        soft = layer.neuron.reset == "soft"
        threshold = layer.neuron.threshold
        neurons.append((threshold, float(soft), threshold if soft else 0.0))
        floats += [weight, bias, leak]
        firsts.append(first + tap_count)
        taps.append(heard * (1, width))
        size += weight.size + bias.size + leak.size
        count += len(first)
        tap_count += len(heard)
    return Half(
        np.concatenate(floats),
        np.array(neurons, np.float32),
        np.array(table, np.int64),
        np.concatenate(firsts),
        np.concatenate(taps),
    )


def _padded_rows(values: F32, width: int) -> F32:
    rows = values.reshape(-1, values.shape[-1])
    wide = np.zeros((len(rows), width), np.float32)
    wide[:, : rows.shape[1]] = rows
    return wide.ravel()


def _heard(layer: Layer) -> tuple[I64, I64]:
    """By output position: where its taps begin, and [input position, tap] of each, by rising tap."""
    by_tap = layer.taps()
    sources = np.concatenate([source for source, _ in by_tap])
    targets = np.concatenate([target for _, target in by_tap])
    taps = np.repeat(np.arange(len(by_tap)), [len(source) for source, _ in by_tap])
    order = np.argsort(targets, kind="stable")
    counts = np.bincount(targets, minlength=layer.side_out**2)
    return np.concatenate([[0], np.cumsum(counts)]), np.stack([sources, taps], 1)[order]
