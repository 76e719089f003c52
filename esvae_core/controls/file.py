"""The file of controls beside a checkpoint, NAME.controls.npz: named arrays and words, checked when they are read.

It is bound to the weights by their content hash, as an atlas is.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, StringConstraints, ValidationError

from esvae_core.controls.directions import KNOTS, Control, Controls, Coordinates, Evidence, Source
from esvae_core.errors import CorruptDataError, InputError
from esvae_core.files import write_atomically
from esvae_core.npz import read_npz

SUFFIX = ".controls.npz"
FORMAT_VERSION = 1
MOST = 512
"""Controls of one model."""
_MAX_RANK = 64
_LARGEST = 1e6  # of any number in the arrays

_Parts = dict[str, NDArray[Any]]
_Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f=]*$")]


class _Words(BaseModel):
    """What a control says in words and single numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Name
    source: Source
    attribute: _Line
    unit: _Line
    size: FiniteFloat
    steerable: bool
    why: _Line
    reach: tuple[FiniteFloat, FiniteFloat]
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=4)]


class _About(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    controls: Annotated[tuple[_Words, ...], Field(max_length=MOST)]
    coordinates: Coordinates
    knots: tuple[FiniteFloat, ...]
    dataset: _Line
    dataset_sha256: _Line
    checkpoint_sha256: _Line


def beside(checkpoint: Path | str) -> Path:
    """Where a checkpoint's controls are: NAME.safetensors -> NAME.controls.npz."""
    return Path(checkpoint).with_suffix(SUFFIX)


def write_controls(
    path: Path | str, controls: Sequence[Control], *, dataset: str, dataset_sha256: str, checkpoint_sha256: str
) -> None:
    """Write the controls of one model; the file appears whole or not at all.

    Raises:
        InputError: there are none, or too many.
    """
    if not 1 <= len(controls) <= MOST:
        raise InputError(f"controls: expected 1 to {MOST}, got {len(controls)}")
    first = controls[0]
    words = [{name: getattr(control, name) for name in _Words.model_fields} for control in controls]
    for word in words:
        word["evidence"] = [asdict(each) for each in word["evidence"]]
    about = {
        "format_version": FORMAT_VERSION,
        "controls": words,
        "coordinates": first.coordinates,
        "knots": KNOTS,
        "dataset": dataset,
        "dataset_sha256": dataset_sha256,
        "checkpoint_sha256": checkpoint_sha256,
    }
    rank = max(control.left.shape[1] for control in controls)
    parts: dict[str, NDArray[Any]] = {
        "middle": first.middle.astype(np.float32),
        "shift": np.stack([control.shift for control in controls]).astype(np.float32),
        "gain": np.stack([control.gain for control in controls]).astype(np.float32),
        "left": np.stack([_padded(control.left, rank, 1) for control in controls]).astype(np.float16),
        "right": np.stack([_padded(control.right, rank, 0) for control in controls]).astype(np.float16),
    }
    content = io.BytesIO()
    words_alone = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez_compressed(content, about=words_alone, **parts)  # type: ignore[arg-type]
    write_atomically(Path(path), content.getvalue())


def read_controls(checkpoint: Path | str, sha256: str, size: int) -> Controls:
    """The controls beside a checkpoint; none if there is no file.

    Args:
        checkpoint: The checkpoint's file.
        sha256: Content hash of its weights.
        size: d, of its latent.

    Raises:
        CorruptDataError: the file is damaged, of a later version, or belongs to other weights.
    """
    path = beside(checkpoint)
    if not path.exists():
        return Controls(where=Path(checkpoint).name)
    raw, parts = _unpacked(path)
    try:
        about = _About.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:4])
        raise CorruptDataError(f"{path}: damaged controls: {where}: {first['msg'][:200]}") from None
    wrong = _wrong(about, parts, size)
    if wrong:
        raise CorruptDataError(f"{path}: damaged controls: {wrong}")
    if about.checkpoint_sha256 != sha256:
        raise CorruptDataError(f"{path}: belongs to other weights than those of {Path(checkpoint).name}; make it anew")
    exact = {name: part.astype(np.float64) for name, part in parts.items()}
    controls = tuple(
        Control(
            **{name: getattr(words, name) for name in _Words.model_fields},
            coordinates=about.coordinates,
            middle=exact["middle"],
            shift=exact["shift"][i],
            left=exact["left"][i],
            right=exact["right"][i],
            gain=exact["gain"][i],
        )
        for i, words in enumerate(about.controls)
    )
    return Controls(controls, where=Path(checkpoint).name)


def _unpacked(path: Path) -> tuple[dict[str, Any], _Parts]:
    """Words and arrays of the file, of a version that can be read; nothing in it is executed."""
    try:
        parts = read_npz(path)
        about: dict[str, Any] = json.loads(parts.pop("about").tobytes())
        version = about.pop("format_version")
    except Exception as error:  # NumPy and JSON each raise several kinds on bad bytes
        reason = " ".join(str(error).split()) or type(error).__name__
        raise CorruptDataError(f"{path}: expected controls written by esvae ({reason})") from error
    if version not in range(1, FORMAT_VERSION + 1):
        raise CorruptDataError(f"{path}: expected controls of version 1 to {FORMAT_VERSION}, found {version!r}")
    return about, parts


def _wrong(about: _About, parts: _Parts, size: int) -> str:
    """Which part is missing or does not fit, in a few words; "" if all do."""
    count = len(about.controls)
    if len({words.name for words in about.controls}) != count:
        return "expected different names"
    if about.knots != KNOTS:
        return f"knots: expected {KNOTS}, found {about.knots!r:.200}"
    left = parts.get("left", np.empty(0))
    rank = left.shape[2] if left.ndim == 3 else -1
    shapes: dict[str, tuple[int, ...]] = {
        "middle": (size,),
        "shift": (count, size),
        "gain": (count, len(KNOTS)),
        "left": (count, size, rank),
        "right": (count, rank, size),
    }
    if set(parts) != set(shapes) or not 0 <= rank <= _MAX_RANK:
        return f"expected {', '.join(shapes)}, found {', '.join(sorted(parts))[:200] or 'nothing'}"
    for name, shape in shapes.items():
        part = parts[name]
        if part.shape != shape or part.dtype.kind != "f":
            return f"{name}: expected numbers of shape {shape}, found {part.dtype} of shape {part.shape}"
        if not bool((np.abs(part.astype(np.float64)) <= _LARGEST).all()):
            return f"{name}: expected finite numbers"
    return ""


def _padded(matrix: NDArray[np.float64], rank: int, axis: int) -> NDArray[np.float64]:
    """The matrix with zeros up to that rank."""
    missing = [(0, 0), (0, 0)]
    missing[axis] = (0, rank - matrix.shape[axis])
    return np.pad(matrix, missing)
