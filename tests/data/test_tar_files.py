"""`tar:PATH`: pictures in tar files, as WebDataset lays them out."""

from __future__ import annotations

import gzip
import io
import tarfile

import numpy as np
import pytest

from esvae_core.data import load
from esvae_core.data.streamed import Share
from esvae_core.data.tar_files import stream
from esvae_core.errors import CorruptDataError, DataError, MissingDataError

from .made import picture_bytes

PIXELS = np.random.default_rng(3).integers(0, 256, (24, 12, 12, 3), dtype=np.uint8)


def save_tar(path, members):
    """A tar file of (name, content) pairs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def samples(rows, label=lambda row: "ab"[row % 2]):
    for row in rows:
        yield f"{row:04d}.png", picture_bytes(PIXELS[row])
        if label(row) is not None:
            yield f"{row:04d}.cls", label(row).encode()


def rows_of(images):
    return [int(np.flatnonzero((PIXELS.transpose(0, 3, 1, 2) == image).all((1, 2, 3)))[0]) for image in images]


def test_a_folder_of_shards_is_a_data_set(tmp_path):
    for k in range(3):
        save_tar(tmp_path / f"set/shard-{k}.tar", samples(range(8 * k, 8 * k + 8)))
    parts = [load(f"tar:{tmp_path / 'set'}", split, image_size=12) for split in ("train", "validation", "test")]
    assert [len(part) for part in parts] == [18, 2, 4]
    found = [rows_of(part.images) for part in parts]
    assert sorted(row for rows in found for row in rows) == list(range(24))
    for part, rows in zip(parts, found, strict=True):
        assert (part.name, part.class_names) == ("tar:set", ("a", "b"))
        assert part.labels.tolist() == [row % 2 for row in rows]


def test_folders_are_classes_where_no_label_lies_beside_a_picture(tmp_path):
    members = [(f"{'cat' if row % 2 else 'dog'}/{row}.PNG", picture_bytes(PIXELS[row])) for row in range(24)]
    save_tar(tmp_path / "one.tar", members)
    (tmp_path / "one.tar.gz").write_bytes(gzip.compress((tmp_path / "one.tar").read_bytes()))
    for name in ("one.tar", "one.tar.gz"):
        data = load(f"tar:{tmp_path / name}", "train", image_size=12)
        assert data.class_names == ("cat", "dog")
        assert data.labels.tolist() == [1 - row % 2 for row in rows_of(data.images)]


@pytest.mark.parametrize("shards", [1, 4])
@pytest.mark.parametrize("world", [1, 3])
def test_shares_are_the_whole_together(tmp_path, shards, world):
    for k in range(shards):
        save_tar(tmp_path / f"{k}.tar", samples(range(k, 24, shards)))
    found = [
        [name for piece in stream(str(tmp_path), Share(rank, world)) for name in piece.names] for rank in range(world)
    ]
    assert sorted(name for names in found for name in names) == sorted(
        f"{row % shards}.tar/{row:04d}" for row in range(24)
    )
    assert min(map(len, found)) >= 24 // (2 * world)


def test_what_is_no_picture_is_left_out(tmp_path, caplog):
    members = [*samples(range(20)), ("notes.txt", b"about"), ("bad.png", b"no picture"), ("bad.json", b"{}")]
    save_tar(tmp_path / "one.tar", members)
    parts = [load(f"tar:{tmp_path / 'one.tar'}", split, image_size=12) for split in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 20
    assert "one.tar/bad: not a known picture format" in caplog.text


def test_what_is_no_tar_file_is_refused(tmp_path):
    with pytest.raises(MissingDataError, match=r"no such file or folder; expected tar:PATH"):
        load(f"tar:{tmp_path / 'no.tar'}", "train")
    with pytest.raises(DataError, match=r"expected files that end in \.tar"):
        load(f"tar:{tmp_path}", "train")
    for content in (b"nonsense" * 100, b"", gzip.compress(b"x" * 5000)[:40]):
        (tmp_path / "bad.tar").write_bytes(content)
        with pytest.raises(CorruptDataError, match=r"bad\.tar: expected a tar file"):
            load(f"tar:{tmp_path / 'bad.tar'}", "train")
    save_tar(tmp_path / "bad.tar", [("notes.txt", b"about")])
    with pytest.raises(DataError, match=r"none of its files is a picture"):
        load(f"tar:{tmp_path / 'bad.tar'}", "train")
