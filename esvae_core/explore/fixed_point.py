"""Rates as whole multiples of 1/46080, which is how links and recipes write them.

46080 is a multiple of T for T = 2, 4, 8 ... 1024, 3, 5, 6, 10, 12, 20 and more, so every k/T is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError

GRID = 46_080

FixedPointRates = NDArray[np.uint16]
"""(N, d) rates in units of 1/46080."""


def rounded(rates: NDArray[np.floating]) -> FixedPointRates:
    """Rates in [0, 1] -> the nearest units of 1/46080; halves go up, here and in the page."""
    return np.floor(rates.astype(np.float64) * GRID + 0.5).astype(np.uint16)


def to_fixed_point(rates: NDArray[np.floating]) -> FixedPointRates:
    """Rates in [0, 1] -> units of 1/46080, as `rounded`.

    Raises:
        InputError: some are outside or no numbers.
    """
    if not bool(((rates >= 0) & (rates <= 1)).all()):
        raise InputError("rates: expected numbers in [0, 1]")
    return rounded(rates)


def to_rates(units: FixedPointRates) -> NDArray[np.float32]:
    """Units of 1/46080 -> rates, as the model takes them."""
    return (units / GRID).astype(np.float32)
