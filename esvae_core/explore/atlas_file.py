"""The file of an atlas: named arrays and a few words of JSON in one .npz, all of it checked when it is read."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from esvae_core.errors import CorruptDataError
from esvae_core.files import write_atomically
from esvae_core.npz import read_npz

FORMAT_VERSION = 2
CONTRAST = ("moved", "redrawn", "clear")
ABOUT: dict[str, type] = {
    "class_names": list,
    "time_steps": int,
    "dataset": str,
    "dataset_sha256": str,
    "checkpoint_sha256": str,
}
MAX_CLASSES = 4096
_MAP = ("map_2d", "map_3d", "trust_2d", "trust_3d")
_KINDS = {"counts": "ui", "labels": "ui", "indices": "ui", "tile_positions": "ui", "tiles": "u", "effect": "f"}
_MORE_KINDS = {"errors": "f", "moved": "f", "redrawn": "f", "clear": "b"} | dict.fromkeys(_MAP, "u")

Parts = dict[str, NDArray[Any]]


def write(path: Path | str, about: Mapping[str, Any], parts: Mapping[str, NDArray[Any]]) -> None:
    """Write the file, whole or not at all."""
    words = json.dumps({**about, "format_version": FORMAT_VERSION})
    content = io.BytesIO()
    np.savez_compressed(content, about=np.frombuffer(words.encode(), np.uint8), **parts)  # type: ignore[arg-type]
    write_atomically(Path(path), content.getvalue())


def read(path: Path | str) -> tuple[dict[str, Any], Parts]:
    """Words and arrays of a file of any version so far, checked; nothing in it is executed.

    Raises:
        CorruptDataError: if it is missing, damaged, of a later version, or its parts do not fit together.
    """
    path = Path(path)
    try:
        parts = read_npz(path)
        about = json.loads(parts.pop("about").tobytes())
        version = about.pop("format_version")
    except Exception as error:  # JSON of any content raises several kinds
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CorruptDataError(f"{path}: expected an atlas written by esvae ({reason})") from error
    if version not in range(1, FORMAT_VERSION + 1):
        raise CorruptDataError(f"{path}: expected an atlas of version 1 to {FORMAT_VERSION}, found {version!r}")
    wrong = _wrong(parts, about) or _wrong_numbers(parts, about)
    if wrong:
        raise CorruptDataError(f"{path}: damaged atlas: {wrong}")
    return about, parts


def _wrong(parts: Parts, about: Any) -> str:
    """What is missing, too much or of another kind, in a few words; "" if nothing is."""
    if not isinstance(about, dict) or set(about) - {"map"} != set(ABOUT):
        return f"expected words on {', '.join(ABOUT)}, found {about!r:.200}"
    groups = [(*CONTRAST,), ("errors",), _MAP]
    allowed = set(_KINDS).union(*(group for group in groups if set(group) <= set(parts)))
    if set(parts) != allowed or (about.get("map") is None) == ("map_2d" in parts):
        return f"expected {', '.join(_KINDS)} and more that belongs together, found {', '.join(parts) or 'nothing'}"
    for name, kind in ABOUT.items():
        if not isinstance(about[name], kind):
            return f"{name}: expected {kind.__name__}, found {about[name]!r}"
    for name, kinds in (_KINDS | _MORE_KINDS).items():
        if name in parts and parts[name].dtype.kind not in kinds:
            return f"{name}: found numbers of type {parts[name].dtype}"
    if not len(about["class_names"]) <= MAX_CLASSES or not all(isinstance(name, str) for name in about["class_names"]):
        return f"class_names: expected at most {MAX_CLASSES:,} texts, found {about['class_names']!r:.200}"
    drawn = about.get("map")
    for name in ("trust_2d", "trust_3d") if drawn is not None else ():
        if not isinstance(drawn, dict) or not isinstance(drawn.get(name), float) or not 0 <= drawn[name] <= 1:
            return f"map: expected its settings and {name} from 0 to 1, found {drawn!r:.200}"
    return ""


def _wrong_numbers(parts: Parts, about: dict[str, Any]) -> str:
    """Which array's shape or content does not fit the others; "" if all do."""
    counts, tiles = parts["counts"], parts["tiles"]
    if counts.ndim != 2 or not len(counts):
        return f"counts: found shape {counts.shape}"
    if tiles.ndim != 4 or tiles.shape[3] not in (1, 3) or tiles.dtype != np.uint8:
        return f"tiles: found {tiles.dtype} of shape {tiles.shape}"
    points, dims = counts.shape
    shapes: dict[str, tuple[int, ...]] = {
        **dict.fromkeys(("labels", "indices", "errors", "trust_2d", "trust_3d"), (points,)),
        **dict.fromkeys(("effect", *CONTRAST), (dims,)),
        "tile_positions": tiles.shape[:1],
        "map_2d": (points, 2),
        "map_3d": (points, 3),
    }
    for name, shape in shapes.items():
        if name in parts and parts[name].shape != shape:
            return f"{name}: found shape {parts[name].shape}"
    limits = {
        "counts": about["time_steps"] + 1,
        "labels": len(about["class_names"]),
        "indices": 2**40,
        "tile_positions": points,
        "map_2d": 2**16,
        "map_3d": 2**16,
        "trust_2d": 2**8,
        "trust_3d": 2**8,
    }
    for name, limit in limits.items():
        values = parts.get(name, np.empty(0))
        if values.size and not 0 <= int(values.min()) <= int(values.max()) < limit:
            return f"{name}: expected numbers from 0 to {limit - 1}, found {values.min()} to {values.max()}"
    for name in ("effect", "errors", "moved", "redrawn"):
        if name in parts and not np.isfinite(parts[name]).all():
            return f"{name}: found NaN or infinite numbers"
    return ""
