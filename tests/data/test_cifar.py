import gzip
import os
import pickle
import subprocess
import tarfile

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from esvae_core.data import load
from esvae_core.data.cifar import FOLDER, TRAIN_BATCHES, parse, read
from esvae_core.errors import CorruptDataError, MissingDataError

from .made import archive, cifar_members, python2_batch

ROWS = np.arange(2 * 3072).astype(np.uint8).reshape(2, 3072)


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_python_2_batch_under_both_names_of_numpys_module(module):
    table = parse(python2_batch(ROWS, [3, 9], module))
    assert table[b"labels"] == [3, 9]
    assert table[b"batch_label"] == b"b"
    assert np.array_equal(table[b"data"], ROWS)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_batches_that_python_3_wrote(protocol):
    table = parse(pickle.dumps({"data": ROWS, "labels": [1, 2], "more": (1, None, True, b"x", 7**30)}, protocol))
    assert np.array_equal(table["data"], ROWS)
    assert table["labels"] == [1, 2]
    assert table["more"] == (1, None, True, b"x", 7**30)


class _Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


HOSTILE = {
    "os.system": lambda flag: _Call(os.system, f"touch {flag}"),
    "eval": lambda flag: _Call(eval, f"open({str(flag)!r}, 'w')"),
    "exec": lambda flag: _Call(exec, f"open({str(flag)!r}, 'w')"),
    "open": lambda flag: _Call(open, str(flag), "w"),
    "getattr": lambda flag: _Call(getattr, _Call(__import__, "os"), "system"),
    "subprocess": lambda flag: _Call(subprocess.Popen, ["touch", str(flag)]),
    "numpy.load": lambda flag: _Call(np.load, str(flag)),
}


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused_and_nothing_runs(tmp_path, name, protocol):
    flag = tmp_path / "ran"
    content = pickle.dumps({"data": HOSTILE[name](flag)}, protocol)
    with pytest.raises(CorruptDataError, match="not a pickle of plain data"):
        parse(content)
    assert not flag.exists()


def test_the_error_names_what_was_refused(tmp_path):
    content = pickle.dumps({"data": _Call(os.system, f"touch {tmp_path / 'ran'}")}, 2)
    with pytest.raises(CorruptDataError, match=r"it names .*\.system, which is refused and was not run"):
        parse(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({"data": np.array([["x"], [None]], object)}, 2), "expected u1"),
        (pickle.dumps({"data": np.zeros((2, 2), np.float32)}, 2), "expected u1"),
        (pickle.dumps({"data": np.zeros((2, 2), [("a", "u1")])}, 2), "expected u1"),
        (pickle.dumps({"data": np.zeros(4, np.uint8)}, 2), "expected rows of bytes"),
        (pickle.dumps({"data": np.asfortranarray(ROWS)}, 2), "expected rows of bytes"),
        (pickle.dumps({"data": ROWS}, 5), "refused"),
        (python2_batch(ROWS, [1]).replace(b"K\x02M\x00\x0c\x86", b"J\xff\xff\xff\x7fM\x00\x0c\x86"), "6144 bytes"),
        (python2_batch(ROWS, [1]).replace(b"K\x02M\x00\x0c\x86", b"J\xff\xff\xff\xffM\x00\x0c\x86"), "6144 bytes"),
        (pickle.dumps([1, 2], 2), "list where"),
        (b"\x80\x02cnumpy\nndarray\n)R.", "it calls numpy.ndarray"),
        (b"\x80\x02cnumpy\ndtype\n}U\x01xK\x01sb.", "_Name where"),
        (b"\x80\x02}r\xff\xff\xff\xffcos\nsystem\n.", "os.system"),
        (b"\x80\x02B\xff\xff\xff\x7fabc.", "not a pickle"),
        (b"\x80\x02\x82\x01.", "step EXT1"),
        (b"\x80\x02U\x01xQ.", "step BINPERSID"),
        (b"\x80\x05\x97.", "step NEXT_BUFFER"),
        (b"\x80\x02", "not a pickle"),
        (b"", "not a pickle"),
    ],
)
def test_what_a_batch_does_not_need_is_refused(content, message):
    with pytest.raises(CorruptDataError, match=message):
        parse(content)


whole = python2_batch(ROWS[:, :3], [1, 2])


@settings(max_examples=300, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=80),
        st.integers(0, len(whole) - 1).map(lambda end: whole[:end]),
        st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)).map(
            lambda change: whole[: change[0]] + bytes([change[1]]) + whole[change[0] + 1 :]
        ),
    )
)
@example(content=whole[:13] + b"\\" + whole[14:])  # a text opcode with an escape that Python warns of
def test_any_bytes_give_a_dictionary_or_the_one_error(content):
    try:
        value = parse(content)
    except CorruptDataError:
        return
    assert isinstance(value, dict)


