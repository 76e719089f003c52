"""Convolutions of spikes on the CPU, paid for by the spike: sums of weight rows instead of products.

A spike is 0 or 1 and most are 0, so a convolution of spikes is, for each output pixel, the sum of the weight rows that
the spikes in its window point at; and the gradient by a weight row is the sum of the output gradients at the places
that its input channel fired into. Both are one primitive, `_add_rows`, which keeps its sum in registers. Everything is
float32 and exact up to the order of addition, which depends neither on the number of threads nor on the machine's.

Arrays: spikes of R images (time steps included) with P pixels and C channels, as bits (R, P, ceil(C / 8)); outputs
(R, O, D), channels fastest; weights (K * K * C, D), in tiles of `TILE` output channels.

The reference is the convolution itself, `torch.nn.functional.conv2d` and `conv_transpose2d`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numba
import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from esvae_core.kernels import F32, compiled

Bits = NDArray[np.uint8]
Index = NDArray[np.int64]

TILE = 32
"""Output channels summed at a time: two vector registers of AVX-512, four of AVX2, eight of NEON or SSE."""

DENSE_ABOVE = 0.45
"""Firing rate from which a dense convolution is faster."""

_PARTS = 16  # pieces of a batch that are summed apart in a weight gradient: as many threads can share the work
_CHUNK = 256  # images of a piece looked at together: their gradients at one pixel, 32 kB a tile, stay in the cache
_LISTED = 2**24  # most places in one piece's lists of spikes (32 MB): large pictures take fewer images together

_FIRING = np.zeros((256, 8), np.uint16)  # for each byte: the positions of its set bits
_COUNT = np.zeros(256, np.uint8)
for _byte in range(256):
    _set = [_bit for _bit in range(8) if _byte >> _bit & 1]
    _FIRING[_byte, : len(_set)], _COUNT[_byte] = _set, len(_set)


class ConvGeometry(NamedTuple):
    """A square convolution's geometry, and its links: which input pixel reaches which output pixel by which tap."""

    kernel: int
    stride: int
    padding: int
    extra: int
    """Output padding of a transposed convolution, else 0."""
    transposed: bool
    size: tuple[int, int]
    """Height and width of the result."""
    start: Index
    """(O + 1,): the links of output pixel o are start[o] .. start[o + 1]."""
    pixel: Index
    """Input pixel of each link."""
    tap: Index
    """Kernel element of each link, row by row."""


@lru_cache(maxsize=64)
def conv_geometry(height: int, width: int, kernel: int, stride: int, padding: int, extra: int | None) -> ConvGeometry:
    """The way of a convolution of a picture of that size; transposed if it has an output padding (`extra`).

    A convolution goes from a big picture to a small one, a transposed one from small to big; row y of the small one
    meets row stride * y - padding + k of the big one through kernel row k.
    """
    here, transposed = (height, width), extra is not None
    there = tuple(
        (side - 1) * stride - 2 * padding + kernel + extra
        if extra is not None
        else (side + 2 * padding - kernel) // stride + 1
        for side in here
    )
    small, big = (here, there) if transposed else (there, here)
    found = []
    for y, x, row, column in np.ndindex(small[0], small[1], kernel, kernel):
        v, u = stride * y - padding + row, stride * x - padding + column
        if 0 <= v < big[0] and 0 <= u < big[1]:
            ends = (y * small[1] + x, v * big[1] + u)
            found.append((ends[transposed], ends[not transposed], row * kernel + column))
    table = np.array(sorted(found), np.int64).reshape(-1, 3)
    start = np.searchsorted(table[:, 0], np.arange(there[0] * there[1] + 1)).astype(np.int64)
    of_links = (start, table[:, 1].copy(), table[:, 2].copy())
    return ConvGeometry(kernel, stride, padding, extra or 0, transposed, (there[0], there[1]), *of_links)


