"""CelebA in its standard layout: a folder of aligned faces and two lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from esvae_core.data.hashes import fingerprint
from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.pictures import center_crop, read_all, to_model_input
from esvae_core.errors import CorruptDataError, DataError
from esvae_core.files import open_regular

IMAGES = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"
DEFAULT = "Smiling"
_CROP = 148  # pixels; the usual crop, which leaves the face
_PARTS = {"train": "0", "test": "2"}  # 1 is CelebA's own validation split; ours is drawn from train, as everywhere


def load(request: Request) -> ImageSet:
    """Load CelebA, centre-cropped to 148 pixels; the option is the attribute that serves as label, or "none"."""
    partition = _table(request.files[PARTITION], header=False)[1]
    files = [name for name, values in partition.items() if values[:1] == [_PARTS[request.part]]]
    attributes = _attributes(request, files)
    class_names, labels = _labels(request, attributes, len(files))
    paths = [request.files[IMAGES] / name for name in files]

    def convert(image: Image.Image) -> NDArray[np.uint8]:
        return to_model_input(center_crop(image, _CROP), image_size=request.image_size, channels=request.channels)

    def make() -> Arrays:
        images, kept, skipped = read_all(paths, files, convert)
        return {"images": images, "kept": kept, "skipped": np.array(skipped, dtype=np.str_)}

    sha256 = fingerprint(request.files[IMAGES], files)
    arrays = request.remember(f"{request.part} {sha256}", make)
    kept = arrays["kept"]
    return request.answer(
        arrays["images"],
        labels[kept],
        class_names,
        sha256,
        indices=kept,
        skipped=tuple(str(line) for line in arrays["skipped"]),
        columns={name: column[kept] for name, column in attributes.items() if name != class_names[-1]},
    )


def _labels(
    request: Request, attributes: dict[str, NDArray[np.str_]], count: int
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    attribute = request.option or DEFAULT
    if attribute == "none":
        return ("face",), np.zeros(count, np.int64)
    return (f"not {attribute}", attribute), (attributes[attribute] == "yes").astype(np.int64)


def _attributes(request: Request, files: list[str]) -> dict[str, NDArray[np.str_]]:
    """By name, 'yes' or 'no' for each file; the one that is the label first. Nothing for the option "none"."""
    label = request.option or DEFAULT
    if label == "none":
        return {}
    path = request.files[ATTRIBUTES]
    names, rows = _table(path, header=True)
    if label not in names:
        raise DataError(f"celeba:{label}: no such attribute; there are none, {', '.join(names)}")
    columns = {}
    for attribute in sorted(names, key=lambda name: name != label):
        column = names.index(attribute)
        try:
            positive = np.array([int(rows[name][column]) > 0 for name in files], np.bool_)
        except (LookupError, ValueError) as error:
            raise CorruptDataError(f"{path}: no 1 or -1 for attribute {attribute} of every image: {error}") from error
        columns[attribute] = np.where(positive, "yes", "no")
    return columns


def _table(path: Path, *, header: bool) -> tuple[list[str], dict[str, list[str]]]:
    """Column names (the second line, under a count) and a row of words per file."""
    try:
        with open_regular(path) as file:
            lines = file.read().decode("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise CorruptDataError(f"{path}: expected a list in plain text, found: {error}") from error
    rows = [line.split() for line in lines[2 if header else 0 :] if line.strip()]
    if not rows or any(Path(row[0]).name != row[0] for row in rows):  # a name with a folder would leave the folder
        raise CorruptDataError(f"{path}: expected lines that begin with the name of an image")
    return lines[1].split() if header else [], {row[0]: row[1:] for row in rows}
