"""The file of test images beside checkpoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from esvae_core.data import ImageSet
from esvae_core.errors import CorruptDataError, InputError
from esvae_core.explore.atlas import build
from esvae_core.explore.original_images import beside, has_originals, originals_of, save


@pytest.fixture(scope="module")
def digits():
    pixels = np.random.default_rng(1).integers(0, 256, (40, 1, 16, 16), dtype=np.uint8)
    return ImageSet(pixels, np.arange(40) % 2, ("x", "y"), "mnist", "test", "e" * 64, np.arange(40))


@pytest.fixture(scope="module")
def atlas(model, digits):
    return build(model, digits, count=25)


def test_images_come_back_in_the_order_of_the_atlas(tmp_path, atlas, digits):
    checkpoint = tmp_path / "mine.safetensors"
    path = beside(checkpoint, "mnist", 16)
    assert path.name == "mnist-16.originals.npz"
    assert originals_of(atlas, checkpoint, 16, 1) is None
    save(path, digits, atlas)
    assert has_originals(atlas, checkpoint, 16)
    found = originals_of(atlas, checkpoint, 16, 1)
    assert np.array_equal(found, digits.images[atlas.indices].transpose(0, 2, 3, 1))
    fewer = replace(atlas, indices=atlas.indices[::-1])
    assert np.array_equal(originals_of(fewer, checkpoint, 16, 1), found[::-1])


def test_other_data_has_none(tmp_path, atlas, digits):
    checkpoint = tmp_path / "mine.safetensors"
    save(beside(checkpoint, "mnist", 16), digits, atlas)
    missing = next(n for n in range(40) if n not in atlas.indices)
    for other in (
        replace(atlas, dataset_sha256="0" * 64),
        replace(atlas, dataset="../mnist"),
        replace(atlas, indices=np.where(np.arange(25) == 3, missing, atlas.indices)),
    ):
        assert not has_originals(other, checkpoint, 16)
        assert originals_of(other, checkpoint, 16, 1) is None


def test_what_may_not_be_redistributed_is_not_written(tmp_path, atlas, digits):
    path = tmp_path / "cifar10-16.originals.npz"
    with pytest.raises(InputError, match="cifar10: its images may not be redistributed"):
        save(path, replace(digits, name="cifar10"), atlas)
    with pytest.raises(InputError, match="expected the data that the atlas was built of"):
        save(path, replace(digits, sha256="0" * 64), atlas)
    assert not path.exists()


def test_damaged_ones_are_said(tmp_path, atlas, digits):
    checkpoint = tmp_path / "mine.safetensors"
    path = beside(checkpoint, "mnist", 16)
    save(path, digits, atlas)
    with np.load(path) as parts:
        whole = dict(parts)
    for damage, words in (
        ({"images": whole["images"][:, :8]}, "expected bytes of 16 x 16 pixels"),
        ({"images": whole["images"][:3]}, "3 images"),
        ({"indices": whole["indices"][::-1]}, "expected rising numbers"),
        ({"about": np.frombuffer(b"{}", np.uint8)}, "expected originals written by esvae"),
    ):
        np.savez(path, **whole | damage)
        with pytest.raises(CorruptDataError, match=words):
            originals_of(atlas, checkpoint, 16, 1)
    path.write_bytes(b"PK")
    with pytest.raises(CorruptDataError, match="expected originals written by esvae"):
        has_originals(atlas, checkpoint, 16)
