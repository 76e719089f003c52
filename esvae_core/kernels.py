"""Fused tdBN + LIF on the CPU: plain functions, compiled once by Numba and cached on disk.

A layer's pre-activations are one float32 array (S, L): S time steps (1 where the input is the same at every step), and
L = rows x channels values with the channel running fastest. Work is cut into blocks of whole rows that fit the
first-level cache; a block runs all its time steps before the next begins, so a membrane never leaves the cache and is
recomputed in the backward pass instead of stored. Sums are kept per block and added in block order, so results do not
depend on the number of threads.

The reference is `esvae_core.neurons.lif` behind a batch normalisation over (T, N, H, W).
"""

from __future__ import annotations

import numpy as np
from numba import prange
from numpy.typing import NDArray

from esvae_core.numba_jit import jit

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

BOX, TRIANGLE, FAST_SIGMOID = range(3)
"""Shapes of the surrogate gradient, as `esvae_core.neurons.surrogate` has them."""

BLOCK = 512
"""Values per block and time step: with T = 16, 32 kB of membranes."""


compiled = jit(parallel=True, fastmath={"contract", "nsz", "arcp"})
"""Decorator of functions that use all cores."""


def rows_per_block(channels: int) -> int:
    """How many rows of that many channels make one block."""
    return max(1, BLOCK // channels)


@compiled
def channel_moments(x: F32, channels: int, rows: int) -> F64:
    """Sum and sum of squares per channel: (2, channels) float64, over all steps and rows of x (S, L)."""
    steps, length = x.shape
    width = rows * channels
    blocks = (length + width - 1) // width
    parts = np.zeros((blocks, 2, channels), np.float64)
    for block in prange(blocks):
        first = block * width
        count = min(width, length - first)
        total = np.zeros(width, np.float32)  # float32 over the few time steps, float64 beyond
        square = np.zeros(width, np.float32)
        for t in range(steps):
            row = x[t, first : first + count]
            for j in range(count):
                total[j] += row[j]
                square[j] += row[j] * row[j]
        for j in range(count):
            c = j % channels
            parts[block, 0, c] += total[j]
            parts[block, 1, c] += square[j]
    out = np.zeros((2, channels), np.float64)
    for block in range(blocks):
        out += parts[block]
    return out


@compiled
def forward(x: F32, scale: F32, shift: F32, leak: F32, rows: int, threshold: float, soft: bool, spikes: F32) -> None:
    """Spikes (T, L) of LIF neurons driven by scale * x + shift, with one scale, shift and leak per channel."""
    length = x.shape[1]
    channels = scale.shape[0]
    steps = spikes.shape[0]
    moving = np.int64(x.shape[0] > 1)
    width = rows * channels
    blocks = (length + width - 1) // width
    threshold32 = np.float32(threshold)
    # what a spike leaves of the membrane: keep * membrane - drop
    keep = np.float32(1.0) if soft else np.float32(0.0)
    drop = threshold32 if soft else np.float32(0.0)
    one, zero = np.float32(1.0), np.float32(0.0)
    for block in prange(blocks):
        first = block * width
        count = min(width, length - first)
        gain = np.empty(width, np.float32)
        bias = np.empty(width, np.float32)
        stays = np.empty(width, np.float32)
        carried = np.zeros(width, np.float32)
        for r in range(rows):
            for c in range(channels):
                gain[r * channels + c] = scale[c]
                bias[r * channels + c] = shift[c]
                stays[r * channels + c] = leak[c]
        for t in range(steps):
            drive = x[t * moving, first : first + count]
            out = spikes[t, first : first + count]
            for j in range(count):
                membrane = stays[j] * carried[j] + (gain[j] * drive[j] + bias[j])
                fired = membrane > threshold32
                out[j] = one if fired else zero
                carried[j] = (keep * membrane - drop) if fired else membrane


@compiled
def backward(
    x: F32,
    grad: F32,
    scale: F32,
    shift: F32,
    leak: F32,
    learned: bool,
    rows: int,
    threshold: float,
    soft: bool,
    shape: int,
    center: float,
    half_width: float,
    out: F32,
) -> F64:
    """Back through time: gradient by the drive, given `grad` (T, L) by the spikes.

    Writes the gradient by the drive into `out` (S, L), summed over time where S = 1, and returns its moments per
    channel, sum of d, of d * x and, if the leak is learned, the gradient by it: (3, channels) float64.
    """
    length = x.shape[1]
    channels = scale.shape[0]
    steps = grad.shape[0]
    constant = x.shape[0] == 1
    moving = np.int64(not constant)
    width = rows * channels
    blocks = (length + width - 1) // width
    threshold32 = np.float32(threshold)
    center32, half32, per_half = np.float32(center), np.float32(half_width), np.float32(1.0 / half_width)
    keep = np.float32(1.0) if soft else np.float32(0.0)
    drop = threshold32 if soft else np.float32(0.0)
    one, zero = np.float32(1.0), np.float32(0.0)
    parts = np.zeros((blocks, 3, channels), np.float64)
    for block in prange(blocks):
        first = block * width
        count = min(width, length - first)
        gain = np.empty(width, np.float32)
        bias = np.empty(width, np.float32)
        stays = np.empty(width, np.float32)
        carried = np.zeros(width, np.float32)
        membranes = np.empty((steps + 1, width), np.float32)  # the first is that of before the first step
        membranes[0] = zero
        for r in range(rows):
            for c in range(channels):
                gain[r * channels + c] = scale[c]
                bias[r * channels + c] = shift[c]
                stays[r * channels + c] = leak[c]
        for t in range(steps):
            drive = x[t * moving, first : first + count]
            row = membranes[t + 1]
            for j in range(count):
                membrane = stays[j] * carried[j] + (gain[j] * drive[j] + bias[j])
                row[j] = membrane
                carried[j] = (keep * membrane - drop) if membrane > threshold32 else membrane
        later = np.zeros(width, np.float32)  # gradient by the membrane that the next step started from
        total = np.zeros(width, np.float32)
        moment = np.zeros(width, np.float32)
        of_leak = np.zeros(width, np.float32)
        for back in range(steps):
            t = steps - 1 - back
            drive = x[t * moving, first : first + count]
            incoming = grad[t, first : first + count]
            target = out[t * moving, first : first + count]
            row, before = membranes[t + 1], membranes[t]
            for j in range(count):
                membrane = row[j]
                fired = membrane > threshold32
                through = later[j]
                by_spike = incoming[j] - through * (threshold32 if soft else membrane)
                away = np.abs(membrane - center32)
                if shape == BOX:
                    slope = one if away < half32 else zero
                elif shape == TRIANGLE:
                    slope = max(one - away * per_half, zero)
                else:
                    slope = one / ((one + away * per_half) * (one + away * per_half))
                kept = through * keep if fired else through
                delta = by_spike * slope + kept
                later[j] = stays[j] * delta
                if learned:
                    of_leak[j] += delta * ((keep * before[j] - drop) if before[j] > threshold32 else before[j])
                total[j] += delta
                moment[j] += delta * drive[j]
                if constant:
                    target[j] = total[j]
                else:
                    target[j] = delta
        for j in range(count):
            c = j % channels
            parts[block, 0, c] += total[j]
            parts[block, 1, c] += moment[j]
            parts[block, 2, c] += of_leak[j]
    sums = np.zeros((3, channels), np.float64)
    for block in range(blocks):
        sums += parts[block]
    return sums


@compiled
def affine(delta: F32, x: F32, of_delta: F32, of_x: F32, constant: F32, rows: int) -> None:
    """delta <- of_delta * delta + of_x * x + constant, in place, with one coefficient each per channel."""
    steps, length = delta.shape
    channels = of_delta.shape[0]
    width = rows * channels
    blocks = (length + width - 1) // width
    for block in prange(blocks):
        first = block * width
        count = min(width, length - first)
        by_delta = np.empty(width, np.float32)
        by_x = np.empty(width, np.float32)
        plus = np.empty(width, np.float32)
        for r in range(rows):
            for c in range(channels):
                by_delta[r * channels + c] = of_delta[c]
                by_x[r * channels + c] = of_x[c]
                plus[r * channels + c] = constant[c]
        for t in range(steps):
            target = delta[t, first : first + count]
            drive = x[t, first : first + count]
            for j in range(count):
                target[j] = by_delta[j] * target[j] + by_x[j] * drive[j] + plus[j]
