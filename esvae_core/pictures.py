"""Tensors to pictures: single images and grids."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from esvae_core.errors import InputError


def to_uint8(images: Tensor) -> NDArray[np.uint8]:
    """(N, C, H, W) in [-1, 1] -> (N, H, W, C) bytes, 127.5 (x + 1) rounded to nearest."""
    scaled = ((images.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round()
    return scaled.permute(0, 2, 3, 1).contiguous().numpy().astype(np.uint8)


def to_picture(pixels: NDArray[np.uint8], scale: int = 1) -> Image.Image:
    """(H, W, 1 or 3) bytes -> a Pillow image, every pixel `scale` times as wide and high."""
    picture = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


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
    pixels = to_uint8(images)
    count, height, width, channels = pixels.shape
    columns = min(columns or math.ceil(math.sqrt(count)), count)
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, np.uint8)
    for i, tile in enumerate(pixels):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    return to_picture(sheet, scale)
