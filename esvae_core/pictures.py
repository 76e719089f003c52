"""Tensors to pictures: single images and grids."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from esvae_core import bitmap_font
from esvae_core.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

CAPTION = bitmap_font.HEIGHT + 2  # rows of white with a line of letters in it


def in_colours(images: Tensor) -> Tensor:
    """Images (N, C, H, W) in [-1, 1] in gray or colour; of two channels, the polarities of events, red and blue.

    Red is where it became brighter, blue where it became darker.
    """
    if images.shape[1] != 2:
        return images
    colours = images[:, [1, 1, 0]]  # a copy; channel 0 holds where it became darker
    colours[:, 1] = -1
    return colours


def to_uint8(images: Tensor | NDArray[np.float32]) -> NDArray[np.uint8]:
    """(N, C, H, W) in [-1, 1] -> (N, H, W, C) bytes, 127.5 (x + 1) rounded to nearest, halves to even."""
    values = images if isinstance(images, np.ndarray) else images.detach().float().cpu().numpy()
    scaled = np.rint((values.clip(-1, 1) + np.float32(1)) * np.float32(127.5))
    return np.ascontiguousarray(scaled.transpose(0, 2, 3, 1)).astype(np.uint8)


def to_picture(pixels: NDArray[np.uint8], scale: int = 1) -> Image.Image:
    """(H, W, 1 or 3) bytes -> a Pillow image, every pixel `scale` times as wide and high."""
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def sheet(
    pixels: NDArray[np.uint8], columns: int, *, gap: int = 2, scale: int = 1, captions: Sequence[str] = ()
) -> NDArray[np.uint8]:
    """(N, H, W, C) pictures -> one (height, width, C), row by row, on white; as `web/formats/image_grid.js` does.

    Args:
        pixels: at least one.
        columns: pictures per row.
        gap: white pixels between pictures, before scaling.
        scale: every pixel becomes scale x scale.
        captions: one line below each picture, cut to its width; none if there are none.
    """
    count, height, width, channels = pixels.shape
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    tall = height + (CAPTION if captions else 0)
    out = np.full((rows * (tall + gap) - gap, columns * (width + gap) - gap, channels), 255, np.uint8)
    for i, tile in enumerate(pixels):
        top, left = i // columns * (tall + gap), i % columns * (width + gap)
        out[top : top + height, left : left + width] = tile
        text = captions[i][: (width + 1) // bitmap_font.WIDTH] if i < len(captions) else ""
        if text:
            ink = bitmap_font.written(text)
            top, left = top + height + 1, left + (width - ink.shape[1]) // 2
            out[top : top + bitmap_font.HEIGHT, left : left + ink.shape[1]][ink] = 0
    return out.repeat(scale, axis=0).repeat(scale, axis=1)


def grid(images: Tensor, columns: int | None = None, *, gap: int = 2, scale: int = 1) -> Image.Image:
    """(N, C, H, W) images in [-1, 1] -> one picture, row by row, on white.

    Args:
        images: at least one.
        columns: pictures per row; about a square unless given.
        gap: white pixels between pictures, before scaling.
        scale: every pixel becomes scale x scale.

    Raises:
        InputError: if there is no image, or columns, gap or scale are out of range.
    """
    if not len(images) or (columns is not None and columns < 1) or gap < 0 or scale < 1:
        raise InputError("grid: expected at least one image, columns >= 1, gap >= 0 and scale >= 1")
    return to_picture(sheet(to_uint8(images), columns or about_square(len(images)), gap=gap, scale=scale))


def film_strips(recordings: Tensor, *, scale: int = 1) -> Image.Image:
    """(N, T, C, H, W) recordings in [-1, 1] -> one picture, a row of frames each, on white; C as for `in_colours`."""
    return grid(in_colours(recordings.flatten(0, 1)), recordings.shape[1], scale=scale)


def about_square(count: int) -> int:
    """Columns of a grid of that many pictures that is as high as wide, or a little less."""
    return math.ceil(math.sqrt(count))
