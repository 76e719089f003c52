"""Poisson counts under frozen noise, and the steps at which they fall: the same bits in Python and in the browser.

A count is the quantile of one uniform number, so a rate that rises adds spikes and keeps those that were there. Given
its count, a Poisson process has its spikes at independent uniform times: their steps follow from further numbers of the
same seed, and T changes the raster but neither counts nor picture. The twin is `esvae_core/web/engine/poisson.js`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from esvae_core.engine.noise import F64, uniform

MAX_COUNT = 255
"""No neuron fires more often in one picture."""
MIN_LOG, MAX_LOG = -50.0, 6.5
_LOG_2 = math.log(2)
_TERMS = 20  # of the series, at most log(2) / 2 from 0: the next is below double precision


def exp(x: NDArray[np.floating]) -> F64:
    """Exponential of numbers from -700 to 700 by sums and products alone, whose bits do not depend on a library."""
    whole = np.floor(x / _LOG_2 + 0.5)
    rest = x - whole * _LOG_2
    total = np.ones_like(rest, dtype=np.float64)
    for n in range(_TERMS, 0, -1):
        total = 1 + total * rest / n
    power: F64 = total * np.ldexp(1.0, whole.astype(np.int64))
    return power


def counts(log_rates: F64, seed: int) -> NDArray[np.int64]:
    """Natural logarithms of rates (d,) -> Poisson counts (d,) of that seed, at most MAX_COUNT.

    A logarithm outside MIN_LOG to MAX_LOG counts as the nearer of the two.
    """
    rates = exp(np.clip(log_rates, MIN_LOG, MAX_LOG))
    chance = uniform(seed, 1, len(rates))[0].astype(np.float64)
    term = exp(-rates)
    total, found = term.copy(), np.zeros(len(rates), np.int64)
    for k in range(1, MAX_COUNT + 1):
        more = chance >= total
        if not more.any():
            break
        found[more] = k
        term = term * rates / k
        total = np.where(more, total + term, total)
    return found


def spread(found: NDArray[np.int64], seed: int, steps: int) -> NDArray[np.uint8]:
    """Counts (d,) of that seed -> spikes (T, d) in each step; their sum over time is the counts."""
    spikes = np.zeros((steps, len(found)), np.uint8)
    most = int(found.max(initial=0))
    times = np.floor(uniform(seed, most, len(found), 1).astype(np.float64) * steps).astype(np.intp)
    for k in range(most):
        neurons = np.flatnonzero(found > k)
        spikes[times[k, neurons], neurons] += 1
    return spikes
