"""Images of your own: arrays, torch data sets, .npz files, and CIFAR-10's binary form."""

from __future__ import annotations

import io
import logging
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image

from esvae_core.data import ImageSet, load
from esvae_core.data.cifar import BINARY_FILE, BINARY_FOLDER, TRAIN_BATCHES, read
from esvae_core.errors import CorruptDataError, DataError, MissingDataError

from .made import picture_bytes

BYTES = np.random.default_rng(0).integers(0, 256, (30, 9, 12, 3), dtype=np.uint8)


# ---- arrays ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x,
        lambda x: x.transpose(0, 3, 1, 2),
        lambda x: x / 255,
        lambda x: (x / 255).astype(np.float32),
        lambda x: torch.from_numpy(x.transpose(0, 3, 1, 2).copy()),
        lambda x: x.astype(np.int64).tolist(),
    ],
)
def test_every_usual_form_gives_the_same_bytes(form):
    assert np.array_equal(ImageSet.from_arrays(form(BYTES)).images, BYTES.transpose(0, 3, 1, 2))


def test_gray_images_need_no_axis_and_labels_may_be_words():
    own = ImageSet.from_arrays(BYTES[..., 0], ["b", "a"] * 15)
    assert own.images.shape == (30, 1, 9, 12)
    assert (own.class_names, own.labels[:2].tolist()) == (("a", "b"), [1, 0])
    numbered = ImageSet.from_arrays(BYTES, np.arange(30) % 3)
    assert numbered.class_names == ("0", "1", "2")


def test_the_hash_follows_content_and_labels():
    one = ImageSet.from_arrays(BYTES, [0] * 30).sha256
    assert ImageSet.from_arrays(BYTES.copy()).sha256 == one
    assert ImageSet.from_arrays(BYTES, [0, 1] * 15).sha256 != one
    assert ImageSet.from_arrays(BYTES[::-1]).sha256 != one


def test_resizing_crops_to_the_centre_square():
    stripes = np.zeros((1, 8, 12), np.uint8)
    stripes[:, :, :2] = stripes[:, :, 10:] = 255  # left and right of the square in the middle
    assert ImageSet.from_arrays(stripes).resized(4, 3).images.tolist() == np.zeros((1, 3, 4, 4)).tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.full((2, 5, 5), np.inf)}, "inf to inf"),
        ({"images": np.zeros((2, 5, 5, 5))}, r"found \(2, 5, 5, 5\)"),
        ({"images": np.zeros((0, 5, 5))}, r"found \(0, 5, 5\)"),
        ({"images": np.full((2, 5, 5), 1.5)}, "float64 1.5 to 1.5"),
        ({"images": np.full((2, 5, 5), np.nan)}, "nan"),
        ({"images": np.full((2, 5, 5), -1)}, "int64 -1 to -1"),
        ({"images": np.full((2, 5, 5), "a")}, "found <U1"),
        ({"images": BYTES, "labels": [0]}, "expected 30 class numbers or names"),
        ({"images": BYTES, "labels": [-1] * 30}, "found -1 to -1"),
        ({"images": BYTES, "labels": [5] * 30, "class_names": ["a"]}, "expected 0 to 0, found 5 to 5"),
        ({"images": BYTES, "labels": [10**9] * 30}, "found 1000000000 to"),
        ({"images": BYTES, "factors": np.zeros((30, 2)), "factor_names": ["x"]}, "1 names"),
        ({"images": BYTES, "factors": np.full((30, 1), np.inf), "factor_names": ["x"]}, "finite"),
    ],
)
def test_other_arrays_are_refused_in_one_line(arguments, message):
    with pytest.raises(DataError, match=message) as caught:
        ImageSet.from_arrays(**arguments)
    assert "\n" not in str(caught.value)


def test_a_torch_data_set_of_pillow_images():
    pictures = [(Image.fromarray(pixels), i % 2) for i, pixels in enumerate(BYTES)]
    own = ImageSet.from_dataset(pictures, class_names=["even", "odd"], name="mine")
    assert np.array_equal(own.images, BYTES.transpose(0, 3, 1, 2))
    assert (own.name, own.labels[:3].tolist()) == ("mine", [0, 1, 0])
    assert ImageSet.from_dataset([image for image, _ in pictures]).class_names == ("0",)
    with pytest.raises(DataError, match="images of one size"):
        ImageSet.from_dataset([Image.new("L", (4, 4)), Image.new("L", (4, 5))])


# ---- npz:FILE --------------------------------------------------------------------------------------------------------


