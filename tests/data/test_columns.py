import logging

import numpy as np
import pytest
from PIL import Image

from esvae_core.data import columns as reader
from esvae_core.data import load
from esvae_core.errors import CorruptDataError

from .made import picture_bytes


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pictures"
    for name in ("a", "b"):
        (root / name).mkdir(parents=True)
    for k in range(12):
        picture = Image.new("L", (9, 9), 20 * k)
        (root / ("a" if k % 2 else "b") / f"{k}.png").write_bytes(picture_bytes(picture))
    return root


def noted(folder, text):
    (folder / "attributes.csv").write_text(text, encoding="utf-8")
    return load(f"folder:{folder}", "train", image_size=9, channels=1)


def test_columns_of_numbers_and_words(folder):
    rows = "".join(f"{'a' if k % 2 else 'b'}/{k}.png,{k / 2},{'odd' if k % 2 else 'even'}\n" for k in range(11))
    train = noted(folder, "\ufefffile, level ,parity\n" + rows + "gone.png,7,odd\n")
    assert train.skipped == ()
    level = train.images[:, 0, 4, 4] / 20
    known = level < 11  # the last picture has no row
    assert not known.all()
    assert np.array_equal(train.columns["level"][known], level[known] / 2)
    assert np.isnan(train.columns["level"][~known]).all()
    words = np.where(known, np.where(level % 2 == 1, "odd", "even"), "")
    assert np.array_equal(train.columns["parity"], words)


def test_the_column_of_files_may_be_any(folder):
    train = noted(folder, "n,file\n" + "".join(f"{k},a\\{k}.png\n" for k in range(1, 12, 2)))
    level = train.images[:, 0, 4, 4] / 20
    assert np.array_equal(train.columns["n"][level % 2 == 1], level[level % 2 == 1])
    assert list(train.columns) == ["n"]


def test_free_text_is_left_out(folder, caplog, monkeypatch):
    monkeypatch.setattr(reader, "MAX_WORDS", 3)
    with caplog.at_level(logging.WARNING):
        train = noted(folder, "file,story\n" + "".join(f"b/{k}.png,once {k}\n" for k in range(0, 12, 2)))
    assert not train.columns
    assert "column 'story' left out" in caplog.text


def test_pictures_stay_the_same_source(folder):
    before = load(f"folder:{folder}", "train", image_size=9, channels=1)
    assert noted(folder, "file,n\n0.png,1\n").sha256 == before.sha256


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a line of 2 to 64 column names"),
        ("file\n", "expected a line of 2 to 64 column names"),
        ("file," + ",".join(map(str, range(64))) + "\n", "found 65"),
        ("file,n,n\n", "column name 'n'"),
        ("file,\n", "column name ''"),
        ("file,a\u202eb\n", "column name"),
        ("file," + "x" * 41 + "\n", "1 to 40 characters"),
        ("file,n\n0.png\n", "row 2: expected 2 cells, found 1"),
        ('file,n\n0.png,"1\n', "comma-separated"),
    ],
)
def test_bad_tables_are_one_line(folder, text, words):
    with pytest.raises(CorruptDataError, match=words) as caught:
        noted(folder, text)
    assert "\n" not in str(caught.value)
    assert "attributes.csv" in str(caught.value)


def test_bytes_that_are_no_text(folder):
    (folder / "attributes.csv").write_bytes(b"file,n\n\xff\xfe\n")
    with pytest.raises(CorruptDataError, match="comma-separated"):
        load(f"folder:{folder}", "train", image_size=9, channels=1)


def test_a_large_table_is_refused(folder, monkeypatch):
    monkeypatch.setattr(reader, "MAX_BYTES", 20)
    with pytest.raises(CorruptDataError, match="at most 20 bytes"):
        noted(folder, "file,n\n" + "0.png,1\n" * 10)


def test_infinite_numbers_are_words(folder):
    assert noted(folder, "file,n\nb/0.png,inf\nb/2.png,1\n").columns["n"].dtype.kind == "U"
