"""Frozen noise: a number for every (seed, time step, neuron), the same in Python and in the browser.

A counter-based generator on 32-bit integers: no stream, no state, any value alone. The mixing function is a two-round
multiply and shift hash with the constants known as 'lowbias32' (Wellons, hash-prospector, 2018). The twin is
`esvae_core/web/engine/noise.js`; both are held against `tests/engine/noise_vectors.json`.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from esvae_core.config import Sampler
from esvae_core.errors import InputError

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U32 = NDArray[np.uint32]

_NORMAL_FROM = 2**31
"""First step of the numbers that are not for spikes; no spike train is as long."""


def _mixed(x: U32) -> U32:
    """A bijection of 32-bit integers in which every input bit reaches every output bit."""
    x = x + np.uint32(0x9E3779B9)  # else 0 would map to 0
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def _counted(count: int) -> U32:
    return np.arange(count, dtype=np.uint32)


def uniform(seed: int, steps: int, neurons: int, first: int = 0) -> F32:
    """(T, d) numbers on [0, 1), multiples of 2^-24.

    Args:
        seed: 0 to 2^32 - 1.
        steps: time steps T.
        neurons: d.
        first: number of the first step.

    Raises:
        InputError: the seed is out of range.
    """
    if not 0 <= seed < 2**32:
        raise InputError(f"seed: expected 0 to {2**32 - 1}, got {seed}")
    of_seed = _mixed(np.array([[seed]], np.uint32))
    of_step = _mixed(of_seed + (_counted(steps) + np.uint32(first))[:, None])
    bits = _mixed(of_step + _counted(neurons))
    return (bits >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)


def normal(seed: int, count: int) -> F64:
    """Standard normal numbers (count,), none of them from the noise that spikes are drawn with under the same seed.

    Box and Muller's transform of two uniform numbers each, in double precision; at most 5.77 from 0.

    Raises:
        InputError: the seed is out of range.
    """
    first, second = uniform(seed, 2, count, _NORMAL_FROM).astype(np.float64)
    numbers: F64 = np.sqrt(-2 * np.log(1 - first)) * np.cos(2 * np.pi * second)
    return numbers


def chance(seed: int) -> float:
    """One number on [0, 1) that is neither for spikes nor in `normal`: to choose by.

    Raises:
        InputError: the seed is out of range.
    """
    return float(uniform(seed, 1, 1, _NORMAL_FROM + 2)[0, 0])


def bernoulli(rates: F32, noise: F32) -> NDArray[np.uint8]:
    """Rates (d,) and noise (T, d) -> spikes (T, d): 1 where the rate exceeds the noise (equation 5)."""
    return (rates.astype(np.float32) > noise).astype(np.uint8)


def systematic(rates: F32, noise: F32) -> NDArray[np.uint8]:
    """Rates (d,) and noise (T, d) -> evenly spaced spikes (T, d); only the first step's noise is used.

    In double precision, so that T equal steps of a rate k/T carry exactly k spikes.
    """
    edges = np.arange(len(noise) + 1, dtype=np.float64)[:, None]
    passed = np.floor(edges * rates.astype(np.float32).astype(np.float64) + noise[0].astype(np.float64))
    spikes: NDArray[np.uint8] = (passed[1:] - passed[:-1]).astype(np.uint8)
    return spikes


def frozen_sampler(name: str) -> Sampler:
    """The sampler of that name, as one that can be drawn with frozen noise.

    Raises:
        InputError: it is another one, such as one of your own.
    """
    samplers: tuple[Sampler, ...] = get_args(Sampler)
    for sampler in samplers:
        if sampler == name:
            return sampler
    raise InputError(f"sampler: frozen noise is drawn by {' or '.join(samplers)}, not by {name!r:.80}; choose one")


def sample(rates: F32, seed: int, sampler: Sampler, steps: int) -> NDArray[np.uint8]:
    """Rates (d,) in [0, 1] -> spikes (T, d) with frozen noise.

    Raises:
        InputError: the rates are no vector in [0, 1], or the seed is out of range.
    """
    if rates.ndim != 1 or not bool(((rates >= 0) & (rates <= 1)).all()):
        raise InputError(f"rates: expected a vector in [0, 1], got shape {rates.shape} or values outside")
    noise = uniform(seed, steps, len(rates))
    return systematic(rates, noise) if sampler == "systematic" else bernoulli(rates, noise)
