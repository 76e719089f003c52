"""Files of events, one recording each: N-MNIST's binary form, and arrays in .npz, .npy or .h5 files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.events import MAX_SIDE, Events
from esvae_core.errors import CorruptDataError
from esvae_core.files import open_regular, read_regular
from esvae_core.npz import read_npy, read_npz

MAX_EVENTS = 20_000_000  # of one recording: more than a minute of a busy camera
_BYTES = 5  # of an event in N-MNIST's form
_OVERFLOW_ROW = 240  # no event, but a mark that the clock went on by
_OVERFLOW = 2**13  # microseconds
_FIELDS = ("x", "y", "p", "t")
_RECORDS = "events"
_MAX_FILE = 2**30  # bytes of a .h5 or .npy file


def read_events(path: Path) -> Events:
    """The events of a file, whose suffix (one of SUFFIXES) says which form it has.

    In an .npz or .h5 file they are arrays x, y, p and t of one length, or one structured array `events` with these
    fields (as the library tonic has them in memory), or in an .h5 file a group `events` of four arrays. An .npy file is
    such a structured array.

    Raises:
        CorruptDataError: the file cannot be read, is too large, or holds something else; one line says what.
    """
    try:
        return SUFFIXES[path.suffix.lower()](path)
    except (OSError, ValueError) as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())
        raise CorruptDataError(f"expected a recording of events: {reason:.300}") from error


def from_nmnist(raw: bytes) -> Events:
    """Events in N-MNIST's form: 40 bits each, first byte first, of column, row, polarity (1 bit) and time (23 bits).

    Times are microseconds. A row of 240 is no event; from there on the time is later by 2^13.

    Raises:
        ValueError: the bytes are no whole number of events.
    """
    if len(raw) % _BYTES:
        raise ValueError(f"{len(raw):,} bytes, which is no multiple of {_BYTES}")
    columns = np.frombuffer(raw, np.uint8).reshape(-1, _BYTES)
    high, middle, low = columns[:, 2:].astype(np.int64).T
    marks = columns[:, 1] == _OVERFLOW_ROW
    t = ((high & 127) << 16 | middle << 8 | low) + np.cumsum(marks) * _OVERFLOW
    return _checked(*(v[~marks] for v in (columns[:, 0], columns[:, 1], high >> 7, t)))


def to_nmnist(events: Events) -> bytes:
    """Events as a file of N-MNIST's form.

    Raises:
        ValueError: a column, row or time that the form cannot hold.
    """
    if max(events.x.max(), events.y.max()) >= _OVERFLOW_ROW or events.t.max() >= 2**23:
        raise ValueError("expected columns and rows below 240 and times below 2^23 microseconds")
    t = events.t.astype(np.int64)
    rows = np.stack([events.x, events.y, events.p << 7 | t >> 16, t >> 8 & 255, t & 255], 1)
    return rows.astype(np.uint8).tobytes()


def _checked(x: Any, y: Any, p: Any, t: Any) -> Events:
    """Four arrays as events.

    Raises:
        ValueError: they are not what events are.
    """
    columns: dict[str, NDArray[Any]] = dict(zip(_FIELDS, map(np.asarray, (x, y, p, t)), strict=True))
    count = columns["x"].size
    if not 1 <= count <= MAX_EVENTS:
        raise ValueError(f"{count:,} events, expected 1 to {MAX_EVENTS:,}")
    for name, values in columns.items():
        if values.shape != (count,) or values.dtype.kind not in ("biuf" if name == "t" else "biu"):
            kind = "numbers" if name == "t" else "whole numbers"
            raise ValueError(f"{name}: expected {count:,} {kind}, found shape {values.shape} of {values.dtype}")
    for name in ("x", "y"):
        low, high = int(columns[name].min()), int(columns[name].max())
        if low < 0 or high >= MAX_SIDE:
            raise ValueError(f"{name}: expected 0 to {MAX_SIDE - 1}, found {low} to {high}")
    if not np.isfinite(columns["t"]).all():
        raise ValueError("t: expected finite times")
    low, high = int(columns["p"].min()), int(columns["p"].max())
    if low < -1 or high > 1:
        raise ValueError(f"p: expected 0 and 1, or -1 and 1, found {low} to {high}")
    x, y = (columns[name].astype(np.int16) for name in ("x", "y"))
    return Events(x, y, (columns["p"] > 0).astype(np.int64), columns["t"])


def _from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Events:
    """Four arrays x, y, p, t, or one structured array of these fields.

    Raises:
        ValueError: neither is there.
    """
    if (records := arrays.get(_RECORDS)) is not None:
        missing = [name for name in _FIELDS if name not in (records.dtype.names or ())]
        if missing:
            raise ValueError(f"events: expected an array with fields x, y, p and t, found none called {missing[0]}")
        return _checked(*(records[name] for name in _FIELDS))
    missing = [name for name in _FIELDS if name not in arrays]
    if missing:
        raise ValueError(f"expected arrays x, y, p and t, or one called events; found no {missing[0]}")
    return _checked(*(arrays[name] for name in _FIELDS))


def _read_bin(path: Path) -> Events:
    return from_nmnist(read_regular(path, MAX_EVENTS * _BYTES))


def _read_npz(path: Path) -> Events:
    return _from_arrays(read_npz(path, (*_FIELDS, _RECORDS), records=True))


def _read_npy(path: Path) -> Events:
    return _from_arrays({_RECORDS: read_npy(path, _MAX_FILE, records=True)})


def _read_h5(path: Path) -> Events:
    try:
        import h5py
    except ImportError:
        raise ValueError("it needs the package h5py: pip install 'esvae[events]'") from None
    with open_regular(path) as file:
        if (size := file.seek(0, 2)) > _MAX_FILE:
            raise ValueError(f"{size:,} bytes, expected at most {_MAX_FILE:,}")
        file.seek(0)
        try:
            with h5py.File(file, "r") as content:
                return _from_arrays(_h5_arrays(h5py, content))
        except (OSError, ValueError):
            raise
        except Exception as error:  # on bytes that are not its own h5py raises several kinds
            raise ValueError(str(error) or type(error).__name__) from error


def _h5_arrays(h5py: Any, content: Any) -> dict[str, NDArray[Any]]:
    """What the file has of events, in itself or in its group `events`: no link to another file is followed."""
    found: dict[str, NDArray[Any]] = {}
    group: Any = content
    names: tuple[str, ...] = (*_FIELDS, _RECORDS)
    if isinstance(content.get(_RECORDS, getlink=True), h5py.HardLink) and isinstance(content[_RECORDS], h5py.Group):
        group, names = content[_RECORDS], _FIELDS
    for name in names:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        values = group[name]
        if not isinstance(values, h5py.Dataset) or values.external or values.is_virtual:
            raise ValueError(f"{name}: expected an array in the file itself")
        if values.ndim != 1 or values.size > MAX_EVENTS or values.dtype.itemsize > 64:
            raise ValueError(
                f"{name}: expected at most {MAX_EVENTS:,} numbers in a row, found shape {values.shape} "
                f"of {values.dtype!s:.80}"
            )
        found[name] = values[:]
    return found


SUFFIXES: dict[str, Callable[[Path], Events]] = {
    ".bin": _read_bin,
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".h5": _read_h5,
    ".hdf5": _read_h5,
}
"""The reader of each form, by the suffix of the file's name."""
