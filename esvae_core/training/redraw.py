"""Gray images drawn again with other values of attributes: strokes bent and made thicker, things stretched or lit.

What Morpho-MNIST (Castro et al., JMLR 2019) does to digits, in numbers that are asked for. An image cannot have every
value: what does not fit its frame is held back, so what came out has to be measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.controls.attributes import SHAPES, STROKES
from esvae_core.controls.measured import Attribute
from esvae_core.controls.strokes import enlarging

_FINE = 64  # pixels to which small images are enlarged; half of what they are measured at, and four times as fast
_STRETCH = 1.6  # most by which an image is made wider or narrower, higher or lower
_EDGE = 0.75  # pixels from the middle of an edge to where it ends
_THINNEST = 0.55  # pixels from the middle of a stroke to its edge
_DARK = 25  # gray level up to which a pixel is ground
_MARGIN = 1  # pixels of the frame that stay free

Images = NDArray[np.uint8]
F64 = NDArray[np.float64]
Plane = NDArray[Any]


class Redraw(NamedTuple):
    """A way to draw images again."""

    names: tuple[str, ...]
    """What can be asked for."""
    draw: Callable[[Images, F64], Images]
    """(N, 1, H, W) images and what is asked of each (N, len(names)), NaN: as it is -> as many images."""


def redraw_strokes(images: Images, asked: F64) -> Images:
    """Handwriting with another thickness and width in pixels, and another slant in degrees."""
    return np.stack([_strokes(image[0], *want) for image, want in zip(images, asked, strict=True)])[:, None]


def redraw_things(images: Images, asked: F64) -> Images:
    """Things on a dark ground with another width and height in pixels, and another brightness from 0 to 1."""
    return np.stack([_thing(image[0], *want) for image, want in zip(images, asked, strict=True)])[:, None]


REDRAWN: dict[tuple[Attribute, ...], Redraw] = {
    STROKES.attributes: Redraw(("thickness", "slant", "width"), redraw_strokes),
    SHAPES.attributes: Redraw(("width", "height", "brightness"), redraw_things),
}
"""By the attributes that are measured of a data set's images."""


def _strokes(image: Images, thickness: float, slant: float, width: float) -> Images:
    from scipy import ndimage
    from skimage.morphology import skeletonize

    scale = max(1, _FINE // max(image.shape))
    rows, columns = enlarging(image.shape[0], scale), enlarging(image.shape[1], scale)
    fine = rows @ image.astype(np.float32) @ columns.T
    low, high = float(image.min()), float(image.max())
    level = (low + high) / 2
    ink = fine >= level
    if high - low < 1 or ink.all():
        return image
    bent = _bent(fine, ink, slant, width * scale, _MARGIN * scale) >= level
    if not bent.any():
        return image
    skeleton = skeletonize(bent)  # type: ignore[no-untyped-call]
    inside = ndimage.distance_transform_edt(bent)
    more = 0.0 if np.isnan(thickness) else (thickness * scale - (2 * inside[skeleton].mean() - 1)) / 2
    distance = inside - ndimage.distance_transform_edt(~bent) + more
    if more < 0:  # a thin place of the stroke must not vanish
        distance = np.maximum(distance, _THINNEST * scale - ndimage.distance_transform_edt(~skeleton))
    cover = np.clip(0.5 + distance / (2 * _EDGE * scale), 0, 1)
    cover = cover.reshape(image.shape[0], scale, image.shape[1], scale).mean((1, 3))
    drawn: Images = np.round(low + (high - low) * cover).astype(np.uint8)
    return drawn


def _bent(fine: Plane, ink: Plane, slant: float, width: float, margin: float) -> Plane:
    """Enlarged writing, sheared and stretched about its centre, whole within the frame."""
    from scipy import ndimage

    y, x = (part.astype(np.float64) for part in np.nonzero(ink))
    centre = np.array([y.mean(), x.mean()])
    y, x = y - centre[0], x - centre[1]
    lean = -float((x * y).mean()) / max(float((y**2).mean()), 1e-9)
    upright = x + lean * y
    wide = np.quantile(upright, 0.98) - np.quantile(upright, 0.02) + 1
    new_lean = lean if np.isnan(slant) else np.tan(np.radians(slant))
    stretch = 1.0 if np.isnan(width) else float(np.clip(width / wide, 1 / _STRETCH, _STRETCH))
    placed = stretch * upright - new_lean * y
    room = fine.shape[1] - 2 * margin
    if (span := placed.max() - placed.min()) > room:
        stretch, new_lean, placed = stretch * room / span, new_lean * room / span, placed * room / span
    # the centre goes where both sides are within the frame
    middle = float(np.clip(centre[1], margin - placed.min(), fine.shape[1] - 1 - margin - placed.max()))
    matrix = np.array([[1, 0], [new_lean / stretch - lean, 1 / stretch]])
    moved: Plane = ndimage.affine_transform(fine, matrix, centre - matrix @ [centre[0], middle], order=1)
    return moved


def _thing(image: Images, width: float, height: float, brightness: float) -> Images:
    from scipy import ndimage

    thing = image > _DARK
    if not thing.any():
        return image
    box = [np.flatnonzero(thing.any(axis)) for axis in (1, 0)]
    centre = np.array([(part[0] + part[-1]) / 2 for part in box])
    size = np.array([part[-1] - part[0] + 1 for part in box], np.float64)
    wanted = np.where(np.isnan([height, width]), size, [height, width])
    stretch = np.clip(wanted / size, 1 / _STRETCH, np.minimum(_STRETCH, np.array(image.shape) / size))
    half = (stretch * size - 1) / 2
    middle = np.clip(centre, half, np.array(image.shape) - 1 - half)  # where the whole of it is within the frame
    moved = ndimage.affine_transform(image.astype(np.float32), 1 / stretch, centre - middle / stretch, order=1)
    lit = moved[moved > _DARK]
    if len(lit) and not np.isnan(brightness):
        moved = np.where(moved > _DARK, moved * (brightness * 255 / lit.mean()), moved)
    drawn: Images = np.round(np.clip(moved, 0, 255)).astype(np.uint8)
    return drawn
