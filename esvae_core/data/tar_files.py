"""Tar files of pictures as a data set, in the layout of WebDataset: `NAME.png` beside `NAME.cls`, in any shards."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from esvae_core.data.hashes import fingerprint
from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.own_path import own_path
from esvae_core.data.pictures import read_all, to_model_input
from esvae_core.data.splits import held_out
from esvae_core.data.streamed import PIECE, Piece, Share
from esvae_core.errors import CorruptDataError, DataError
from esvae_core.files import open_regular, shown

_TEST_FRACTION = 1 / 6
_ENDINGS = (".tar", ".tar.gz", ".tgz")
_PICTURES = ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "ppm", "pgm")
_LABELS = ("cls", "cls.txt", "label")
_MAX_PICTURE = 128 * 2**20
_MAX_LABEL = 1_000


def place_of(option: str) -> Path:
    """The file or folder that the option names.

    Raises:
        MissingDataError: there is none.
    """
    problem = f"tar:{shown(option)}: no such file or folder; expected tar:PATH, a .tar file or a folder of them"
    return own_path(option, Path.exists, problem)


def load(request: Request) -> ImageSet:
    """Load the file, or all tar files of the folder, that the option names.

    Pictures are cropped to their centre square and resized. A picture's class is what `NAME.cls` says, else the folder
    it is in. A seeded sixth of each class is the test split.

    Raises:
        MissingDataError: there is no such file or folder.
        CorruptDataError: a file is no tar file.
        DataError: none of its pictures can be read.
    """
    place = place_of(request.option)
    files = _files(place)
    root = place if place.is_dir() else place.parent
    sha256 = fingerprint(root, [file.relative_to(root).as_posix() for file in files])
    made = request.remember(sha256, lambda: _read(request))
    if not len(made["images"]):
        raise DataError(f"{request.name}: none of its files is a picture that can be read")
    words = np.array([str(word) or request.name for word in made["labels"]])
    class_names, labels = np.unique(words, return_inverse=True)
    test = held_out(labels, _TEST_FRACTION, seed=0)
    mine = np.flatnonzero(test if request.part == "test" else ~test)
    return request.answer(
        made["images"][mine],
        labels[mine],
        tuple(map(str, class_names)),
        sha256,
        skipped=tuple(map(str, made["skipped"])),
    )


def stream(option: str, share: Share) -> Iterator[Piece]:
    """The pictures of a share, piece by piece: every n-th file, or every n-th picture of few files.

    Raises:
        MissingDataError, CorruptDataError: as `load`.
    """
    files = _files(place_of(option))
    whole = len(files) >= share.world
    piece = Piece([], [], [])
    for k, file in enumerate(files):
        if whole and not share.has_index(k):
            continue
        for i, (name, picture, label) in enumerate(_members(file)):
            if not whole and not share.has_index(i):
                continue
            piece.names.append(f"{file.name}/{name}")
            piece.pictures.append(picture)
            piece.labels.append(label)
            if len(piece.names) == PIECE:
                yield piece
                piece = Piece([], [], [])
    if piece.names:
        yield piece


def _files(place: Path) -> list[Path]:
    """The file, or those in the folder, sorted."""
    if place.is_file():
        return [place]
    try:
        found = sorted(path for path in place.iterdir() if path.name.endswith(_ENDINGS) and path.is_file())
    except OSError as error:
        raise DataError(f"{shown(str(place))}: cannot be read: {error.strerror}") from error
    if not found:
        raise DataError(f"{shown(str(place))}: expected files that end in {', '.join(_ENDINGS)}, found none")
    return found


def _members(path: Path) -> Iterator[tuple[str, bytes, str]]:
    """Name, picture and label of each sample; members of one sample follow each other, as WebDataset writes them."""
    key, picture, label = "", None, None
    try:
        with open_regular(path) as file, tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                if not member.isreg():
                    continue
                folder, _, base = member.name.rpartition("/")
                stem, _, ending = base.partition(".")
                new_key = f"{folder}/{stem}" if folder else stem
                if new_key != key:
                    if picture is not None:
                        yield shown(key), picture, _label(key, label)
                    key, picture, label = new_key, None, None
                ending = ending.lower()
                if ending in _PICTURES and picture is None and member.size <= _MAX_PICTURE:
                    picture = _content(archive, member)
                elif ending in _LABELS and member.size <= _MAX_LABEL:
                    label = shown(_content(archive, member).decode("utf-8", "replace").strip())
    except (OSError, EOFError, ValueError, tarfile.TarError) as error:
        reason = " ".join(str(error).split())
        raise CorruptDataError(f"{shown(str(path))}: expected a tar file: {reason}") from error
    if picture is not None:
        yield shown(key), picture, _label(key, label)


def _label(key: str, label: str | None) -> str:
    return shown(key.rpartition("/")[0]) if label is None else label


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None  # a regular file
    return file.read()


def _read(request: Request) -> Arrays:
    def convert(image: Image.Image) -> NDArray[np.uint8]:
        return to_model_input(image, image_size=request.image_size, channels=request.channels)

    images: list[NDArray[np.uint8]] = []
    labels: list[str] = []
    skipped: list[str] = []
    for piece in stream(request.option, Share()):
        found, kept, lines = read_all(piece.pictures, piece.names, convert)
        images += [found] if len(found) else []
        labels += [piece.labels[row] for row in kept]
        skipped += lines
    shape = (0, request.channels, request.image_size, request.image_size)
    return {
        "images": np.concatenate(images) if images else np.empty(shape, np.uint8),
        "labels": np.array(labels, np.str_),
        "skipped": np.array(skipped, np.str_),
    }
