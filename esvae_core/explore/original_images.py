"""A file of test images that lies beside checkpoints, for machines that do not have their data set.

`DATASET-SIZE.originals.npz`, such as `mnist-32.originals.npz`, holds the images that atlases of that data set name, as
models of that size take them: one file for all models. Only data sets whose licence allows it have one.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.imageset import ImageSet
from esvae_core.data.table import find
from esvae_core.errors import CorruptDataError, InputError
from esvae_core.explore.atlas import Atlas
from esvae_core.files import write_atomically
from esvae_core.npz import read_npz

SUFFIX = ".originals.npz"
FORMAT_VERSION = 1
_NAME = re.compile(r"[a-z0-9_-]{1,40}")


def beside(checkpoint: Path | str, dataset: str, size: int) -> Path:
    """Where a checkpoint's file of originals is: the one of its data set and size, in its folder."""
    return Path(checkpoint).with_name(f"{dataset}-{size}{SUFFIX}")


def save(path: Path | str, data: ImageSet, atlas: Atlas) -> None:
    """Write the images that an atlas names, whole or not at all.

    Args:
        path: As `beside` gives it.
        data: The test split that the atlas was built of.
        atlas: Which of them.

    Raises:
        InputError: the licence of the data set does not let its images be redistributed, or the atlas is of other data.
    """
    spec, _ = find(data.name)
    if not spec.redistributable:
        raise InputError(f"{data.name}: its images may not be redistributed (licence: {spec.licence})")
    if atlas.dataset_sha256 != data.sha256:
        raise InputError(f"{data.name}: expected the data that the atlas was built of, found others")
    rows = np.sort(atlas.indices)
    words = {
        "format_version": FORMAT_VERSION,
        "dataset": data.name,
        "dataset_sha256": data.sha256,
        "licence": spec.licence,
    }
    content = io.BytesIO()
    np.savez_compressed(
        content,
        about=np.frombuffer(json.dumps(words | {"licence": spec.licence}).encode(), np.uint8),
        indices=rows.astype(np.uint32),
        images=data.images[np.searchsorted(data.indices, rows)].transpose(0, 2, 3, 1),
    )
    write_atomically(Path(path), content.getvalue())


def has_originals(atlas: Atlas, checkpoint: Path | str, size: int) -> bool:
    """Whether there is such a file with the images of an atlas; these themselves are not read.

    Raises:
        CorruptDataError: the file is damaged.
    """
    return _rows(atlas, checkpoint, size) is not None


def originals_of(atlas: Atlas, checkpoint: Path | str, size: int, channels: int) -> NDArray[np.uint8] | None:
    """The test images of an atlas, from the file beside its checkpoint.

    Args:
        atlas: Its data set and rows.
        checkpoint: Path of the checkpoint.
        size: Height and width of an image in pixels.
        channels: 1 or 3.

    Returns:
        (N, H, W, C) uint8, in the order of the atlas; None if `has_originals` says so.

    Raises:
        CorruptDataError: the file is damaged, or its images are of another shape.
    """
    rows = _rows(atlas, checkpoint, size)
    if rows is None:
        return None
    path = beside(checkpoint, atlas.dataset, size)
    images = _read(path, "indices", "images")["images"]
    if images.ndim != 4 or images.dtype != np.uint8 or images.shape[1:] != (size, size, channels):
        raise CorruptDataError(f"{path}: expected bytes of {size} x {size} pixels, found {images.dtype} {images.shape}")
    if rows.max(initial=-1) >= len(images):
        raise CorruptDataError(f"{path}: damaged originals: {len(images)} images")
    return images[rows]


def _rows(atlas: Atlas, checkpoint: Path | str, size: int) -> NDArray[np.intp] | None:
    """Where the images of an atlas are in the file; None where there is none, or one of other or too few images."""
    if not _NAME.fullmatch(atlas.dataset) or not (path := beside(checkpoint, atlas.dataset, size)).is_file():
        return None
    parts = _read(path, "about", "indices")
    try:
        about = json.loads(parts["about"].tobytes())
        known = (about["format_version"], about["dataset_sha256"])
    except Exception as error:  # JSON of any content raises several kinds
        raise CorruptDataError(f"{path}: expected originals written by esvae ({error!r:.200})") from error
    indices = parts["indices"]
    if indices.ndim != 1 or indices.dtype.kind != "u" or (np.diff(indices.astype(np.int64)) <= 0).any():
        raise CorruptDataError(f"{path}: damaged originals: expected rising numbers of images")
    if known != (FORMAT_VERSION, atlas.dataset_sha256) or not len(indices):
        return None
    rows = np.searchsorted(indices, atlas.indices)
    there = indices[np.minimum(rows, len(indices) - 1)] == atlas.indices
    return rows if there.all() else None


def _read(path: Path, *names: str) -> dict[str, NDArray[Any]]:
    """Arrays of the file, all of those."""
    try:
        found = read_npz(path, names)
        return {name: found[name] for name in names}
    except (OSError, ValueError, KeyError) as error:
        raise CorruptDataError(
            f"{path}: expected originals written by esvae ({' '.join(str(error).split()):.200})"
        ) from error
