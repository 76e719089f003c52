"""The models that ship, by the hashes of their files: which there are, and reading those that lie elsewhere.

An installed package has a few of them, the repository all. `checkpoints/SHA256SUMS` is written by
`sha256sum *.npz *.safetensors > SHA256SUMS` in that folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from esvae_core.checkpoint import read_header
from esvae_core.errors import CorruptDataError, InputError, MissingDataError
from esvae_core.explore import original_images
from esvae_core.files import read_regular
from esvae_core.shipped import SHIPPED, named

_SUMS = "SHA256SUMS"
_WEIGHTS = ".safetensors"
_MAX_BYTES = 2**28


def models() -> dict[str, Path | None]:
    """The file of each model that ships, by name; None for one that is not here."""
    return {
        name.removesuffix(_WEIGHTS): named(name.removesuffix(_WEIGHTS)) for name in _sums() if name.endswith(_WEIGHTS)
    }


def files_of(name: str) -> dict[str, str]:
    """SHA-256 of the files of a model, by their names: checkpoint, atlas, controls.

    Raises:
        InputError: no such model ships.
    """
    if f"{name}{_WEIGHTS}" not in _sums():
        raise InputError(f"{name:.80}: no model of that name ships; there are {', '.join(models())}")
    return {file: digest for file, digest in _sums().items() if file.partition(".")[0] == name}


def originals_of(checkpoint: Path) -> dict[str, str]:
    """SHA-256 of the file of test images that a model's atlas names, by its name; empty where none ships.

    It is shared by the models of a data set, so that its name is known only from a checkpoint's header.

    Args:
        checkpoint: The model's file, wherever it is.
    """
    header = read_header(checkpoint)
    if header.dataset is None:
        return {}
    name = original_images.beside(checkpoint, header.dataset.name, header.model.image_size).name
    return {name: _sums()[name]} if name in _sums() else {}


def read(folder: Path, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """Files of a folder by name, once their hashes are right.

    Args:
        folder: Where they are.
        wanted: SHA-256 by name, as `files_of` gives it.

    Raises:
        MissingDataError: one is not there, or cannot be read.
        CorruptDataError: one has another hash.
    """
    found = {}
    for name, digest in wanted.items():
        try:
            found[name] = read_regular(folder / name, _MAX_BYTES)
        except OSError as error:
            raise MissingDataError(f"{folder / name}: cannot be read: {error.strerror or error}") from None
        if (other := hashlib.sha256(found[name]).hexdigest()) != digest:
            raise CorruptDataError(f"{folder / name}: SHA-256 {other}, expected {digest}")
    return found


@cache
def _sums() -> dict[str, str]:
    lines = read_regular(SHIPPED / _SUMS, _MAX_BYTES).decode().splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}
