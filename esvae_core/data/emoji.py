"""Noto emoji, 64x64 RGB on white, in ten categories, from one .npz file.

The file holds `images` uint8 (N, 64, 64, 3), `labels` (N,), `class_names`, `names` (N,) in the form of "v" or, for a
variant, "v:1F3FB", and `skin_tone_variant` bool (N,).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.pictures import resize_all
from esvae_core.data.splits import held_out
from esvae_core.errors import CorruptDataError, DataError
from esvae_core.npz import read_npz

FILE = "emoji64.npz"
_TEST_FRACTION = 1 / 6


def load(request: Request) -> ImageSet:
    """Load emoji; with the option "all" skin-tone variants, too, each in the same split as the emoji it varies."""
    if request.option not in ("", "all"):
        raise DataError(f"emoji:{request.option}: expected emoji or emoji:all")
    path = request.files[FILE]
    file = _read(path)
    labels, names = file["labels"].astype(np.int64), file["names"]
    wanted = ~file["skin_tone_variant"] | (request.option == "all")
    indices = np.flatnonzero(wanted & (_is_test(names, labels) == (request.part == "test")))

    def make() -> Arrays:
        raw = file["images"][indices].transpose(0, 3, 1, 2)
        return {"images": resize_all(np.ascontiguousarray(raw), request.image_size, request.channels)}

    images = request.remember(f"{request.part} {request.option} {request.sha256}", make)["images"]
    class_names = tuple(str(name) for name in file["class_names"])
    return request.answer(images, labels[indices], class_names, request.sha256)


def _is_test(names: NDArray[Any], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A seeded sixth of each category; "v:1F3FB" varies "v" and goes where that goes."""
    bases = np.array([str(name).split(":")[0] for name in names])
    _, first, base = np.unique(bases, return_index=True, return_inverse=True)
    taken: NDArray[np.bool_] = held_out(labels[first], _TEST_FRACTION, seed=0)[base]
    return taken


def _read(path: Path) -> Arrays:
    """The arrays of the file, checked: nothing in it is unpickled."""
    names = ("images", "labels", "class_names", "names", "skin_tone_variant")
    try:
        arrays: Arrays = read_npz(path, names)
        if missing := [name for name in names if name not in arrays]:
            raise ValueError(f"no {missing[0]}")
    except (OSError, ValueError) as error:
        raise CorruptDataError(f"{path}: expected an .npz file with {', '.join(names)}, found: {error}") from error
    images, labels = arrays["images"], arrays["labels"]
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or 0 in images.shape:
        raise CorruptDataError(f"{path}: images of {images.dtype} {images.shape}, expected uint8 (N, 64, 64, 3)")
    if any(arrays[name].shape != (len(images),) for name in ("labels", "names", "skin_tone_variant")):
        raise CorruptDataError(f"{path}: expected one label, name and variant mark for each of {len(images)} images")
    if labels.dtype.kind not in "ui" or labels.min() < 0 or labels.max() >= len(arrays["class_names"]):
        raise CorruptDataError(f"{path}: expected labels from 0 to {len(arrays['class_names']) - 1}")
    if arrays["skin_tone_variant"].dtype != np.bool_:
        raise CorruptDataError(f"{path}: expected skin_tone_variant to be true or false")
    return arrays
