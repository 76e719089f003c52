"""Events of an event camera, and the frames that a model takes of them.

An event says that one pixel became brighter or darker at one moment. A recording of them is divided into T equal
windows of time; a frame counts the events of its window by polarity and pixel.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

POLARITIES = ("darker", "brighter")
"""The two channels of a frame, in their order."""
MAX_SIDE = 1280  # pixels: no event camera on sale has more
_FULL = 99  # percentile of a recording's counts that are not 0, which is full brightness


class Events(NamedTuple):
    """The events of one recording, in any order.

    Attributes:
        x: (E,) columns from the left, 0 ... MAX_SIDE - 1.
        y: (E,) rows from the top, likewise.
        p: (E,) polarities, 0 (darker) or 1 (brighter).
        t: (E,) times in one unit, N-MNIST's being microseconds.
    """

    x: NDArray[np.integer]
    y: NDArray[np.integer]
    p: NDArray[np.integer]
    t: NDArray[np.integer] | NDArray[np.floating]


def frames_of(events: Events, frames: int, image_size: int, sensor: tuple[int, int]) -> NDArray[np.uint8]:
    """The frames of a recording.

    The windows divide the time from the first event to the last. Of a sensor that is no square the centre square is
    taken. At another size than the sensor's a frame's pixel has the mean count of the sensor's pixels that it covers,
    by the area covered. Full brightness is the 99th percentile of the recording's counts that are not 0, so that
    neither T nor the camera's sensitivity makes frames dark.

    Args:
        events: at least one.
        frames: T, how many frames.
        image_size: height and width of a frame in pixels.
        sensor: (height, width) in pixels; no event lies beyond.

    Returns:
        (T, 2, image_size, image_size) bytes; channels are POLARITIES.
    """
    side = min(sensor)
    top, left = ((length - side) // 2 for length in sensor)
    x, y = events.x.astype(np.int64) - left, events.y.astype(np.int64) - top
    inside = (x >= 0) & (x < side) & (y >= 0) & (y < side)
    window = _windows(events.t, frames)[inside]
    place = (events.p[inside] * side + y[inside]) * side + x[inside]
    shares = _area_shares(side, image_size)
    counts = np.empty((frames, 2, image_size, image_size), np.float32)
    for k in range(frames):
        raw = np.bincount(place[window == k], minlength=2 * side * side).reshape(2, side, side)
        counts[k] = raw if side == image_size else shares @ raw @ shares.T
    return _as_bytes(counts)


def _windows(t: NDArray[np.integer] | NDArray[np.floating], frames: int) -> NDArray[np.int64]:
    """(E,) which of the equal windows each event lies in."""
    since = t.astype(np.float64) - float(t.min())
    span = float(since.max()) or 1.0
    return np.minimum((since * (frames / span)).astype(np.int64), frames - 1)


def _area_shares(before: int, after: int) -> NDArray[np.float64]:
    """(after, before) along one axis: by what share each pixel before makes each pixel after; rows sum to 1."""
    edges = np.arange(after + 1) * (before / after)
    low, high = edges[:-1, None], edges[1:, None]
    pixel = np.arange(before)
    covered = np.clip(np.minimum(high, pixel + 1) - np.maximum(low, pixel), 0, None)
    shares: NDArray[np.float64] = covered / covered.sum(1, keepdims=True)
    return shares


def _as_bytes(counts: NDArray[np.float32]) -> NDArray[np.uint8]:
    some = counts[counts > 0]
    if not some.size:  # all events lie beside the centre square
        return np.zeros(counts.shape, np.uint8)
    brightness: NDArray[np.float32] = np.minimum(counts / float(np.percentile(some, _FULL)), 1)
    return np.round(brightness * 255).astype(np.uint8)
