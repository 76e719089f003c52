import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from esvae_core.data import load
from esvae_core.data.idx import read
from esvae_core.errors import CorruptDataError

from .made import idx_bytes

reuse = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
arrays = st.integers(1, 3).flatmap(lambda ndim: hnp.arrays(np.uint8, hnp.array_shapes(min_dims=ndim, max_dims=ndim)))


@reuse
@given(values=arrays)
def test_what_was_written_is_read(tmp_path, values):
    path = tmp_path / "x.gz"
    path.write_bytes(idx_bytes(values))
    assert np.array_equal(read(path, values.ndim), values)


@reuse
@given(values=arrays, data=st.data())
def test_a_truncated_file_is_refused(tmp_path, values, data):
    whole = idx_bytes(values)
    path = tmp_path / "x.gz"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(CorruptDataError, match=r"x\.gz"):
        read(path, values.ndim)


@reuse
@given(garbage=st.binary(max_size=200), packed=st.booleans())
def test_garbage_is_refused(tmp_path, garbage, packed):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(garbage) if packed else garbage)
    with pytest.raises(CorruptDataError, match=r"x\.gz"):
        read(path, 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytes([0, 0, 8, 1, 0, 0, 0, 2, 5, 6, 7]), "more bytes after the header, expected 2"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 2, 5]), "1 bytes after the header, expected 2"),
        (bytes([0, 0, 8, 1, 255, 255, 255, 255]), "at most"),
        (bytes([0, 0, 13, 1, 0, 0, 0, 1, 5]), "starts with 00000d01, expected 00000801"),
        (bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5]), "starts with 00000802, expected 00000801"),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path, content, message):
    path = tmp_path / "x.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(CorruptDataError, match=message):
        read(path, 1)


def test_mnist_is_resized_by_pillows_bilinear_filter(mnist_dir):
    loaded = load("mnist", "test", data_dir=mnist_dir, accept_other_hash=True)
    raw = read(mnist_dir / "mnist" / "t10k-images-idx3-ubyte.gz", 3)
    wanted = [np.asarray(Image.fromarray(image).resize((32, 32), Image.Resampling.BILINEAR)) for image in raw]
    assert loaded.images.shape == (20, 1, 32, 32)
    assert np.array_equal(loaded.images[:, 0], wanted)
    assert loaded.labels.tolist() == [*range(10), *range(10)]


def test_labels_must_fit_images_and_classes(mnist_dir):
    path = mnist_dir / "mnist" / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(idx_bytes(np.zeros(19, np.uint8)))
    with pytest.raises(CorruptDataError, match="20 images but 19 labels"):
        load("mnist", "test", data_dir=mnist_dir, accept_other_hash=True)
    path.write_bytes(idx_bytes(np.full(20, 10, np.uint8)))
    with pytest.raises(CorruptDataError, match="label 10 found, expected 0 to 9"):
        load("mnist", "test", data_dir=mnist_dir, accept_other_hash=True)


def test_another_hash_is_refused_with_both_hashes_named(mnist_dir):
    path = mnist_dir / "mnist" / "train-images-idx3-ubyte.gz"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(CorruptDataError, match=f"{path}: SHA-256 {found}, expected 440fcabf"):
        load("mnist", "train", data_dir=mnist_dir)


def test_the_published_files(published_dir: Path):
    train, validation, test = (load("mnist", s, data_dir=published_dir) for s in ("train", "validation", "test"))
    assert (len(train), len(validation), len(test)) == (55_000, 5_000, 10_000)
    counts = np.bincount(train.labels) + np.bincount(validation.labels)
    assert counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize("packed", [True, False])
def test_files_are_found_where_torchvision_keeps_them(packed, mnist_dir, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (mnist_dir / "mnist").glob("*.gz"):
        content = path.read_bytes()
        (raw / (path.name if packed else path.stem)).write_bytes(content if packed else gzip.decompress(content))
    found, same = (
        load("mnist", "test", data_dir=folder, download=False, accept_other_hash=True)
        for folder in (tmp_path, mnist_dir)
    )
    assert np.array_equal(found.images, same.images)
    assert np.array_equal(found.labels, same.labels)
