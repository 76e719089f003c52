"""Tensors to pictures, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from esvae_core.bitmap_font import written
from esvae_core.errors import InputError
from esvae_core.pictures import grid, sheet, to_uint8


def test_values_are_rounded_and_clamped():
    values = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0, 1 / 127.5 - 1]).view(1, 1, 1, 6)
    assert to_uint8(values).ravel().tolist() == [0, 0, 128, 255, 255, 1]


def test_bytes_survive_the_way_to_floats_and_back():
    pixels = torch.arange(256, dtype=torch.float32).view(1, 1, 16, 16)
    assert to_uint8(pixels / 127.5 - 1).ravel().tolist() == list(range(256))


def test_channels_come_last():
    images = torch.stack([torch.full((4, 5), value) for value in (-1.0, 0.0, 1.0)])[None]
    assert to_uint8(images).shape == (1, 4, 5, 3)
    assert to_uint8(images)[0, 2, 3].tolist() == [0, 128, 255]


def test_a_grid_fills_row_by_row_on_white():
    images = torch.stack([torch.full((1, 2, 3), value) for value in (-1.0, 0.0, 1 / 127.5 - 1)])
    found = np.asarray(grid(images, 2, gap=1))
    assert found.shape == (5, 7)
    assert found[:2, :3].tolist() == [[0] * 3] * 2
    assert found[:2, 4:].tolist() == [[128] * 3] * 2
    assert found[3:, :3].tolist() == [[1] * 3] * 2
    assert bool((found[2] == 255).all())
    assert bool((found[:, 3] == 255).all())
    assert bool((found[3:, 4:] == 255).all())  # no fourth picture


@pytest.mark.parametrize(
    ("count", "columns", "size"), [(1, None, (4, 4)), (5, None, (16, 10)), (3, 10, (16, 4)), (4, 1, (4, 22))]
)
def test_columns(count, columns, size):
    assert grid(torch.zeros(count, 1, 4, 4), columns).size == size


def test_scale_repeats_pixels():
    image = torch.rand(1, 3, 4, 4) * 2 - 1
    small, large = np.asarray(grid(image)), np.asarray(grid(image, scale=3))
    np.testing.assert_array_equal(large, small.repeat(3, 0).repeat(3, 1))


@pytest.mark.parametrize(("count", "options"), [(0, {}), (1, {"columns": 0}), (1, {"gap": -1}), (1, {"scale": 0})])
def test_what_makes_no_picture_is_refused(count, options):
    with pytest.raises(InputError, match="expected"):
        grid(torch.zeros(count, 1, 4, 4), **options)


def test_a_caption_is_written_below_each_picture():
    found = sheet(np.full((3, 8, 9, 1), 7, np.uint8), 2, gap=1, captions=("ab", "long words", ""))[..., 0]
    assert found.shape == (2 * 15 + 1, 2 * 9 + 1)
    first, second = found[8:15, :9], found[8:15, 10:]
    assert np.array_equal(first[1:6, 1:8] == 0, written("ab"))  # in the middle
    assert np.array_equal(second[1:6, 1:8] == 0, written("lo"))  # cut to the width
    assert (first == 0).sum() == written("ab").sum()
    assert (found[24:31] == 255).all()


def test_a_sheet_is_scaled_with_its_captions():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 9, 3), np.uint8)
    small, large = (sheet(pixels, 2, scale=scale, captions=("x", "y")) for scale in (1, 3))
    assert np.array_equal(large, small.repeat(3, 0).repeat(3, 1))
