"""Any folder of pictures as a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from esvae_core.data import columns
from esvae_core.data.hashes import fingerprint
from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.pictures import read_all, to_model_input
from esvae_core.data.splits import held_out
from esvae_core.errors import DataError, MissingDataError

_TEST_FRACTION = 1 / 6


def load(request: Request) -> ImageSet:
    """Load the folder that the option names.

    Pictures are found at any depth, cropped to their centre square and resized. A picture's class is the first folder
    on the way to it, or the folder itself. A seeded sixth of each class is the test split. An `attributes.csv` in the
    folder says more about the pictures, see `columns.read_columns`.
    """
    root = Path(request.option).expanduser()
    if not request.option or not root.is_dir():
        raise MissingDataError(f"folder:{request.option}: no such folder; expected folder:PATH with pictures in PATH")
    files = [path.relative_to(root) for path in sorted(root.rglob("*")) if path.is_file()]
    names = [file.as_posix() for file in files if not any(part.startswith(".") for part in file.parts)]
    notes = columns.FILE in names
    names = [name for name in names if name != columns.FILE]

    def convert(image: Image.Image) -> NDArray[np.uint8]:
        return to_model_input(image, image_size=request.image_size, channels=request.channels)

    def make() -> Arrays:
        images, kept, skipped = read_all([root / name for name in names], names, convert)
        return {"images": images, "kept": kept, "skipped": np.array(skipped, dtype=np.str_)}

    sha256 = fingerprint(root, names)
    arrays = request.remember(sha256, make)
    if not len(arrays["kept"]):
        raise DataError(f"{request.name}: none of the {len(names)} files in {root} is a picture that can be read")
    classes = [_first_folder(names[i]) or root.resolve().name for i in arrays["kept"]]
    class_names, labels = np.unique(np.array(classes), return_inverse=True)
    kept = [names[i] for i in arrays["kept"]]
    known = columns.read_columns(root / columns.FILE, kept) if notes else {}
    test = held_out(labels, _TEST_FRACTION, seed=0)
    mine = np.flatnonzero(test if request.part == "test" else ~test)
    return request.answer(
        arrays["images"][mine],
        labels[mine],
        tuple(str(name) for name in class_names),
        sha256,
        skipped=tuple(str(line) for line in arrays["skipped"]),
        columns={title: column[mine] for title, column in known.items()},
    )


def _first_folder(name: str) -> str:
    return name.partition("/")[0] if "/" in name else ""
