"""The idx format of MNIST and its relatives: a big-endian header, then bytes; as published in gzip, or unpacked."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from esvae_core.data.imageset import Arrays, ImageSet, Request
from esvae_core.data.pictures import resize_all
from esvae_core.errors import CorruptDataError
from esvae_core.files import open_regular

FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_GZIP = b"\x1f\x8b"
_UBYTE = 8
_LIMIT = 1 << 30  # bytes; twenty times MNIST, so that a forged header cannot fill the memory
_PIECE = 1 << 24


def read(path: Path, ndim: int) -> NDArray[np.uint8]:
    """Read an idx file of bytes.

    Args:
        path: The file, with gzip or without.
        ndim: Number of axes it must have: 1 for labels, 3 for images.

    Raises:
        CorruptDataError: if it is anything else, too short, or too long.
    """
    try:
        with open_regular(path) as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            file = gzip.GzipFile(fileobj=raw) if packed else raw
            header = file.read(4 + 4 * ndim)
            if len(header) < 4 + 4 * ndim or header[:4] != bytes([0, 0, _UBYTE, ndim]):
                raise CorruptDataError(f"{path}: starts with {header[:4].hex()}, expected 000008{ndim:02x} (idx)")
            shape = [int(size) for size in np.frombuffer(header, dtype=">u4", offset=4)]
            count = math.prod(shape)
            if count > _LIMIT:
                raise CorruptDataError(f"{path}: its header says shape {shape}, expected at most {_LIMIT} bytes")
            content = bytearray()
            while len(content) <= count and (piece := file.read(min(count + 1 - len(content), _PIECE))):
                content += piece  # in pieces: reading sets aside as much memory as it asks for
    except (OSError, EOFError, zlib.error) as error:
        raise CorruptDataError(f"{path}: expected a whole idx file, with gzip or without, found: {error}") from error
    if len(content) != count:
        found = "more" if len(content) > count else str(len(content))
        raise CorruptDataError(f"{path}: {found} bytes after the header, expected {count} for shape {shape}")
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)


def load(request: Request, class_names: tuple[str, ...]) -> ImageSet:
    """Load MNIST, Fashion-MNIST or another set of the same four files."""
    images_name, labels_name = FILES[:2] if request.part == "train" else FILES[2:]
    labels = read(request.files[labels_name], 1)
    if len(labels) and labels.max() >= len(class_names):
        raise CorruptDataError(
            f"{request.files[labels_name]}: label {labels.max()} found, expected 0 to {len(class_names) - 1}"
        )

    def make() -> Arrays:
        images = read(request.files[images_name], 3)
        if 0 in images.shape:
            raise CorruptDataError(f"{request.files[images_name]}: shape {images.shape}, expected at least one image")
        return {"images": resize_all(images[:, None], request.image_size, request.channels)}

    images = request.remember(f"{request.part} {request.sha256}", make)["images"]
    if len(images) != len(labels):
        raise CorruptDataError(f"{request.name}: {len(images)} images but {len(labels)} labels")
    return request.answer(images, labels, class_names, request.sha256)
