"""Attributes of handwriting: light strokes on a dark ground, measured as by Morpho-MNIST (Castro et al., JMLR 2019)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

NAMES = ("thickness", "slant", "width", "height", "length", "area", "holes")
MOST_TRIMMED = 0.02
"""Share of the ink beyond each side of the box in which width and height are measured."""
_FINE = 128  # pixels to which small images are enlarged, so that half a pixel's difference is seen
_MOST_ENLARGED = 4
_BLANK = 0.1  # smallest difference of light and dark, on a scale of 1, that is writing
_CHUNK = 250

F64 = NDArray[np.float64]


def measure(images: NDArray[np.uint8]) -> F64:
    """Attributes of each image, in the order of NAMES.

    The image is enlarged (bilinear) up to four times and cut at half of its range: what is lighter is ink.

    Args:
        images: (N, C, H, W); of several channels the mean is taken.

    Returns:
        (N, 7) float64: thickness, width, height and length in pixels of the image, slant in degrees, area in square
        pixels, holes as a number. All are NaN of an image of nearly one level.
    """
    from scipy import ndimage
    from skimage.morphology import skeletonize

    count, _, height, width = images.shape
    scale = max(1, min(_MOST_ENLARGED, _FINE // max(height, width)))
    rows, columns = enlarging(height, scale), enlarging(width, scale)
    values = np.full((count, len(NAMES)), np.nan)
    for start in range(0, count, _CHUNK):
        light = images[start : start + _CHUNK].mean(1, dtype=np.float32) / 255
        low, high = light.min((1, 2)), light.max((1, 2))
        fine = rows @ light @ columns.T
        written = fine >= ((low + high) / 2)[:, None, None]
        for i in np.flatnonzero(high - low > _BLANK):
            ink = _cut_out(written[i])
            if not ink.any():
                continue
            skeleton = skeletonize(ink)  # type: ignore[no-untyped-call]
            distance = ndimage.distance_transform_edt(ink)
            # the outline runs half a pixel outside of the last pixel of ink
            thickness = 2 * float(distance[skeleton].mean()) - 1
            slant, wide, high_up = _box(ink)
            lengths = np.array([thickness, slant * scale, wide, high_up, _length(skeleton)]) / scale
            values[start + i] = (*lengths, ink.sum() / scale**2, _holes(ink, scale**2, ndimage))
    return values


def enlarging(size: int, scale: int) -> NDArray[np.float32]:
    """(size * scale, size): the matrix of linear interpolation between the centres of pixels."""
    place = np.clip((np.arange(size * scale) + 0.5) / scale - 0.5, 0, size - 1)
    left = np.minimum(place.astype(int), max(size - 2, 0))
    share = (place - left).astype(np.float32)
    matrix = np.zeros((size * scale, size), np.float32)
    matrix[np.arange(len(place)), left] = 1 - share
    matrix[np.arange(len(place)), np.minimum(left + 1, size - 1)] += share
    return matrix


def _cut_out(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The box of the ink, with one pixel of ground around it: distances to the ground stay what they were."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return ink
    return np.pad(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1)


def _box(ink: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Slant in degrees, positive to the right; width and height of the parallelogram that leans alike."""
    y, x = (part.astype(np.float64) for part in np.nonzero(ink))
    x, y = x - x.mean(), y - y.mean()
    spread = float((y**2).mean())
    lean = -float((x * y).mean()) / spread if spread > 0 else 0.0
    edges = (MOST_TRIMMED, 1 - MOST_TRIMMED)
    left, right = np.quantile(x + lean * y, edges)
    top, bottom = np.quantile(y, edges)
    return float(np.degrees(np.arctan(lean))), float(right - left) + 1, float(bottom - top) + 1


def _length(skeleton: NDArray[np.bool_]) -> float:
    """Of the links between neighbouring pixels of a skeleton; a diagonal one counts where no corner joins the two."""
    across = skeleton[:, 1:] & skeleton[:, :-1]
    down = skeleton[1:] & skeleton[:-1]
    corner_a, corner_b = skeleton[:-1, 1:], skeleton[1:, :-1]
    falling = skeleton[:-1, :-1] & skeleton[1:, 1:] & ~corner_a & ~corner_b
    rising = corner_a & corner_b & ~skeleton[:-1, :-1] & ~skeleton[1:, 1:]
    return float(across.sum() + down.sum() + np.sqrt(2) * (falling.sum() + rising.sum())) + 1


def _holes(ink: NDArray[np.bool_], smallest: int, ndimage: Any) -> float:
    """Parts of the ground that the ink encloses, of at least `smallest` pixels."""
    parts, _ = ndimage.label(~ink)
    sizes = np.bincount(parts.ravel())[1:]
    return float((sizes >= smallest).sum() - 1)
