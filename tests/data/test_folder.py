import logging

import numpy as np
import pytest
from PIL import Image

from esvae_core.data import load
from esvae_core.data.folder import files_below
from esvae_core.errors import DataError, MissingDataError

from .made import picture_bytes


@pytest.fixture
def pets(tmp_path):
    """Twelve cats (dark, 20x10) and twelve dogs (bright), a broken file and a note."""
    root = tmp_path / "pets"
    for name, level in (("cats", 20), ("dogs", 200)):
        (root / name / "more").mkdir(parents=True)
        for k in range(12):
            place = root / name / ("more" if k % 2 else "") / f"{k}.png"
            place.write_bytes(picture_bytes(Image.new("RGB", (20, 10), (level + k, 0, 0))))
    (root / "cats" / "broken.jpg").write_bytes(picture_bytes(Image.new("RGB", (20, 10)), "JPEG")[:-30])
    (root / "notes.txt").write_text("about pets")
    (root / ".DS_Store").write_bytes(b"hidden")
    return root


def test_folders_are_classes_and_bad_files_are_listed(pets, caplog):
    splits = {}
    for split in ("train", "validation", "test"):
        splits[split] = load(f"folder:{pets}", split, image_size=8)
    assert {name: len(part) for name, part in splits.items()} == {"train": 18, "validation": 2, "test": 4}
    train = splits["train"]
    assert train.name == "folder:pets"
    assert train.class_names == ("cats", "dogs")
    assert train.images.shape == (18, 3, 8, 8)
    for part in splits.values():
        assert np.array_equal(part.labels, part.images[:, 0, 0, 0] >= 200)
    levels = [level for part in splits.values() for level in part.images[:, 0, 4, 4].tolist()]
    assert sorted(levels) == [*range(20, 32), *range(200, 212)]
    assert [line.split(":")[0] for line in train.skipped] == ["cats/broken.jpg", "notes.txt"]
    warning = next(record for record in caplog.records if record.levelno == logging.WARNING)
    assert "2 files skipped: cats/broken.jpg: cannot be read" in warning.message


def test_without_folders_there_is_one_class(tmp_path):
    root = tmp_path / "flat"
    root.mkdir()
    for k in range(3):
        (root / f"{k}.png").write_bytes(picture_bytes(Image.new("L", (9, 9), k)))
    train = load(f"folder:{root}", "train", channels=1, image_size=8)
    assert train.class_names == ("flat",)
    assert train.labels.tolist() == [0]
    assert train.images.shape == (1, 1, 8, 8)


def test_the_same_folder_elsewhere_is_the_same_source_and_a_changed_one_is_not(pets, tmp_path):
    before = load(f"folder:{pets}", "train")
    moved = pets.rename(tmp_path / "moved")
    assert load(f"folder:{moved}", "train").sha256 == before.sha256
    for path in (moved / "cats").glob("*.png"):
        path.write_bytes(picture_bytes(Image.new("RGB", (5, 5), "blue")))
    after = load(f"folder:{moved}", "train")
    assert after.sha256 != before.sha256
    assert not np.array_equal(after.images, before.images)


def test_no_picture_and_no_folder(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"none of the 1 files in .* is a picture"):
        load(f"folder:{tmp_path}", "train")
    with pytest.raises(MissingDataError, match="no such folder; expected folder:PATH"):
        load(f"folder:{tmp_path / 'none'}", "train")
    with pytest.raises(MissingDataError, match="expected folder:PATH"):
        load("folder", "train")


def test_one_picture_is_too_few_for_three_splits(tmp_path):
    (tmp_path / "0.png").write_bytes(picture_bytes(Image.new("L", (9, 9))))
    assert len(load(f"folder:{tmp_path}", "train")) == 1
    with pytest.raises(DataError, match="no image for the test split"):
        load(f"folder:{tmp_path}", "test")


def test_a_picture_beside_the_classes_is_no_class_and_links_are_followed(pets):
    (pets / "birds").symlink_to("dogs", target_is_directory=True)
    (pets / "cats" / "circle").symlink_to("..", target_is_directory=True)
    (pets / "cats" / "self").symlink_to(".", target_is_directory=True)
    (pets / "stray.png").write_bytes(picture_bytes(Image.new("RGB", (20, 10), (250, 0, 0))))
    parts = [load(f"folder:{pets}", split, image_size=8) for split in ("train", "validation", "test")]
    assert parts[0].class_names == ("birds", "cats", "dogs")
    assert np.bincount(np.concatenate([part.labels for part in parts])).tolist() == [12, 12, 12]
    assert 250 not in np.concatenate([part.images for part in parts])
    assert parts[0].skipped[0] == "stray.png: left out, since it lies beside the folders of the classes"


def test_names_that_are_not_utf8_are_shown_by_their_codes(tmp_path):
    root = tmp_path / "pets\udcff"  # how Python names the byte FF
    for name, level in (("caf\udce9", 20), ("dogs", 200)):
        (root / name).mkdir(parents=True)
        for k in range(6):
            (root / name / f"{k}\udc80.png").write_bytes(picture_bytes(Image.new("RGB", (9, 9), (level, 0, 0))))
    for _ in range(2):  # the second time from the cache
        train = load(f"folder:{root}", "train", image_size=8)
        assert (train.name, train.class_names) == (r"folder:pets\udcff", (r"caf\udce9", "dogs"))
        assert len(train) == 9


@pytest.mark.parametrize("name", ["~nosuch/x", "a\0b", "\ud800", "x" * 5000, "y/" * 5000, "[/x]"])
def test_no_such_folder_whatever_its_name(name):
    with pytest.raises(MissingDataError, match="no such folder") as raised:
        load(f"folder:{name}", "train")
    assert str(raised.value).isprintable() or "\0" in name


@pytest.mark.linux
def test_a_link_to_itself_is_skipped(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("L", (8, 8)).save(tmp_path / name / "1.png")
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "self").symlink_to("self")
    assert sorted(files_below(tmp_path)) == ["a/1.png", "b/1.png"]
