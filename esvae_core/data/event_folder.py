"""A folder of event recordings as a data set: N-MNIST's own, or any other with a recording in each file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from esvae_core.data.event_files import SUFFIXES, read_events
from esvae_core.data.events import frames_of
from esvae_core.data.folder import files_below
from esvae_core.data.hashes import fingerprint
from esvae_core.data.imageset import Arrays, ImageSet, Part, Request
from esvae_core.data.own_path import own_path
from esvae_core.data.splits import held_out
from esvae_core.errors import DataError
from esvae_core.files import shown

_PARTS: dict[Part, str] = {"train": "Train", "test": "Test"}
_TEST_FRACTION = 1 / 6
_MAX_BYTES = 8 * 2**30
_ONE_CLASS = "all"


def root_of(option: str) -> Path:
    """The folder that the option names.

    Raises:
        MissingDataError: there is none.
    """
    problem = f"events:{shown(option)}: no such folder; expected events:PATH with files of events in PATH"
    return own_path(option, Path.is_dir, problem)


def load(request: Request) -> ImageSet:
    """Load the folder that the option names, as frames.

    Recordings are files whose suffix is one of SUFFIXES, at any depth; others are skipped. Folders `Train` and `Test`
    are the two parts, as in N-MNIST; without them a seeded sixth of each class is the test split. A recording's class
    is the first folder on the way to it, below `Train` and `Test`; where there are no folders, all are of one class.
    The sensor is as large as the events of all recordings reach.

    Raises:
        MissingDataError: there is no such folder.
        DataError: it cannot be read, no recording in it can, or their frames would take too much memory.
    """
    root = root_of(request.option)
    try:
        found = sorted(files_below(root), key=lambda name: name.split("/"))
    except OSError as error:
        raise DataError(f"{request.name}: {error.filename}: cannot be read: {error.strerror}") from error
    names = [name for name in found if Path(name).suffix.lower() in SUFFIXES]
    size = len(names) * request.frames * 2 * request.image_size**2
    if size > _MAX_BYTES:
        raise DataError(
            f"{request.name}: the frames of {len(names):,} recordings would take {size:,} bytes, expected at most "
            f"{_MAX_BYTES:,}; fewer recordings, frames (model.time_steps) or pixels would do"
        )
    sha256 = fingerprint(root, names)
    arrays = request.remember(f"{request.frames} {sha256}", lambda: _read(root, names, request))
    kept = [names[i] for i in arrays["kept"]]
    forms = ", ".join(SUFFIXES)
    recordings = set(names)
    strays = [f"{shown(name)}: expected a file of events ({forms})" for name in found if name not in recordings]
    if not kept:
        first = f"; {arrays['skipped'][0]}" if len(arrays["skipped"]) else ""
        raise DataError(f"{request.name}: expected files of events ({forms}), found none that can be read{first}")
    parts, classes = zip(*map(_place, kept), strict=True)
    class_names, labels = np.unique(np.array(classes), return_inverse=True)
    if any(parts):
        mine = np.flatnonzero(np.array(parts) == _PARTS[request.part])
    else:
        test = held_out(labels, _TEST_FRACTION, seed=0)
        mine = np.flatnonzero(test if request.part == "test" else ~test)
    return request.answer(
        arrays["images"][mine],
        labels[mine],
        tuple(map(str, class_names)),
        sha256,
        skipped=(*map(str, arrays["skipped"]), *strays),
    )


def _place(name: str) -> tuple[str, str]:
    """Which part a recording is in, "" where there are none, and its class."""
    first, *inner = name.split("/")[:-1] or [""]
    if first in _PARTS.values():
        return first, shown(inner[0]) if inner else _ONE_CLASS
    return "", shown(first) or _ONE_CLASS


def _read(root: Path, names: list[str], request: Request) -> Arrays:
    """Frames of all recordings that can be read; their positions in `names`; and why others cannot."""
    sensor, kept, skipped = (1, 1), [], []
    for i, name in enumerate(names):
        try:
            events = read_events(root / name)
        except DataError as error:
            skipped.append(f"{shown(name)}: {error}")
            continue
        sensor = max(sensor[0], int(events.y.max()) + 1), max(sensor[1], int(events.x.max()) + 1)
        kept.append(i)
    images = np.empty((len(kept), request.frames, 2, request.image_size, request.image_size), np.uint8)
    for place, i in zip(images, kept, strict=True):  # again, since only now the sensor's size is known
        place[:] = frames_of(read_events(root / names[i]), request.frames, request.image_size, sensor)
    return {"images": images, "kept": np.array(kept, np.int64), "skipped": np.array(skipped, dtype=np.str_)}