def tiles(rows: F32) -> F32:
    """Weight rows (n, D) -> (ceil(D / TILE), n, TILE), padded with zeros."""
    count, width = rows.shape
    padded = np.zeros((count, -(-width // TILE) * TILE), np.float32)
    padded[:, :width] = rows
    return np.ascontiguousarray(padded.reshape(count, -1, TILE).transpose(1, 0, 2))


def pack_bits(spikes: F32) -> tuple[Bits, float]:
    """Spikes (rows, C) as bits (rows, ceil(C / 8)), and the share of them that is 1; NaN if any is neither 0 nor 1."""
    bits = np.empty((spikes.shape[0], -(-spikes.shape[1] // 8)), np.uint8)
    fired, strange = _pack(spikes, bits)
    return bits, float("nan") if strange else fired / max(spikes.size, 1)


def convolve(bits: Bits, weights: F32, bias: F32, geometry: ConvGeometry) -> F32:
    """Spikes (R, P, B) -> bias + convolution, (R, O, D); `weights` as `tiles` gives them, `bias` (D,)."""
    out = np.empty((bits.shape[0], len(geometry.start) - 1, len(bias)), np.float32)
    channels = weights.shape[1] // geometry.kernel**2
    _convolve(
        bits,
        weights,
        tiles(bias[None])[:, 0],
        geometry.start,
        geometry.pixel,
        geometry.tap,
        channels,
        _FIRING,
        _COUNT,
        out,
    )
    return out


def weight_gradient(bits: Bits, grad: F32, geometry: ConvGeometry, channels: int) -> tuple[F32, F32]:
    """Gradients by the weights (K * K * channels, D) and the bias (D,), given that by the output, `grad` (R, O, D)."""
    images, width = len(bits), grad.shape[2]
    parts = min(_PARTS, -(-images // 64))
    rows = geometry.kernel**2 * channels
    chunk = max(1, min(_CHUNK, _LISTED // (bits.shape[1] * channels)))
    sums = np.zeros((parts, -(-width // TILE), rows + 1, TILE), np.float32)
    _weight_gradient(bits, grad, geometry.start, geometry.pixel, geometry.tap, channels, _FIRING, _COUNT, chunk, sums)
    total = sums.sum(0).transpose(1, 0, 2).reshape(rows + 1, -1)
    return total[:-1, :width], total[-1, :width]


if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]

    def _add_rows(rows: F32, index: NDArray[Any], count: int, out: F32) -> None:
        out += rows[index[:count]].sum(0)

else:

    @intrinsic
    def _add_rows(context: Any, rows: Any, index: Any, count: Any, out: Any) -> Any:
        """out += the sum of rows[index[i]], i < count: TILE numbers held in vector registers all along.

        Written as instructions, because the compiler cannot know that `out` and `rows` do not overlap.
        """

        def generate(target: Any, builder: Any, signature: Any, values: Any) -> Any:
            data = [
                target.make_array(kind)(target, builder, value).data if isinstance(kind, types.Array) else value
                for kind, value in zip(signature.args, values, strict=True)
            ]
            word = ir.IntType(64)
            vector = ir.VectorType(ir.FloatType(), TILE)
            aligned = {"align": 4}
            place = builder.bitcast(data[3], vector.as_pointer())
            first, before = builder.load(place, **aligned), builder.basic_block
            head, body, end = (builder.append_basic_block(name) for name in ("rows", "row", "summed"))
            builder.branch(head)
            builder.position_at_end(head)
            i, total = builder.phi(word), builder.phi(vector)
            builder.cbranch(builder.icmp_signed("<", i, data[2]), body, end)
            builder.position_at_end(body)
            row = builder.zext(builder.load(builder.gep(data[1], [i])), word)
            source = builder.gep(data[0], [builder.mul(row, word(TILE))])
            added = builder.fadd(total, builder.load(builder.bitcast(source, vector.as_pointer()), **aligned))
            following = builder.add(i, word(1))
            builder.branch(head)
            for phi, start, again in ((i, word(0), following), (total, first, added)):
                phi.add_incoming(start, before)
                phi.add_incoming(again, body)
            builder.position_at_end(end)
            builder.store(total, place, **aligned)
            return target.get_dummy_value()

        arrays = (rows, index, out)
        if not all(isinstance(kind, types.Array) and kind.layout == "C" for kind in arrays):
            return None
        return types.void(rows, index, types.int64, out), generate


@compiled
def _pack(spikes: F32, bits: Bits) -> tuple[int, int]:
    rows, channels = spikes.shape
    width = bits.shape[1]
    fired, strange = 0, 0
    for r in prange(rows):
        here, odd = 0, 0
        for k in range(width):
            byte = 0
            for j in range(min(8, channels - 8 * k)):
                value = spikes[r, 8 * k + j]
                one = 1 if value == np.float32(1) else 0
                byte |= one << j
                here += one
                odd += (1 if value != np.float32(0) else 0) - one
            bits[r, k] = byte
        fired += here
        strange += odd
    return fired, strange


@compiled
def _convolve(
    bits: Bits,
    weights: F32,
    bias: F32,
    start: Index,
    pixel: Index,
    tap: Index,
    channels: int,
    firing: NDArray[np.uint16],
    counts: NDArray[np.uint8],
    out: F32,
) -> None:
    images, pixels, width = bits.shape
    outputs, depth = out.shape[1], out.shape[2]
    group = 4
    for block in prange((images + group - 1) // group):
        total = np.empty(TILE, np.float32)
        firing_here = np.empty((pixels, 8 * width + 8), np.uint16)
        numbers = np.empty(pixels, np.int64)
        index = np.empty(channels * (tap.max() + 1) + 16, np.uint32)
        for image in range(block * group, min(images, block * group + group)):
            for p in range(pixels):
                n = 0
                for k in range(width):
                    byte = bits[image, p, k]
                    for j in range(8):  # all eight are written; those beyond the count are overwritten by the next
                        firing_here[p, n + j] = firing[byte, j] + 8 * k
                    n += counts[byte]
                numbers[p] = n
            for o in range(outputs):
                n = 0
                for link in range(start[o], start[o + 1]):
                    base = tap[link] * channels
                    source = firing_here[pixel[link]]
                    for e in range(0, numbers[pixel[link]], 8):
                        for j in range(8):
                            index[n + e + j] = base + source[e + j]
                    n += numbers[pixel[link]]
                target = out[image, o]
                for tile in range(weights.shape[0]):
                    first = tile * TILE
                    total[:] = bias[tile]
                    _add_rows(weights[tile], index, n, total)
                    if first + TILE <= depth:
                        for j in range(TILE):
                            target[first + j] = total[j]
                    else:
                        for j in range(depth - first):
                            target[first + j] = total[j]


@compiled
def _weight_gradient(
    bits: Bits,
    grad: F32,
    start: Index,
    pixel: Index,
    tap: Index,
    channels: int,
    firing: NDArray[np.uint16],
    counts: NDArray[np.uint8],
    together: int,
    sums: F32,
) -> None:
    images, pixels, width = bits.shape
    outputs, depth = grad.shape[1], grad.shape[2]
    parts = sums.shape[0]
    last = sums.shape[2] - 1  # the row after the weights' is the bias's
    for part in prange(parts):
        here = sums[part]
        fired_in = np.empty((pixels * channels, together), np.uint16)  # for each neuron, the images that it fired in
        numbers = np.empty(pixels * channels, np.int64)
        gradients = np.zeros((sums.shape[1], together, TILE), np.float32)
        every = np.arange(together).astype(np.uint16)
        end = (part + 1) * images // parts
        for chunk in range(part * images // parts, end, together):
            rows = min(together, end - chunk)
            numbers[:] = 0
            for r in range(rows):
                for p in range(pixels):
                    for k in range(width):
                        byte = bits[chunk + r, p, k]
                        for j in range(counts[byte]):
                            neuron = p * channels + 8 * k + firing[byte, j]
                            fired_in[neuron, numbers[neuron]] = r
                            numbers[neuron] += 1
            for o in range(outputs):
                for r in range(rows):
                    source = grad[chunk + r, o]
                    for tile in range(sums.shape[1]):
                        for j in range(min(TILE, depth - tile * TILE)):
                            gradients[tile, r, j] = source[tile * TILE + j]
                for tile in range(sums.shape[1]):
                    _add_rows(gradients[tile], every, rows, here[tile, last])
                    for link in range(start[o], start[o + 1]):
                        base, neuron = tap[link] * channels, pixel[link] * channels
                        for c in range(channels):
                            _add_rows(gradients[tile], fired_in[neuron + c], numbers[neuron + c], here[tile, base + c])