def test_an_npz_file_has_splits_labels_and_factors(tmp_path):
    factors = np.arange(60.0).reshape(30, 2)
    path = tmp_path / "mine.npz"
    np.savez(path, images=BYTES, labels=["a", "b"] * 15, factors=factors, factor_names=["x", "y"], more=[1])
    parts = [load(f"npz:{path}", split, image_size=9) for split in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [23, 2, 5]
    assert sorted(value for part in parts for value in part.factors[:, 0]) == factors[:, 0].tolist()
    for part in parts:
        assert part.name == "npz:mine.npz"
        assert (part.class_names, part.factor_names) == (("a", "b"), ("x", "y"))
        rows = (part.factors[:, 0] / 2).astype(int)
        assert np.array_equal(part.images, BYTES[rows, :, 1:10].transpose(0, 3, 1, 2))  # height 9: the square inside
        assert np.array_equal(part.labels, rows % 2)


def test_an_npz_file_may_say_which_images_are_for_the_test(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez_compressed(path, images=BYTES[..., 0], test=np.arange(30) < 4)
    test = load(f"npz:{path}", "test", image_size=9, channels=1)
    assert np.array_equal(test.images[:, 0], BYTES[:4, :, 1:10, 0])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"pictures": BYTES}, "found none of that name"),
        ({"images": np.array([{}], object)}, "Object arrays"),
        ({"images": BYTES, "test": np.zeros(30)}, "expected 30 booleans"),
    ],
)
def test_other_npz_files_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(CorruptDataError, match=message):
        load(f"npz:{tmp_path / 'mine.npz'}", "train")


@pytest.mark.parametrize("name", ["npz:", "npz:/no/such.npz", "npz:" + "x" * 5000])
def test_no_such_npz_file(name):
    with pytest.raises(MissingDataError, match="no such file"):
        load(name, "train")


def test_a_file_that_is_no_npz_is_refused(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(CorruptDataError, match=r"expected an \.npz file"):
        load(f"npz:{tmp_path / 'mine.npz'}", "train")


# ---- CIFAR-10's binary archive ---------------------------------------------------------------------------------------


def binary_members():
    rng = np.random.default_rng(2)
    rows = {f"{name}.bin": rng.integers(0, 256, (10, 3073), dtype=np.uint8) for name in (*TRAIN_BATCHES, "test_batch")}
    for values in rows.values():
        values[:, 0] %= 10
    return rows


def binary_archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"{BINARY_FOLDER}/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_the_binary_archive_and_its_folder_are_read_in_order(tmp_path):
    members = binary_members()
    wanted = np.concatenate([members[f"{name}.bin"] for name in TRAIN_BATCHES])
    packed = binary_archive(tmp_path / BINARY_FILE, {name: rows.tobytes() for name, rows in members.items()})
    folder = tmp_path / BINARY_FOLDER
    folder.mkdir()
    for name, rows in members.items():
        (folder / name).write_bytes(rows.tobytes())
    for place in (packed, folder):
        images, labels = read(place, TRAIN_BATCHES)
        assert np.array_equal(images.reshape(50, 3072), wanted[:, 1:])
        assert np.array_equal(labels, wanted[:, 0])


def test_load_takes_the_binary_archive_where_the_python_one_is_not(tmp_path):
    with pytest.raises(MissingDataError, match=r"cifar-10-python\.tar\.gz or cifar-10-binary\.tar\.gz"):
        load("cifar10", "test", data_dir=tmp_path, download=False)
    rows = binary_members()
    binary_archive(tmp_path / BINARY_FILE, {name: values.tobytes() for name, values in rows.items()})
    with pytest.raises(CorruptDataError, match="c4a38c50a1bc5f3a"):
        load("cifar10", "test", data_dir=tmp_path, download=False)
    test = load("cifar10", "test", data_dir=tmp_path, download=False, accept_other_hash=True)
    assert np.array_equal(test.images.reshape(10, 3072), rows["test_batch.bin"][:, 1:])


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "rows of 3073 bytes"), (b"x" * 3074, "rows of 3073 bytes"), (b"\x0a" * 3073, "not 0 to 9")],
)
def test_binary_batches_of_another_form_are_refused(tmp_path, content, message):
    path = binary_archive(tmp_path / BINARY_FILE, {"test_batch.bin": content})
    with pytest.raises(CorruptDataError, match=message):
        read(path, ("test_batch",))


# ---- what was skipped ------------------------------------------------------------------------------------------------


def pictures_and_notes(root):
    (root / "cats").mkdir(parents=True)
    for k in range(12):
        (root / "cats" / f"{k}.png").write_bytes(picture_bytes(Image.new("L", (8, 8), 20 * k)))
        (root / "cats" / f"{k}.txt").write_text("a note")
    return root


def test_skipped_files_are_said_once_for_all_splits(tmp_path, caplog):
    root = pictures_and_notes(tmp_path / "once")
    with caplog.at_level(logging.WARNING, logger="esvae_core"):
        for split in ("train", "validation", "test"):
            load(f"folder:{root}", split, image_size=8)
    said = [record.message for record in caplog.records]
    assert len(said) == 1
    assert "12 files skipped: cats/0.txt" in said[0]
    assert said[0].endswith("| ... (--verbose lists all)")


def test_with_info_all_skipped_files_are_listed(tmp_path, caplog):
    root = pictures_and_notes(tmp_path / "whole")
    with caplog.at_level(logging.INFO, logger="esvae_core"):
        load(f"folder:{root}", "train", image_size=8)
    listed = [record.message for record in caplog.records if ".txt" in record.message]
    assert len(listed) == 12
