"""Sprites: small shapes of which everything is known, drawn from a seed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.imageset import ImageSet, Request
from esvae_core.data.pictures import resize_all

SIZE = 32
SHAPES = ("rectangle", "ellipse", "triangle", "heart")
COUNTS = {"train": 10_000, "test": 2_000}
_SEEDS = {"train": 0, "test": 1}
_CHUNK = 500  # sprites drawn at once; bounds the memory

# Factor, lowest and highest value. None of the shapes looks the same again before half a turn, so half a turn is the
# range of orientations; a sprite of the largest scale still fits at the outermost positions.
FACTORS: dict[str, tuple[float, float]] = {
    "shape": (0, len(SHAPES)),  # floor: index into SHAPES
    "scale": (5, 9),  # pixels from the centre to the outermost corner
    "orientation": (0, np.pi),  # radians, counterclockwise
    "x": (10, SIZE - 10),  # pixels from the left edge to the centre
    "y": (10, SIZE - 10),  # pixels from the top edge to the centre
    "hue": (0, 1),  # of the colour circle; red, green, blue at 0, 1/3, 2/3
}


class Sprites(NamedTuple):
    """Sprites and what they were made from.

    Attributes:
        images: (N, C, 32, 32) uint8, antialiased on black; C = 1, or 3 in colour.
        factors: (N, F) float64, one column per name.
        factor_names: shape, scale, orientation, x, y, and hue in colour.
    """

    images: NDArray[np.uint8]
    factors: NDArray[np.float64]
    factor_names: tuple[str, ...]


def make_sprites(count: int, seed: int, *, colour: bool = False) -> Sprites:
    """Draw `count` sprites with factors uniform over their ranges (FACTORS).

    The first sprites of a seed are the same however many are drawn, and the same in white and in colour.
    """
    low, high = np.array(list(FACTORS.values())).T
    factors = low + (high - low) * np.random.default_rng(seed).random((count, len(FACTORS)))
    factors[:, 0] = np.floor(factors[:, 0])
    names = tuple(FACTORS) if colour else tuple(FACTORS)[:5]
    factors = factors[:, : len(names)]
    return Sprites(_painted(factors), factors, names)


def _painted(factors: NDArray[np.float64]) -> NDArray[np.uint8]:
    """(N, 5) factors to white sprites (N, 1, 32, 32), (N, 6) to coloured ones (N, 3, 32, 32)."""
    planes = np.empty((len(factors), 1, SIZE, SIZE))
    for start in range(0, len(factors), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        planes[chunk, 0] = draw(factors[chunk])
    if factors.shape[1] == len(FACTORS):
        planes = planes * _rgb(factors[:, 5])[:, :, None, None]
    return np.round(255 * planes).astype(np.uint8)


def redrawn(like: ImageSet, factors: NDArray[np.float64]) -> ImageSet:
    """The same sprites, at the same size, but made from other factors (N, F), in the order of `like.factor_names`."""
    images = resize_all(_painted(factors), like.images.shape[2], like.images.shape[1])
    return replace(like, images=images, factors=factors)


def draw(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cover of each pixel by each sprite.

    Args:
        factors: (N, 5 or more) in the order of FACTORS.

    Returns:
        (N, 32, 32) in [0, 1]: half a pixel inside the outline is 1, half a pixel outside is 0.
    """
    shape, scale, angle, x, y = (column[:, None, None] for column in factors.T[:5])
    centres = np.arange(SIZE) + 0.5
    right, up = centres[None, None, :] - x, y - centres[None, :, None]
    u = right * np.cos(angle) + up * np.sin(angle)
    v = up * np.cos(angle) - right * np.sin(angle)
    distance = np.empty(np.broadcast_shapes(u.shape, v.shape))
    for kind, outline in enumerate((_rectangle, _ellipse, _triangle, _heart)):
        mine = shape[:, 0, 0] == kind
        distance[mine] = outline(u[mine], v[mine], scale[mine])
    cover: NDArray[np.float64] = np.clip(0.5 - distance, 0, 1)
    return cover


_Field = Any  # float64 array, (n, 32, 32) or (n, 1, 1)


def _rectangle(u: _Field, v: _Field, r: _Field) -> _Field:
    """Signed distance in pixels to the outline, as are those below: 2 wide and 1 high, corners at distance r."""
    return np.maximum(np.abs(u) - r * (2 / np.sqrt(5)), np.abs(v) - r / np.sqrt(5))


def _ellipse(u: _Field, v: _Field, r: _Field) -> _Field:
    """Half as high as wide; the distance is of first order, which is exact enough within a pixel of the outline."""
    near = np.hypot(u / r, v / (r / 2))
    slope = np.hypot(u / r**2, v / (r / 2) ** 2)
    return near * (near - 1) / np.maximum(slope, 1e-9)


def _triangle(u: _Field, v: _Field, r: _Field) -> _Field:
    """Isosceles, tip up at (0, r), the other corners at distance r, too."""
    half, base = 0.6 * r, -0.8 * r
    length = np.hypot(half, r - base)
    side = (np.abs(u) * (r - base) + (v - r) * half) / length
    return np.maximum(side, base - v)


def _heart(u: _Field, v: _Field, r: _Field) -> _Field:
    """A square on its tip, which is at distance r, and a half disc on each of its upper sides."""
    a = (0.75 / np.sqrt(2)) * r  # half a side of the square
    v = v + 0.25 * r  # the centre of the heart is above that of the square
    p, q = (u + v) / np.sqrt(2), (v - u) / np.sqrt(2)
    square = np.maximum(np.abs(p), np.abs(q)) - a
    discs = np.minimum(np.hypot(p - a, q), np.hypot(p, q - a)) - a
    return np.minimum(square, discs)


def _rgb(hue: _Field) -> _Field:
    """(N,) hues to (N, 3) saturated colours."""
    return np.clip(np.abs((hue[:, None] * 6 + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)


def load(request: Request, *, colour: bool) -> ImageSet:
    """Load the standard sprites: 10,000 from seed 0 for training, 2,000 from seed 1 for tests."""
    drawn = make_sprites(COUNTS[request.part], _SEEDS[request.part], colour=colour)
    return request.answer(
        resize_all(drawn.images, request.image_size, request.channels),
        drawn.factors[:, 0],  # type: ignore[arg-type]
        SHAPES,
        hashlib.sha256(drawn.images.tobytes()).hexdigest(),
        factors=drawn.factors,
        factor_names=drawn.factor_names,
    )
