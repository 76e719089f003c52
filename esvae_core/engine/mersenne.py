"""The numbers of PyTorch's generator on the CPU, to the bit, without PyTorch, whose import takes longer than most uses.

The generator is the Mersenne twister (Matsumoto and Nishimura, 1998), which NumPy has, too. Standard normal numbers are
Box and Muller's transform of uniform ones, sixteen at a time: in double precision by the C library's functions, in
single precision by the polynomials of Cephes (Moshier, 1989) in fused multiply-adds, as PyTorch's vectors of eight do
on any processor since 2013.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.engine.noise import F32, F64
from esvae_core.engine.sigmoid import fused

_Numbers = NDArray[Any]
_Pairs = Callable[[_Numbers, _Numbers], tuple[_Numbers, _Numbers]]

BLOCK = 16
"""Normal numbers made at a time: of fewer, PyTorch's are others."""

_HALF = np.float32(0.5)
_LOG = (
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
_LN2_LOW, _LN2_HIGH = np.float32(-2.12194440e-4), np.float32(0.693359375)
_ROOT_HALF = np.float32(0.707106781186547524)
_PER_OCTANT = np.float32(1.27323954473516)
_OCTANT = (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8)
_COS = (2.443315711809948e-005, -1.388731625493765e-003, 4.166664568298827e-002)
_SIN = (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)


class Mersenne:
    """As `torch.Generator().manual_seed(seed)`; each call goes on where the one before ended."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.MT19937()
        self._bits._legacy_seeding(seed & 0xFFFFFFFF)

    def uniform(self, count: int) -> F64:
        """As `torch.rand(count, dtype=torch.float64)`."""
        high, low = self._bits.random_raw(2 * count).reshape(-1, 2).T
        return ((high << np.uint64(32) | low) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53

    def normal(self, count: int) -> F64:
        """As `torch.randn(count, dtype=torch.float64)`, for BLOCK numbers or more."""
        numbers: F64 = _in_blocks(self.uniform, count, _pairs)
        return numbers

    def normal_single(self, count: int) -> F32:
        """As `torch.randn(count)`, for BLOCK numbers or more."""
        numbers: F32 = _in_blocks(self._uniform_single, count, _pairs_single)
        return numbers

    def _uniform_single(self, count: int) -> F32:
        bits = self._bits.random_raw(count) & np.uint64(2**24 - 1)
        return bits.astype(np.float32) * np.float32(2.0**-24)


def _in_blocks(uniform: Callable[[int], _Numbers], count: int, pairs: _Pairs) -> _Numbers:
    """Blocks of eight uniform numbers and eight more; where the last is not whole, the last BLOCK are drawn anew."""
    numbers = uniform(count)
    whole = count - count % BLOCK
    numbers[:whole] = _transformed(numbers[:whole], pairs)
    if whole < count:
        numbers[-BLOCK:] = _transformed(uniform(BLOCK), pairs)
    return numbers


def _transformed(uniform: _Numbers, pairs: _Pairs) -> _Numbers:
    first, second = uniform.reshape(-1, 2, BLOCK // 2).swapaxes(0, 1)
    return np.stack(pairs(1 - first, second), axis=1).ravel()


def _pairs(first: F64, second: F64) -> tuple[F64, F64]:
    """Two normal numbers of two on (0, 1] and [0, 1)."""
    turns = [2 * math.pi * x for x in second.ravel().tolist()]  # NumPy's functions have other last bits
    radius = np.sqrt(-2 * np.array([math.log(x) for x in first.ravel().tolist()]))
    cosines, sines = (np.array([function(x) for x in turns]) for function in (math.cos, math.sin))
    return (radius * cosines).reshape(first.shape), (radius * sines).reshape(first.shape)


def _pairs_single(first: F32, second: F32) -> tuple[F32, F32]:
    radius = np.sqrt(np.float32(-2) * _log(first))
    sine, cosine = _sine_and_cosine(np.float32(2 * np.pi) * second)
    return radius * cosine, radius * sine


def _log(x: F32) -> F32:
    """Natural logarithm of numbers on (0, 1]: a power of 2, and a polynomial of what is left."""
    bits = np.ascontiguousarray(x).view(np.int32)
    power = ((bits >> 23) - 126).astype(np.float32)
    x = (bits & 0x7FFFFF | 0x3F000000).view(np.float32)
    low = x < _ROOT_HALF
    x = x - np.float32(1) + np.where(low, x, np.float32(0))
    power -= low
    square = x * x
    y = np.full_like(x, _LOG[0])
    for coefficient in _LOG[1:]:
        y = fused(y, x, np.float32(coefficient))
    y = fused(y * x, square, power * _LN2_LOW)
    return fused(power, _LN2_HIGH, x + fused(-square, _HALF, y))


def _sine_and_cosine(x: F32) -> tuple[F32, F32]:
    """Of numbers from 0 to 2 pi: of what is left of the nearest multiple of pi / 2, with signs and places exchanged."""
    octant = ((x * _PER_OCTANT).astype(np.int32) + 1) & ~1
    for part in _OCTANT:
        x = fused(octant.astype(np.float32), np.float32(part), x)
    square = x * x
    cosine, sine = (np.full_like(x, coefficients[0]) for coefficients in (_COS, _SIN))
    for up, down in zip(_COS[1:], _SIN[1:], strict=True):
        cosine, sine = fused(cosine, square, np.float32(up)), fused(sine, square, np.float32(down))
    cosine = fused(cosine * square, square, -(square * _HALF)) + np.float32(1)
    sine = fused(sine * square, x, x)
    straight = octant & 2 == 0
    of_sine, of_cosine = (np.where(flag, np.float32(-1), np.float32(1)) for flag in (octant & 4, (octant - 2) & 4 ^ 4))
    return np.where(straight, sine, cosine) * of_sine, np.where(straight, cosine, sine) * of_cosine
