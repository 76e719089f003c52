"""What each latent dimension is used for: functions of arrays, no model in them.

N images, d dimensions, T time steps; rates are counts / T, so they lie on the grid 0, 1/T ... 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import InputError

DimensionState = Literal["active", "dead", "saturated"]

STUCK_SHARE = 0.99
"""A dimension is dead if at least this share of the images leave it silent, saturated if as many make it fire at every
step, and active otherwise."""

NORMALIZED_STEPS = 16
ACTIVE_VARIANCE = 0.01

SURE = 3.0  # standard errors by which an effect must rise above the noise


@dataclass(frozen=True, eq=False)
class Usage:
    """How N images use each dimension.

    Attributes:
        histogram: (d, T + 1) float64: share of the images at each rate k / T; rows sum to 1.
        mean: (d,) mean rate.
        deviation: (d,) standard deviation of the rate over the images.
        bits: (d,) entropy of the count, 0 to log2(T + 1): what the dimension says of an image at most.
        states: d words, see STUCK_SHARE.
    """

    histogram: NDArray[np.float64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    bits: NDArray[np.float64]
    states: tuple[DimensionState, ...]


def usage(counts: NDArray[np.integer[Any]], steps: int) -> Usage:
    """Usage of each dimension.

    Args:
        counts: (N, d) spikes in T steps.
        steps: T.

    Raises:
        InputError: if there are no counts, or some are outside 0 to T.
    """
    if counts.ndim != 2 or not counts.size or counts.min() < 0 or counts.max() > steps:
        raise InputError(f"counts: expected shape (N, d) of numbers from 0 to {steps}, got shape {counts.shape}")
    images, dims = counts.shape
    cells = counts.astype(np.int64) + np.arange(dims) * (steps + 1)
    histogram = np.bincount(cells.ravel(), minlength=dims * (steps + 1)).reshape(dims, steps + 1) / images
    rates = counts / steps
    logs = np.log2(histogram, out=np.zeros_like(histogram), where=histogram > 0)
    bits = np.maximum(-(histogram * logs).sum(1), 0)  # not -0
    return Usage(histogram, rates.mean(0), rates.std(0), bits, tuple(_state(row[0], row[-1]) for row in histogram))


def usage_of_normalized(heights: NDArray[np.floating], span: float) -> Usage:
    """Usage of a latent without spikes, whose heights are put into NORMALIZED_STEPS + 1 bins.

    A dimension is active if its variance over the images is more than ACTIVE_VARIANCE of the prior's, and dead if not
    (Burda et al., "Importance weighted autoencoders", ICLR 2016).

    Args:
        heights: (N, d) in [0, 1].
        span: how many deviations of the prior lie between heights 0 and 1.
    """
    binned = usage(np.rint(heights.astype(np.float64) * NORMALIZED_STEPS).astype(np.int64), NORMALIZED_STEPS)
    mean, deviation = heights.mean(0, dtype=np.float64), heights.std(0, dtype=np.float64)
    states: tuple[DimensionState, ...] = tuple(
        "active" if (each * span) ** 2 > ACTIVE_VARIANCE else "dead" for each in deviation
    )
    return Usage(binned.histogram, mean, deviation, binned.bits, states)


def _state(silent: float, full: float) -> DimensionState:
    if silent >= STUCK_SHARE:
        return "dead"
    return "saturated" if full >= STUCK_SHARE else "active"


def quantile_values(column: NDArray[np.floating], frames: int) -> NDArray[np.float64]:
    """(frames,) rates of one dimension (N,) at equally spaced quantiles from its least to its greatest.

    Each step passes as many images; linear between neighbouring ones.

    Raises:
        InputError: fewer than 2 frames, or no rates.
    """
    _check_frames(frames)
    if column.ndim != 1 or not len(column):
        raise InputError(f"rates of a dimension: expected shape (N,) with N >= 1, got {column.shape}")
    values: NDArray[np.float64] = np.quantile(column.astype(np.float64), np.linspace(0, 1, frames))
    return values


def geodesic_values(frames: int) -> NDArray[np.float64]:
    """(frames,) rates from 0 to 1 in equal steps of what sampling noise can tell (docs/math.md, equation 11).

    Raises:
        InputError: fewer than 2 frames.
    """
    _check_frames(frames)
    values: NDArray[np.float64] = np.sin(np.linspace(0, np.pi / 2, frames)) ** 2
    return values


def _check_frames(frames: int) -> None:
    if frames < 2:
        raise InputError(f"frames: expected 2 or more, got {frames}")


def traversal(base: NDArray[np.floating], dimension: int, values: NDArray[np.floating]) -> NDArray[np.float32]:
    """(n, d) rates: `base` (d,) with one dimension at each of `values` (n,).

    Raises:
        InputError: if there is no such dimension.
    """
    if not 0 <= dimension < len(base):
        raise InputError(f"dimension: expected 0 to {len(base) - 1}, got {dimension}")
    rates = np.tile(base.astype(np.float32), (len(values), 1))
    rates[:, dimension] = values
    return rates


def sensitivity(low: NDArray[np.uint8], high: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Where a dimension changes the picture.

    Args:
        low, high: (K, H, W, C) pictures with the dimension at either end, the same K draws of frozen noise in both.

    Returns:
        (H, W) absolute mean change over the draws, largest over the colours; on the scale 0 to 2 of [-1, 1].
    """
    change = (high.astype(np.float64) - low).mean(0) / 127.5
    strongest: NDArray[np.float64] = np.abs(change).max(-1)
    return strongest


