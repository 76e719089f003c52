"""Any folder of pictures as a data set."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from esvae_core.data import columns
from esvae_core.data.hashes import fingerprint
from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.own_path import own_path
from esvae_core.data.pictures import read_all, to_model_input
from esvae_core.data.splits import held_out
from esvae_core.data.streamed import PIECE, Piece, Share
from esvae_core.errors import DataError
from esvae_core.files import shown

_TEST_FRACTION = 1 / 6


def root_of(option: str) -> Path:
    """The folder that the option names.

    Raises:
        MissingDataError: there is none.
    """
    problem = f"folder:{shown(option)}: no such folder; expected folder:PATH with pictures in PATH"
    return own_path(option, Path.is_dir, problem)


def load(request: Request) -> ImageSet:
    """Load the folder that the option names.

    Pictures are found at any depth, cropped to their centre square and resized. Where they are in folders, a picture's
    class is the first one on the way to it, and pictures beside the folders are left out; where they are not, all are
    of one class. Links to folders are followed. A seeded sixth of each class is the test split. An `attributes.csv` in
    the folder says more about the pictures, see `columns.read_columns`.

    Raises:
        MissingDataError: there is no such folder.
        DataError: it cannot be read, or no picture in it can.
    """
    root = root_of(request.option)
    names = sorted(_listed(root, request.option), key=lambda name: name.split("/"))
    notes = columns.FILE in names
    names = [name for name in names if name != columns.FILE]

    def convert(image: Image.Image) -> NDArray[np.uint8]:
        return to_model_input(image, image_size=request.image_size, channels=request.channels)

    def make() -> Arrays:
        images, kept, skipped = read_all([root / name for name in names], map(shown, names), convert)
        return {"images": images, "kept": kept, "skipped": np.array(skipped, dtype=np.str_)}

    sha256 = fingerprint(root, names)
    arrays = request.remember(sha256, make)
    if not len(arrays["kept"]):
        raise DataError(f"{request.name}: none of the {len(names)} files in {root} is a picture that can be read")
    pictures = [names[i] for i in arrays["kept"]]
    inside = np.array(["/" in name for name in pictures])
    if not inside.any():
        inside[:] = True
        classes = [shown(root.resolve().name)] * len(pictures)
    else:
        classes = [shown(name.partition("/")[0]) for name in pictures]
    beside = [shown(name) for name, is_inside in zip(pictures, inside, strict=True) if not is_inside]
    class_names, labels = np.unique(np.array(classes)[inside], return_inverse=True)
    known = (
        columns.read_columns(
            root / columns.FILE, [name for name, is_inside in zip(pictures, inside, strict=True) if is_inside]
        )
        if notes
        else {}
    )
    test = held_out(labels, _TEST_FRACTION, seed=0)
    mine = np.flatnonzero(test if request.part == "test" else ~test)
    return request.answer(
        arrays["images"][np.flatnonzero(inside)[mine]],
        labels[mine],
        tuple(str(name) for name in class_names),
        sha256,
        skipped=(
            *(f"{name}: left out, since it lies beside the folders of the classes" for name in beside),
            *(str(line) for line in arrays["skipped"]),
        ),
        columns={title: column[mine] for title, column in known.items()},
    )


def stream(option: str, share: Share) -> Iterator[Piece]:
    """The pictures of a share, piece by piece, in the order in which the file system lists them.

    Raises:
        MissingDataError, DataError: as `load`.
    """
    root = root_of(option)
    names = (name for name in _listed(root, option) if name != columns.FILE and share.has(name))
    while chunk := list(islice(names, PIECE)):
        labels = [shown(name.partition("/")[0]) if "/" in name else "" for name in chunk]
        yield Piece([shown(name) for name in chunk], [root / name for name in chunk], labels)


def _listed(root: Path, option: str) -> Iterator[str]:
    try:
        yield from files_below(root)
    except OSError as error:
        raise DataError(f"folder:{shown(option)}: {error.filename}: cannot be read: {error.strerror}") from error


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself; as one that leads nowhere
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def files_below(root: Path) -> Iterator[str]:
    """Paths relative to `root` of all files in it at any depth, but for hidden ones.

    Links to folders are followed, but none twice for the same class, so that links in a circle end.

    Raises:
        OSError: a folder cannot be read.
    """
    seen: dict[str, set[Path]] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in os.scandir(root / folder):
            if entry.name.startswith("."):
                continue
            name = f"{folder}{entry.name}"
            if _is_folder(entry):
                met = seen.setdefault(name.partition("/")[0], {root.resolve()})
                place = Path(entry.path).resolve()
                if place not in met:
                    met.add(place)
                    folders.append(f"{name}/")
            elif _is_file(entry):
                yield name
