"""The logistic function in single precision, to the bit as PyTorch gives it on a processor with AVX-512.

Learned leaks are kept as logits, and a bundle's hash follows from every bit of them, so they must come out the same
without PyTorch, and on every machine. PyTorch works on whole blocks of BLOCK numbers with SLEEF's exponential of at
most 1.0 unit in the last place (Shibata and Petrogalli, IEEE TPDS 2020), in fused multiply-adds of single precision,
and on what is left over with the exponential of GNU's C library, a polynomial in double precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

F32 = NDArray[np.float32]

BLOCK = 32
"""Numbers that PyTorch takes at a time."""

_PER_LN2 = np.float32(1.4426950408889634)
_LN2_HIGH, _LN2_LOW = np.float32(0.693145751953125), np.float32(1.428606765330187045e-06)
_COEFFICIENTS = (
    0.00139304355252534151077271,
    0.00833336077630519866943359,
    0.0416664853692054748535156,
    0.166666671633720397949219,
    0.5,
)
_GNU = tuple(map(float.fromhex, ("0x1.c6af84b912394p-5", "0x1.ebfce50fac4f3p-3", "0x1.62e42ff0c52d6p-1")))
_FIRST = np.float32(0.000198527617612853646278381)
_MOST = np.float32(104)  # from there on the exponential is 0 or infinite in single precision


def sigmoid(logits: ArrayLike) -> F32:
    """1 / (1 + exp(-x)) of numbers (N,), float32."""
    one, x = np.float32(1), -np.asarray(logits, np.float32)
    blocks = len(x) - len(x) % BLOCK
    result: F32 = one / (one + np.concatenate([_exp_of_blocks(x[:blocks]), _exp_of_rest(x[blocks:])]))
    return result


def _exp_of_blocks(x: F32) -> F32:
    """SLEEF's: the argument less a multiple of ln 2 in two parts, then a polynomial."""
    x = np.clip(x, -_MOST, _MOST)
    power = np.rint(x * _PER_LN2)
    rest = fused(power, -_LN2_LOW, fused(power, -_LN2_HIGH, x))
    u = np.full_like(rest, _FIRST)
    for coefficient in _COEFFICIENTS:
        u = fused(u, rest, np.float32(coefficient))
    u = np.float32(1) + fused(rest * rest, u, rest)
    with np.errstate(over="ignore"):
        exponential: F32 = np.ldexp(u, power.astype(np.int32))
    return exponential


def _exp_of_rest(x: F32) -> F32:
    """GNU's: 2 to the power of a multiple of 1/32, times a polynomial of what is left."""
    scaled = np.clip(x, -_MOST, _MOST).astype(np.float64) * (32 / np.log(2))
    whole = np.rint(scaled)
    rest = scaled - whole
    cubic, square, linear = (c / 32**n for n, c in zip((3, 2, 1), _GNU, strict=True))
    factor = (cubic * rest + square) * (rest * rest) + (linear * rest + 1)
    with np.errstate(over="ignore"):
        exponential: F32 = (factor * np.exp2(whole / 32)).astype(np.float32)
    return exponential


def fused(a: F32, b: F32 | np.float32, c: F32 | np.float32) -> F32:
    """a * b + c, rounded once: the product of two singles is exact in double precision."""
    return (a.astype(np.float64) * np.float64(b) + np.float64(c)).astype(np.float32)
