"""What a spike count tells about a rate: mutual information and channel capacity, in bits.

A channel is a matrix of conditional probabilities, one row per rate, one column per count 0 .. T.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError

Array = NDArray[np.float64]


def binomial_channel(rates: Array, steps: int) -> Array:
    """(K, T + 1): probability of each count when T independent spikes have probability `rates` (K,) each."""
    _check(rates, steps)
    counts = np.arange(steps + 1)
    ways = np.array([math.comb(steps, k) for k in counts], dtype=np.float64)
    r = rates[:, None]
    channel: Array = ways * r**counts * (1 - r) ** (steps - counts)
    return channel


def systematic_channel(rates: Array, steps: int) -> Array:
    """(K, T + 1): the same when the count is T x rate rounded up or down, with that mean (docs/math.md, the latent)."""
    _check(rates, steps)
    due = np.round(rates * steps, 6)  # a rate k/T in float32 is meant to be one
    low = np.floor(due).astype(np.int64)
    channel = np.zeros((len(rates), steps + 1))
    rows = np.arange(len(rates))
    channel[rows, low] = 1 - (due - low)
    channel[rows, np.minimum(low + 1, steps)] += due - low
    return channel


def mutual_information(shares: Array, channel: Array) -> float:
    """I(input; output) in bits of inputs with probabilities `shares` (K,) through `channel` (K, M)."""
    joint = shares[:, None] * channel
    expected = shares[:, None] * joint.sum(0)
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / expected[seen])).sum())


def information_per_dimension(rates: NDArray[np.floating], steps: int, channel: str = "bernoulli") -> Array:
    """(d,) exact I(rate; count) in bits, the rates distributed as those given.

    Args:
        rates: (N, d) in [0, 1]; each distinct value counts by its share.
        steps: time steps T.
        channel: 'bernoulli' or 'systematic', how rates become spikes.
    """
    make = {"bernoulli": binomial_channel, "systematic": systematic_channel}[channel]
    bits = np.empty(rates.shape[1])
    for j, column in enumerate(rates.T.astype(np.float64)):
        values, counts = np.unique(column, return_counts=True)
        bits[j] = mutual_information(counts / len(column), make(values, steps))
    return bits


def capacity(channel: Array, *, tolerance: float = 1e-4, most: int = 100_000) -> float:
    """Largest mutual information that any distribution of the inputs reaches, in bits, to within `tolerance`.

    Blahut (1972) and Arimoto (1972). The iteration ends when its upper bound, the largest divergence of a row from
    the output's distribution, is within the tolerance of its lower bound.

    Raises:
        InputError: if it has not come that close after `most` rounds.
    """
    shares = np.full(len(channel), 1 / len(channel))
    safe = np.where(channel > 0, channel, 1.0)
    for _ in range(most):
        output = shares @ channel
        divergence = np.where(channel > 0, channel * np.log2(safe / np.maximum(output, 1e-300)), 0).sum(1)
        lower, upper = float(shares @ divergence), float(divergence.max())
        if upper - lower < tolerance:
            return lower
        shares = shares * np.exp2(divergence - upper)
        shares /= shares.sum()
    raise InputError(f"capacity: bounds {lower:.5f} and {upper:.5f} did not meet to within {tolerance} bits")


def binomial_capacity(steps: int) -> float:
    """Capacity in bits of the channel from a rate to the count of T Bernoulli spikes.

    The rates are 129 values in equal steps of arcsin sqrt(rate), along which the channel is equally fine everywhere
    (docs/math.md, equation 11).
    """
    rates = np.sin(np.linspace(0, np.pi / 2, 129)) ** 2
    return capacity(binomial_channel(rates, steps))


def _check(rates: Array, steps: int) -> None:
    if rates.ndim != 1 or steps < 1 or not ((rates >= 0) & (rates <= 1)).all():
        raise InputError("channel: expected rates of shape (K,) in [0, 1] and at least one time step")
