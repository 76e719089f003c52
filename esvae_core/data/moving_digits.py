"""Moving digits: what an event camera would record of scikit-learn's digits; nothing to download.

As in N-MNIST (Orchard et al., Frontiers in Neuroscience 2015) a digit moves in three saccades along a triangle, a
tenth of a second each, and each of its pixels gives an event whenever the logarithm of its brightness has changed by a
threshold since its last one. Half of the digits move one way round, half the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.events import Events, frames_of
from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.pictures import resize_all
from esvae_core.data.splits import held_out

SIDE = 32
"""Height and width of the sensor in pixels."""
FACTOR_NAMES = ("turn",)
"""Which way round the triangle the digit moves: 0 clockwise, 1 counterclockwise."""
_BLUR = 0.7  # pixels, the standard deviation of the optics
_DIGIT = 20  # pixels, from the digits' 8
_SACCADE = 100_000  # microseconds
_MICROSTEPS = 12  # of a saccade
_REACH = 5.0  # pixels of the longest saccade
_TRIANGLE = np.array([[0, 0], [0.5, 1], [1, 0], [0, 0]]) - [0.5, 0.5]  # (x, y) shares of the reach
_THRESHOLD = 0.2  # of the logarithm of brightness
_DARK = 0.15  # brightness of the background, that of ink being 1
_MARGIN = 10  # pixels around a digit: room for the way
_WAY = np.concatenate(
    [_REACH * (a + np.linspace(0, 1, _MICROSTEPS, endpoint=False)[:, None] * (b - a)) for a, b in pairwise(_TRIANGLE)]
    + [_REACH * _TRIANGLE[-1:]]
)
"""(3 x _MICROSTEPS + 1, 2) places (x, y) in pixels, clockwise."""
_CHUNK = 100  # recordings made at once; bounds the memory
_TEST_FRACTION = 1 / 6  # the same digits as in the test split of `digits`
_SEED = 0


def record(digits: NDArray[np.uint8], turns: NDArray[np.integer]) -> Iterator[Events]:
    """What the camera records of each digit.

    Args:
        digits: (N, H, W) bytes, bright ink on black.
        turns: (N,) as FACTOR_NAMES says.

    Yields:
        The events of one digit after the other, in the order of their times in microseconds.
    """
    from scipy.ndimage import gaussian_filter  # slow imports, for this data set only

    sharp = resize_all(digits[:, None], _DIGIT, 1)[:, 0] / 255
    scenes = np.stack([gaussian_filter(np.pad(each, _MARGIN), _BLUR) for each in sharp])
    for start in range(0, len(scenes), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        ways = np.stack([_WAY * ([-1, 1] if turn else [1, 1]) for turn in turns[chunk]])
        which, events = _events(scenes[chunk], ways)
        ends = np.searchsorted(which, np.arange(len(ways) + 1))
        for first, end in pairwise(ends):
            yield Events(events.x[first:end], events.y[first:end], events.p[first:end], events.t[first:end])


def _events(scenes: NDArray[np.float64], ways: NDArray[np.float64]) -> tuple[NDArray[np.int64], Events]:
    """Events of scenes that move along their ways: a pixel has as many as thresholds were crossed in a micro-step.

    Args:
        scenes: (n, side, side) shares of ink.
        ways: (n, steps + 1, 2) places (x, y) in pixels.

    Returns:
        Numbers of the scenes, rising, and the events, ordered by time within each scene.
    """
    last = np.log(_seen(scenes, ways[:, 0]))
    found = []
    for step in range(ways.shape[1] - 1):
        crossed = np.trunc((np.log(_seen(scenes, ways[:, step + 1])) - last) / _THRESHOLD)
        last += crossed * _THRESHOLD
        places = np.nonzero(crossed)
        count = np.abs(crossed[places]).astype(np.int64)
        of, y, x, p = (np.repeat(v, count) for v in (*places, crossed[places] > 0))
        nth = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
        when = (step + (nth + 1) / (np.repeat(count, count) + 1)) * (_SACCADE / _MICROSTEPS)
        found.append((of, x, y, p.astype(np.int64), when.astype(np.int64)))
    of, x, y, p, t = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((t, of))
    return of[order], Events(x[order], y[order], p[order], t[order])


def _seen(scenes: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, SIDE, SIDE) brightness, with the scenes' centres moved by `places` (n, 2) pixels from the sensor's."""
    start = (scenes.shape[1] - SIDE) / 2 - places
    first = np.floor(start).astype(np.int64)
    right, down = (start - first).T[:, :, None, None]
    parts = np.stack([s[y : y + SIDE + 1, x : x + SIDE + 1] for s, (x, y) in zip(scenes, first, strict=True)])
    across = (1 - right) * parts[:, :, :-1] + right * parts[:, :, 1:]
    ink: NDArray[np.float64] = (1 - down) * across[:, :-1] + down * across[:, 1:]
    return _DARK + (1 - _DARK) * ink


def load(request: Request, class_names: tuple[str, ...]) -> ImageSet:
    """Load the recordings: one of each of scikit-learn's digits, half of them clockwise, divided as `digits` are."""
    from sklearn.datasets import load_digits

    bundle = load_digits()
    raw = np.round(bundle.images * (255 / 16)).astype(np.uint8)
    labels = bundle.target.astype(np.int64)
    turns = np.random.default_rng(_SEED).integers(0, 2, len(raw))
    test = held_out(labels, _TEST_FRACTION, seed=0)
    indices = np.flatnonzero(test if request.part == "test" else ~test)

    def make() -> Arrays:
        recordings = record(raw[indices], turns[indices])
        return {
            "images": np.stack([frames_of(r, request.frames, request.image_size, (SIDE, SIDE)) for r in recordings])
        }

    settings = f"{SIDE} {_BLUR} {_DIGIT} {_THRESHOLD} {_DARK}".encode() + _WAY.tobytes()
    sha256 = hashlib.sha256(raw.tobytes() + labels.tobytes() + turns.tobytes() + settings).hexdigest()
    return request.answer(
        request.remember(f"{request.part} {request.frames} {sha256}", make)["images"],
        labels[indices],
        class_names,
        sha256,
        factors=turns[indices, None].astype(np.float64),
        factor_names=FACTOR_NAMES,
    )
