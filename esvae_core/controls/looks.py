"""Attributes of pictures of things: gray ones as of Fashion-MNIST, and colour ones. Vectorised over images."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SHAPE_NAMES = ("area", "width", "height", "aspect", "brightness", "contrast", "symmetry", "texture")
COLOUR_NAMES = ("brightness", "contrast", "hue", "saturation", "edge density", "foreground")
_APART = 0.1  # difference from the ground, on a scale of 1, from which on a pixel belongs to the thing
_EDGE = 0.1  # change of brightness between neighbouring pixels, on a scale of 1, that is an edge
_GRAY = 0.02  # mean chroma below which a picture has no hue
_TRIMMED = 0.02  # share of the thing beyond each side of its box
_CHUNK = 1000

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]


def measure_shapes(images: NDArray[np.uint8]) -> F64:
    """(N, C, H, W) pictures of one thing each -> (N, 8) in the order of SHAPE_NAMES; NaN of an empty picture."""
    return _in_chunks(images, _shapes, len(SHAPE_NAMES))


def measure_colours(images: NDArray[np.uint8]) -> F64:
    """(N, C, H, W) pictures -> (N, 6) in the order of COLOUR_NAMES; hue is NaN of a gray picture."""
    return _in_chunks(images, _colours, len(COLOUR_NAMES))


def _in_chunks(images: NDArray[np.uint8], measure: Callable[[F32], F64], width: int) -> F64:
    parts = [
        measure(images[i : i + _CHUNK].astype(np.float32) / np.float32(255)) for i in range(0, len(images), _CHUNK)
    ]
    return np.concatenate(parts) if parts else np.empty((0, width))


def _shapes(x: F32) -> F64:
    gray, thing = x.mean(1), _foreground(x)
    size = thing.sum((1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        wide, high = _extent(thing.sum(1), size), _extent(thing.sum(2), size)
        mean = (gray * thing).sum((1, 2)) / size
        variance = ((gray - mean[:, None, None]) ** 2 * thing).sum((1, 2)) / size
        mirrored = gray[:, :, ::-1]
        both = thing | thing[:, :, ::-1]
        unlike = (np.abs(gray - mirrored) * both).sum((1, 2)) / ((gray + mirrored) * both).sum((1, 2))
        across, across_in = np.abs(np.diff(gray, axis=2)), thing[:, :, 1:] & thing[:, :, :-1]
        down, down_in = np.abs(np.diff(gray, axis=1)), thing[:, 1:] & thing[:, :-1]
        changes = (across * across_in).sum((1, 2)) + (down * down_in).sum((1, 2))
        texture = changes / (across_in.sum((1, 2)) + down_in.sum((1, 2)))
        columns = (size, wide, high, high / wide, mean, np.sqrt(variance), 1 - unlike, texture)
    values = np.stack(columns, axis=1).astype(np.float64)
    values[size == 0] = np.nan
    return values


def _colours(x: F32) -> F64:
    luma = _luma(x)
    colourful = x if x.shape[1] == 3 else np.repeat(x, 3, axis=1)
    chroma = colourful.max(1) - colourful.min(1)
    angle, strength = _hue(colourful)
    size = luma[0].size
    across, down = np.abs(np.diff(luma, axis=2))[:, 1:], np.abs(np.diff(luma, axis=1))[:, :, 1:]
    edges = np.hypot(across, down) > _EDGE
    columns = (
        luma.mean((1, 2)),
        luma.std((1, 2)),
        np.where(strength > _GRAY, angle, np.nan),
        chroma.sum((1, 2)) / np.maximum(colourful.max(1).sum((1, 2)), 1e-9),
        edges.mean((1, 2)),
        _foreground(x).sum((1, 2)) / size,
    )
    return np.stack(columns, axis=1).astype(np.float64)


def _luma(x: F32) -> F32:
    """(N, C, H, W) in [0, 1] -> (N, H, W), by ITU-R BT.601 as Pillow does."""
    if x.shape[1] != 3:
        return x.mean(1)  # type: ignore[no-any-return]
    luma: F32 = np.tensordot(x, np.array([0.299, 0.587, 0.114], np.float32), axes=(1, 0))
    return luma


def _hue(x: F32) -> tuple[F64, F64]:
    """Mean hue in degrees, each pixel with the weight of its chroma, and the length of that mean."""
    red, green, blue = x.transpose(1, 0, 2, 3)
    a = (2 * red - green - blue).mean((1, 2), dtype=np.float64) / 2
    b = np.sqrt(3) / 2 * (green - blue).mean((1, 2), dtype=np.float64)
    return np.degrees(np.arctan2(b, a)) % 360, np.hypot(a, b)


def _foreground(x: F32) -> Mask:
    """(N, H, W): where any channel is apart from the ground, which is the median of the picture's rim."""
    rim = np.concatenate([x[:, :, 0], x[:, :, -1], x[:, :, 1:-1, 0], x[:, :, 1:-1, -1]], axis=2)
    ground = np.median(rim, axis=2)[:, :, None, None]
    apart: Mask = (np.abs(x - ground) > _APART).any(1)
    return apart


def _extent(profile: NDArray[np.integer], size: NDArray[np.integer]) -> F64:
    """Pixels between the places where TRIMMED and 1 - TRIMMED of the thing are passed, linear within a pixel.

    Args:
        profile: (N, L) how much of the thing is in each column or row.
        size: (N,) its sum.
    """
    passed = np.concatenate([np.zeros((len(profile), 1)), np.cumsum(profile, axis=1)], axis=1) / size[:, None]
    ends = []
    for share in (_TRIMMED, 1 - _TRIMMED):
        before = np.clip((passed < share).sum(1) - 1, 0, profile.shape[1] - 1)
        rows = np.arange(len(profile))
        step = passed[rows, before + 1] - passed[rows, before]
        ends.append(before + np.clip((share - passed[rows, before]) / step, 0, 1))
    extent: F64 = (ends[1] - ends[0]) / (1 - 2 * _TRIMMED)
    return extent
