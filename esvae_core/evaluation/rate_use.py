"""How a latent uses its range: rates on the k/T grid, and dimensions that are active, dead or saturated."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class DimensionUse(NamedTuple):
    """Numbers of latent dimensions; the three overlap nowhere but need not add up to d."""

    active: int
    """Deviation over the images above the limit."""
    dead: int
    """Silent: the rate is 0, or as good as that, for every image."""
    saturated: int
    """The rate is 1, or as good as that, for every image."""


def grid_shares(rates: NDArray[Any], steps: int) -> Array:
    """(T + 1,) share of all rates nearest to each k/T."""
    nearest = np.rint(np.asarray(rates, np.float64) * steps).astype(np.int64).ravel()
    shares: Array = np.bincount(nearest, minlength=steps + 1)[: steps + 1] / max(nearest.size, 1)
    return shares


def dimension_use(rates: NDArray[Any], *, least: float = 0.01) -> DimensionUse:
    """Which dimensions of rates (N, d) say anything.

    Args:
        rates: of N images.
        least: smallest deviation over images that counts as active; dead and saturated ones never leave 0 or 1 by more.
    """
    deviation = rates.std(0)
    active = deviation > least
    return DimensionUse(
        active=int(active.sum()),
        dead=int((~active & (rates.max(0) <= least)).sum()),
        saturated=int((~active & (rates.min(0) >= 1 - least)).sum()),
    )
