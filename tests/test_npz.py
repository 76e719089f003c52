"""Files of arrays that nobody made in good faith: one line each, within limits."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from esvae_core.npz import read_npz


def npy(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    size = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + header.encode("latin1") + content


def about(descr: str = "'<f4'", shape: str = "(2,)", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def packed(*entries: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_numbers_and_text_come_back(save):
    arrays = {
        "a": np.arange(6.0).reshape(2, 3).astype(">f4"),
        "b": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "c": np.array(["ä", "🐈"]),
        "d": np.array(True),
        "e": np.zeros((0, 3), np.uint8),
    }
    file = io.BytesIO()
    save(file, **arrays)
    found = read_npz(file.getvalue())
    assert found.keys() == arrays.keys()
    for name, expected in arrays.items():
        np.testing.assert_array_equal(found[name], expected)
        assert found[name].dtype == expected.dtype.newbyteorder("=")
    assert read_npz(file.getvalue(), ("b", "none")).keys() == {"b"}


def encrypted() -> bytes:
    content = bytearray(packed(("x.npy", npy(about(), bytes(8)))))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


WRONG = {
    "terabytes": (packed(("x.npy", npy(about(shape="(1000000, 1000000)")))), "4,000,000,000,000 bytes, found 0"),
    "negative": (packed(("x.npy", npy(about(shape="(-1,)")))), "a shape"),
    "words": (packed(("x.npy", npy("open the door"))), "a shape"),
    "nested": (packed(("x.npy", npy("(" * 9000))), "a shape"),
    "long header": (packed(("x.npy", npy(about() + " " * 20_000))), "a header of"),
    "structured": (packed(("x.npy", npy(about("[('a', '<f4')]"), bytes(8)))), "numbers or text"),
    "objects": (packed(("x.npy", npy(about("'|O'"), bytes(16)))), "Object arrays"),
    "times": (packed(("x.npy", npy(about("'<M8[s]'"), bytes(16)))), "numbers or text"),
    "no size": (packed(("x.npy", npy(about("'<U0'")))), "numbers or text"),
    "version": (packed(("x.npy", npy(about(), bytes(8), b"\x09\x00"))), "version 1 to 3"),
    "short": (packed(("x.npy", npy(about(), bytes(7)))), "8 bytes, found 7"),
    "more": (packed(("x.npy", npy(about(), bytes(9)))), "8 bytes, found 9"),
    "no npy": (packed(("x.npy", b"hello")), r"\.npy format"),
    "twice": (packed(("x.npy", npy(about(), bytes(8))), ("x", b"")), "twice"),
    "encrypted": (encrypted(), "encrypted"),
    "lzma": (packed(("x.npy", npy(about(), bytes(8))), how=zipfile.ZIP_LZMA), "deflate"),
    "half a character": (packed(("x.npy", npy(about("'<U1'", "(1,)"), b"\0\xd8\0\0"))), "no characters"),
    "no character": (packed(("x.npy", npy(about("'<U1'", "(1,)"), b"\xff" * 4))), "no characters"),
    "many": (packed(*((f"{i}.npy", b"") for i in range(1001))), "at most 1,000"),
    "no zip": (b"hello", "zip"),
    "empty": (b"", "zip"),
    "array": (npy(about(), bytes(8)), "zip"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line(name):
    content, words = WRONG[name]
    with pytest.raises(ValueError, match=words) as raised:
        read_npz(content)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (500 * 2**20, 500 * 2**20))
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))


def test_a_bomb_takes_no_memory(tmp_path):
    """A child of its own with 500 MB: a file of 600 kB that unpacks to 600 MB, with a header that says so."""
    header = npy(about("'|u1'", "(629145600,)"))
    with (
        zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as file,
    ):
        file.write(header)
        for _ in range(600):
            file.write(bytes(2**20))
    assert (tmp_path / "bomb.npz").stat().st_size < 2**20
    code = "import sys; from pathlib import Path; from esvae_core.npz import read_npz; read_npz(Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "bomb.npz")], capture_output=True, text=True, preexec_fn=_limits
    )
    assert done.stderr.splitlines()[-1].startswith("ValueError: it unpacks to 629,"), done.stderr


def test_structured_arrays_are_read_where_asked_for():
    records = np.array([(1, 2.5), (3, 4.5)], [("a", "<i2"), ("b", ">f8")])
    file = io.BytesIO()
    np.savez(file, records=records)
    found = read_npz(file.getvalue(), records=True)["records"]
    assert (found["a"].tolist(), found["b"].tolist()) == ([1, 3], [2.5, 4.5])
    with pytest.raises(ValueError, match="expected numbers or text with a type"):
        read_npz(file.getvalue())


@pytest.mark.parametrize("descr", ["[('a', '|O')]", "[('a', '<U3')]", "[('a', [('b', '<i2')])]", "[]"])
def test_fields_that_are_no_numbers_are_refused(descr):
    with pytest.raises(ValueError, match="'x':"):
        read_npz(packed(("x.npy", npy(about(descr), bytes(16)))), records=True)
