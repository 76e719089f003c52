"""A NumPy .npz file of images as a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from esvae_core.data.hashes import sha256_of
from esvae_core.data.imageset import ImageSet, Request
from esvae_core.data.own_path import own_path
from esvae_core.data.splits import held_out
from esvae_core.errors import CorruptDataError
from esvae_core.files import shown
from esvae_core.npz import read_npz

_TEST_FRACTION = 1 / 6
_KEYS = ("images", "labels", "factors", "factor_names", "class_names", "test")


def file_of(option: str) -> Path:
    """The file that the option names.

    Raises:
        MissingDataError: there is none.
    """
    problem = f"npz:{shown(option)}: no such file; expected npz:FILE with an array 'images' in FILE"
    return own_path(option, Path.is_file, problem)


def load(request: Request) -> ImageSet:
    """Load the file that the option names.

    Its arrays: `images` as `ImageSet.from_arrays` takes them, cropped to their centre square and resized; and, where
    they are there, `labels` (N,) of numbers or words, `class_names`, `factors` (N, F), `factor_names`, and `test` (N,),
    True for the images of the test split. Without it a seeded sixth of each class is the test split.

    Raises:
        MissingDataError: there is no such file.
        CorruptDataError: it cannot be read, or lacks images.
        DataError: an array is not what it should be.
    """
    path = file_of(request.option)
    try:
        arrays: dict[str, Any] = read_npz(path, _KEYS)
        sha256 = sha256_of(path)
    except (OSError, ValueError) as error:
        raise CorruptDataError(f"{shown(str(path))}: expected an .npz file of arrays: {error}") from error
    if "images" not in arrays:
        raise CorruptDataError(f"{shown(str(path))}: expected an array 'images', found none of that name")
    whole = ImageSet.from_arrays(
        arrays["images"],
        arrays.get("labels"),
        factors=arrays.get("factors"),
        factor_names=_words(arrays.get("factor_names")),
        class_names=_words(arrays.get("class_names")),
        name=request.name,
    )
    test = arrays.get("test")
    if test is None:
        test = held_out(whole.labels, _TEST_FRACTION, seed=0)
    elif test.shape != (len(whole),) or test.dtype != np.bool_:
        raise CorruptDataError(
            f"{shown(str(path))}: test: expected {len(whole)} booleans, found {test.shape} {test.dtype}"
        )
    part = whole.take(np.flatnonzero(test if request.part == "test" else ~test), request.part)
    made = request.remember(
        f"{request.part} {sha256}", lambda: {"images": part.resized(request.image_size, request.channels).images}
    )
    return request.answer(
        made["images"],
        part.labels,
        part.class_names,
        sha256,
        factors=part.factors,
        factor_names=part.factor_names,
    )


def _words(values: Any) -> tuple[str, ...]:
    return () if values is None else tuple(shown(str(value)) for value in np.atleast_1d(values).ravel())