@dataclass(frozen=True, eq=False)
class Contrast:
    """What a dimension does to the picture, beside what the noise of sampling does (docs/math.md, equation 18).

    Mean absolute difference per pixel between two pictures drawn with different noise, on the scale 0 to 2:

    Attributes:
        moved: (d,) float32: with the dimension at either end of its range in the data.
        redrawn: (d,) float32: with it at the same end in both.
        clear: (d,) bool: whether `moved` rises above `redrawn` by SURE standard errors; only this is an effect.
    """

    moved: NDArray[np.float32]
    redrawn: NDArray[np.float32]
    clear: NDArray[np.bool_]


def contrast(low: NDArray[np.uint8], high: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Differences of pictures drawn with different noise, between two ends and within each.

    Twice their gap is the energy distance (Szekely & Rizzo, 2013) between the two ends' pictures, pixel by pixel: its
    expectation is 0 if both have the same distribution, and positive if not.

    Args:
        low, high: (K, M, H, W, C): K >= 2 draws of noise, M things that are moved.

    Returns:
        (M,) moved and (M,) redrawn, see `Contrast`.

    Raises:
        InputError: if there are fewer than 2 draws or the shapes differ.
    """
    if low.shape != high.shape or low.ndim != 5 or len(low) < 2:
        raise InputError(f"pictures: expected two of shape (K >= 2, M, H, W, C), got {low.shape} and {high.shape}")
    ends, draws = (low.astype(np.int16), high.astype(np.int16)), len(low)
    sums = np.zeros((2, low.shape[1]))
    for i in range(draws):
        for j in range(i):
            for a in (0, 1):
                for b in (0, 1):
                    sums[int(a == b)] += np.abs(ends[a][i] - ends[b][j]).mean(axis=(1, 2, 3))
    moved, redrawn = sums / 127.5 / (draws * (draws - 1))
    return moved, redrawn


def judged(moved: NDArray[np.floating], redrawn: NDArray[np.floating]) -> Contrast:
    """The verdict over several starting points.

    Args:
        moved, redrawn: (R, d), of R >= 2 starting points, as `contrast` gives them.

    Raises:
        InputError: if there are fewer than 2.
    """
    if moved.shape != redrawn.shape or moved.ndim != 2 or len(moved) < 2:
        raise InputError(f"contrast: expected two of shape (R >= 2, d), got {moved.shape} and {redrawn.shape}")
    gap = moved - redrawn
    error = gap.std(0, ddof=1) / np.sqrt(len(gap))
    # rounding leaves a gap of 1e-17 where nothing happens
    clear = (gap.mean(0) > SURE * error) & (gap.mean(0) > 1e-9)
    return Contrast(moved.mean(0).astype(np.float32), redrawn.mean(0).astype(np.float32), clear)


def class_means(rates: NDArray[np.floating], labels: NDArray[np.integer[Any]], classes: int) -> NDArray[np.float64]:
    """(classes, d) mean rate of each dimension in each class; NaN for a class without images."""
    members = labels[None] == np.arange(classes)[:, None]
    counts = members.sum(1, keepdims=True)
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = np.where(counts > 0, members @ rates.astype(np.float64) / counts, np.nan)
    return means


def class_correlation(
    rates: NDArray[np.floating], labels: NDArray[np.integer[Any]], classes: int
) -> NDArray[np.float64]:
    """(classes, d) correlation of each rate with being of each class, -1 to 1; 0 where one of them never changes."""
    members = (labels[None] == np.arange(classes)[:, None]).astype(np.float64)
    members -= members.mean(1, keepdims=True)
    centred = rates.astype(np.float64) - rates.astype(np.float64).mean(0)
    scale = np.sqrt((members**2).sum(1))[:, None] * np.sqrt((centred**2).sum(0))
    return _divided(members @ centred, scale)


def class_share(rates: NDArray[np.floating], labels: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """(d,) share of each rate's variance that the class explains, 0 to 1 (correlation ratio, eta squared)."""
    exact = rates.astype(np.float64)
    _, found, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    means = class_means(exact, found, len(sizes))
    between = (sizes[:, None] * (means - exact.mean(0)) ** 2).sum(0)
    whole = ((exact - exact.mean(0)) ** 2).sum(0)
    return _divided(between, whole)


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quotients; 0 where the divisor is no more than rounding."""
    quotient: NDArray[np.float64] = np.divide(above, below, out=np.zeros_like(below), where=below > 1e-9)
    return quotient
