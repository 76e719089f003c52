"""Named arrays and a few words of JSON in one .npz file: what lies beside a checkpoint (atlas, controls)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import CorruptDataError
from esvae_core.files import write_atomically

Parts = dict[str, NDArray[Any]]


def write(path: Path | str, about: Mapping[str, Any], parts: Mapping[str, NDArray[Any]], version: int) -> None:
    """Write the file, whole or not at all; the same content is the same bytes."""
    words = json.dumps({**about, "format_version": version})
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, about=np.frombuffer(words.encode(), np.uint8), **parts)
    write_atomically(Path(path), content.getvalue())


def read(path: Path | str, what: str, latest: int, most_bytes: int) -> tuple[Any, Parts]:
    """Words and arrays of a file; nothing in it is executed, and neither are its parts checked.

    Args:
        path: The file.
        what: What is expected, for messages: "an atlas".
        latest: Latest version that can be read.
        most_bytes: More than such a file unpacks to; a small file can claim any size.

    Raises:
        CorruptDataError: if it is missing, damaged, too large, or of a later version.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > most_bytes:
            raise CorruptDataError(f"{path}: expected {what} of at most {most_bytes:,} bytes, found {size:,}")
        with np.load(path, allow_pickle=False) as file:
            parts = {name: file[name] for name in file.files}
        about = json.loads(parts.pop("about").tobytes())
        version = about.pop("format_version")
    except CorruptDataError:
        raise
    except Exception as error:  # zip, zlib, NumPy and JSON each raise several kinds on bad bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CorruptDataError(f"{path}: expected {what} written by esvae ({reason})") from error
    if version not in range(1, latest + 1):
        raise CorruptDataError(f"{path}: expected {what} of version 1 to {latest}, found {version!r}")
    return about, parts
