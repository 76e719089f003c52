"""NumPy's .npz and .npy files from outside, read within limits.

Everything that a file says about itself is checked before memory is taken for it: which entries it has, how they are
packed, and type and shape of each array. Arrays hold numbers or text; nothing is unpickled.
"""

from __future__ import annotations

import ast
import io
import math
import re
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from esvae_core.files import open_regular

_MAX_ENTRIES = 1_000
_MAX_HEADER = 10_000  # bytes; NumPy's own limit
_MAGIC = b"\x93NUMPY"
_FIELD = re.compile(
    r"'(descr|fortran_order|shape)': *('[<>|=]?[biufcSUO?][0-9]*'|True|False|\([0-9, ]*\))"
)  # of the header, which is a dictionary in Python's words
_RECORDS = re.compile(
    r"'descr': *(\[(?:\('\w{1,40}', '[<>|=]?[biuf][0-9]+'\)(?:, )?){1,100}\])"
)  # the type of a structured array: names of fields, each with the type of a number
_PIECE = 2**22  # bytes read at a time


def read_npz(
    source: Path | bytes, wanted: Collection[str] | None = None, *, records: bool = False
) -> dict[str, NDArray[Any]]:
    """Arrays of an .npz file, in the machine's byte order.

    Together they may take `most_bytes`.

    Args:
        source: The file, or its bytes.
        wanted: Names of the arrays to read; those that are not there are left out. None: all.
        records: Whether structured arrays, whose fields are numbers, are read, too.

    Raises:
        OSError: the file cannot be opened.
        ValueError: in one line, what is wrong with it.
    """
    with io.BytesIO(source) if isinstance(source, bytes) else open_regular(source) as file:
        limit = most_bytes(file)
        try:
            with zipfile.ZipFile(file) as archive:
                entries = {name: entry for name, entry in _entries(archive).items() if not wanted or name in wanted}
                size = sum(entry.file_size for entry in entries.values())
                if size > limit:
                    raise ValueError(f"it unpacks to {size:,} bytes, expected at most {limit:,}")
                return {name: _array(archive, name, entry, records) for name, entry in entries.items()}
        except ValueError:
            raise
        except Exception as error:  # zipfile and zlib raise nearly anything on bad bytes
            raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def read_npy(source: Path, most: int, *, records: bool = False) -> NDArray[Any]:
    """The array of an .npy file, in the machine's byte order.

    Args:
        source: The file.
        most: Bytes that it may have.
        records: Whether a structured array, whose fields are numbers, is read, too.

    Raises:
        OSError: the file cannot be opened.
        ValueError: in one line, what is wrong with it.
    """
    with open_regular(source) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size > most:
            raise ValueError(f"{size:,} bytes, expected at most {most:,}")
        try:
            return _of_stream(file, size, records)
        except Exception as error:  # NumPy raises several kinds on types that it does not know
            raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def most_bytes(file: BinaryIO) -> int:
    """Bytes that a file of arrays may unpack to: 64 times its size, or 64 MB if that is more.

    Rates that are nearly all 0 pack about that well, and a file that was made to fill the memory packs much better.
    """
    place = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(place)
    return 64 * max(size, 2**20)


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries by the names of their arrays."""
    found: dict[str, zipfile.ZipInfo] = {}
    if len(archive.infolist()) > _MAX_ENTRIES:
        raise ValueError(f"{len(archive.infolist()):,} entries, expected at most {_MAX_ENTRIES:,}")
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy")
        if name in found:
            raise ValueError(f"{name!r:.80} is there twice")
        if entry.flag_bits & 1:
            raise ValueError(f"{name!r:.80} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{name!r:.80} is packed in another way than by deflate")
        found[name] = entry
    return found


def _array(archive: zipfile.ZipFile, name: str, entry: zipfile.ZipInfo, records: bool) -> NDArray[Any]:
    try:
        with archive.open(entry) as stream:
            return _of_stream(stream, entry.file_size, records)
    except Exception as error:  # as above
        raise ValueError(f"{name!r:.80}: {' '.join(str(error).split()) or type(error).__name__}") from error


def _of_stream(stream: IO[bytes], size: int, records: bool) -> NDArray[Any]:
    """The array in the .npy format that is these `size` bytes; ValueError and others say what is wrong with it."""
    dtype, shape, order = _header(stream, records)
    count = math.prod(shape)
    left = size - stream.tell()
    if count * dtype.itemsize != left:
        raise ValueError(f"its header says {count * dtype.itemsize:,} bytes, found {left:,}")
    content = bytearray()
    while piece := stream.read(_PIECE):
        content += piece
    if len(content) != left:
        raise ValueError(f"ends after {len(content):,} of {left:,} bytes")
    values = np.frombuffer(content, dtype, count).reshape(shape, order=order)
    values = values.astype(dtype.newbyteorder("="), copy=False)
    if dtype.kind == "U" and not _is_text(values):
        raise ValueError("expected text, found numbers that are no characters")
    return values


def _header(stream: IO[bytes], records: bool) -> tuple[np.dtype[Any], tuple[int, ...], Any]:
    """Type, shape and order ("C" or "F") of an array in the .npy format, versions 1 to 3."""
    start = stream.read(len(_MAGIC) + 2)
    if start[: len(_MAGIC)] != _MAGIC or len(start) < len(_MAGIC) + 2 or start[-2] not in (1, 2, 3):
        raise ValueError("expected an array in the .npy format, version 1 to 3")
    length = int.from_bytes(stream.read(2 if start[-2] == 1 else 4), "little")
    if length > _MAX_HEADER:
        raise ValueError(f"a header of {length:,} bytes, expected at most {_MAX_HEADER:,}")
    text = stream.read(length).decode("latin1")
    fields = dict(_FIELD.findall(text))
    if records and (found := _RECORDS.search(text)):
        fields["descr"] = found[1]
    if "O" in fields.get("descr", ""):
        raise ValueError("Object arrays cannot be loaded (allow_pickle is off); expected numbers or text")
    if len(fields) != 3:
        raise ValueError(f"expected numbers or text with a type, an order and a shape, found {text!r:.100}")
    dtype = np.dtype(ast.literal_eval(fields["descr"]))
    if not dtype.itemsize:
        raise ValueError(f"expected numbers or text, found {dtype}")
    shape = tuple(int(size) for size in fields["shape"].strip("()").split(",") if size.strip())
    return dtype, shape, "F" if fields["fortran_order"] == "True" else "C"


def _is_text(values: NDArray[np.str_]) -> bool:
    """Whether all are characters of Unicode: a file can hold any number in the place of one."""
    codes = np.frombuffer(values.tobytes(), np.uint32)
    return not bool(((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any())
