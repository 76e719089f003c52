"""`huggingface:FOLDER`: data sets that `datasets` saved to disk, and parquet files as on the Hub."""

from __future__ import annotations

import json

import numpy as np
import pytest

from esvae_core.data import load
from esvae_core.errors import CorruptDataError, DataError, MissingDataError

from .made import picture_bytes, save_hub_data

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 12, 12, 3), dtype=np.uint8)
PICTURES = [picture_bytes(pixels) for pixels in PIXELS]
LABELS = [i % 2 for i in range(30)]


def every(folder, **options):
    parts = [
        load(f"huggingface:{folder}", split, image_size=12, **options) for split in ("train", "validation", "test")
    ]
    return parts, np.concatenate([part.images for part in parts])


@pytest.mark.parametrize("parquet", [False, True])
def test_images_labels_and_other_columns_are_read(tmp_path, parquet):
    ages = [None if i == 7 else i / 2 for i in range(30)]
    words = ["old" if i > 15 else None for i in range(30)]
    save_hub_data(tmp_path / "set", PICTURES, LABELS, parquet=parquet, age=ages, kind=words, nested=[[1, 2]] * 30)
    parts, images = every(tmp_path / "set")
    assert [len(part) for part in parts] == [23, 2, 5]
    assert np.array_equal(images[np.lexsort(images.reshape(30, -1).T)], sorted_images())
    for part in parts:
        assert (part.name, part.class_names) == ("huggingface:set", ("no", "yes"))
        rows = [int(np.flatnonzero((PIXELS.transpose(0, 3, 1, 2) == image).all((1, 2, 3)))[0]) for image in part.images]
        assert part.labels.tolist() == [LABELS[row] for row in rows]
        np.testing.assert_array_equal(part.columns["age"], [np.nan if row == 7 else row / 2 for row in rows])
        assert part.columns["kind"].tolist() == ["old" if row > 15 else "" for row in rows]
        assert set(part.columns) == {"age", "kind"}


def sorted_images():
    images = PIXELS.transpose(0, 3, 1, 2)
    return images[np.lexsort(images.reshape(30, -1).T)]


def test_its_own_test_split_is_the_test_split(tmp_path):
    save_hub_data(tmp_path / "set/train", PICTURES[:20], LABELS[:20])
    save_hub_data(tmp_path / "set/test", PICTURES[20:], LABELS[20:])
    (tmp_path / "set/dataset_dict.json").write_text('{"splits": ["train", "validation", "test"]}')
    parts, _ = every(tmp_path / "set")
    assert [len(part) for part in parts] == [18, 2, 10]
    assert np.array_equal(parts[2].images, PIXELS[20:].transpose(0, 3, 1, 2))


def test_parquet_files_are_sorted_into_splits_by_their_names(tmp_path):
    for split, rows in (("train", slice(0, 20)), ("test", slice(20, 26)), ("validation", slice(26, 30))):
        save_hub_data(tmp_path / "set", PICTURES[rows], LABELS[rows], parquet=True)
        (tmp_path / "set/data").mkdir(exist_ok=True)
        (tmp_path / "set/train-00000-of-00001.parquet").rename(tmp_path / f"set/data/{split}-00000-of-00001.parquet")
    parts, _ = every(tmp_path / "set")
    assert [len(part) for part in parts] == [18, 2, 6]


@pytest.mark.parametrize(
    ("labels", "names", "classes"),
    [
        ([10, 2] * 15, (), ("2", "10")),
        (["cat", "ape"] * 15, (), ("ape", "cat")),
        ([-1, 1] * 15, ("no", "yes"), ("no", "yes", "unlabelled")),
        ([None] * 30, (), ("huggingface:set",)),
    ],
)
def test_classes_by_any_kind_of_label(tmp_path, labels, names, classes):
    save_hub_data(tmp_path / "set", PICTURES, labels, names=names)
    parts, _ = every(tmp_path / "set")
    assert parts[0].class_names == classes
    said = ["unlabelled" if label == -1 else names[label] if names else str(label) for label in labels]
    for part in parts:
        rows = [int(np.flatnonzero((PIXELS.transpose(0, 3, 1, 2) == image).all((1, 2, 3)))[0]) for image in part.images]
        if labels[0] is not None:
            assert [classes[label] for label in part.labels] == [said[row] for row in rows]


def test_pictures_that_cannot_be_read_are_left_out(tmp_path, caplog):
    save_hub_data(tmp_path / "set", [*PICTURES[:28], b"no picture", None], LABELS)
    parts, _ = every(tmp_path / "set")
    assert sum(map(len, parts)) == 28
    assert "row 28: not a known picture format" in caplog.text
    save_hub_data(tmp_path / "none", [None] * 30, LABELS)
    with pytest.raises(DataError, match=r"none of its images can be read: row 0"):
        load(f"huggingface:{tmp_path / 'none'}", "train")


def test_what_is_no_such_data_set_is_refused(tmp_path):
    folder = tmp_path / "set"
    name = f"huggingface:{folder}"
    with pytest.raises(MissingDataError, match=r"no such folder; expected huggingface:PATH"):
        load(name, "train")
    folder.mkdir()
    with pytest.raises(DataError, match=r"expected a data set as save_to_disk writes it"):
        load(name, "train")
    save_hub_data(folder, PICTURES, [5] * 30)
    with pytest.raises(CorruptDataError, match=r"label '5': expected 0 to 1"):
        load(name, "train")
    (folder / "data-00000-of-00001.arrow").write_bytes(b"nonsense")
    with pytest.raises(CorruptDataError, match=r"data-00000-of-00001\.arrow: expected a table of Apache Arrow"):
        load(name, "train")
    for content in ("[]", "{", '{"_data_files": [{"filename": "../../else.arrow"}]}', '{"_data_files": [7]}'):
        (folder / "state.json").write_text(content)
        with pytest.raises(CorruptDataError, match=r"expected"):
            load(name, "train")


def test_a_table_without_images_is_refused(tmp_path):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"text": ["a"], "label": [0]})
    with pa.ipc.new_stream(tmp_path / "data.arrow", table.schema) as stream:
        stream.write_table(table)
    (tmp_path / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data.arrow"}]}))
    with pytest.raises(DataError, match=r"expected a column of images, found text, label"):
        load(f"huggingface:{tmp_path}", "train")