def test_all_batches_in_order(tmp_path):
    members = cifar_members()
    path = archive(tmp_path / "c.tar.gz", members)
    images, labels = read(path, TRAIN_BATCHES)
    assert images.shape == (50, 3, 32, 32)
    first = parse(members["data_batch_1"])
    assert np.array_equal(images[:10].reshape(10, 3072), first[b"data"])
    assert labels[:10].tolist() == first[b"labels"]
    assert labels[:10].tolist() != labels[10:20].tolist()


def test_load_takes_another_archive_only_when_asked(tmp_path):
    archive(tmp_path / "cifar-10-python.tar.gz", cifar_members())
    with pytest.raises(CorruptDataError, match="6d958be074577803"):
        load("cifar10", "test", data_dir=tmp_path)
    test = load("cifar10", "test", data_dir=tmp_path, accept_other_hash=True)
    assert test.images.shape == (10, 3, 32, 32)
    assert test.class_names[:2] == ("airplane", "automobile")
    gray = load("cifar10", "test", data_dir=tmp_path, accept_other_hash=True, channels=1)
    luma = np.tensordot([0.299, 0.587, 0.114], test.images.astype(float), axes=(0, 1))
    assert np.abs(gray.images[:, 0] - luma).max() <= 1
    again = load("cifar10", "test", data_dir=tmp_path, accept_other_hash=True)
    assert np.array_equal(again.labels, test.labels)


def link(name):
    info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_batch": link("test_batch")}, "test_batch is a link or folder"),
        ({"test_batch": b""}, "test_batch: not a pickle"),
        ({"test_batch": python2_batch(ROWS, [1])}, "no 'labels' for its 2 images"),
        ({"test_batch": python2_batch(ROWS, [1, 10])}, "labels that are not 0 to 9"),
        ({"test_batch": python2_batch(ROWS[:, :9], [1, 2])}, "no 'data' of rows of 3072 bytes"),
        ({"test_batch": pickle.dumps({}, 2)}, "no 'data'"),
        ({}, "cifar-10-batches-py/test_batch is missing"),
    ],
)
def test_members_that_are_not_batches_are_refused(tmp_path, change, message):
    path = archive(tmp_path / "c.tar.gz", {"batches.meta": b"whatever", **change})
    with pytest.raises(CorruptDataError, match=message):
        read(path, ("test_batch",))


def test_absurd_sizes_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "c.tar.gz"
    info = tarfile.TarInfo("cifar-10-batches-py/test_batch")
    info.size = 1 << 40
    path.write_bytes(gzip.compress(info.tobuf() + bytes(10_000)))
    with pytest.raises(CorruptDataError, match=f"{1 << 40} bytes, expected a file of at most"):
        read(path, ("test_batch",))
    monkeypatch.setattr("esvae_core.data.cifar._Limited.left", 1 << 20)
    archive(path, {"padding": bytes(2 << 20), "test_batch": python2_batch(ROWS, [1, 2])})
    with pytest.raises(CorruptDataError, match="unpacks to more than"):
        read(path, ("test_batch",))


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.9])
def test_a_truncated_archive_is_refused(tmp_path, keep):
    path = archive(tmp_path / "c.tar.gz", cifar_members())
    content = path.read_bytes()
    path.write_bytes(content[: keep if keep >= 1 else int(keep * len(content))])
    with pytest.raises(CorruptDataError, match=r"c\.tar\.gz"):
        read(path, TRAIN_BATCHES)


@pytest.mark.parametrize("content", [b"garbage", b"\x1f\x8b garbage", b"x" * 2000])
def test_garbage_is_no_archive(tmp_path, content):
    path = tmp_path / "c.tar.gz"
    path.write_bytes(content)
    with pytest.raises(CorruptDataError, match=r"expected a whole \.tar\.gz archive"):
        read(path, TRAIN_BATCHES)


def test_the_unpacked_folder_is_read_as_the_archive_is(tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir()
    members = cifar_members()
    for name, content in members.items():
        (folder / name).write_bytes(content)
    packed = archive(tmp_path / "packed.tar.gz", members)
    for one, other in zip(read(folder, TRAIN_BATCHES), read(packed, TRAIN_BATCHES), strict=True):
        assert np.array_equal(one, other)
    assert len(load("cifar10", "test", data_dir=tmp_path, download=False, accept_other_hash=True)) == 10
    with pytest.raises(CorruptDataError, match="SHA-256"):
        load("cifar10", "test", data_dir=tmp_path, download=False)
    (folder / "test_batch").unlink()
    with pytest.raises(MissingDataError):
        load("cifar10", "test", data_dir=tmp_path, download=False)
