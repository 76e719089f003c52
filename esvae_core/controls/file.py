"""The file of controls beside a checkpoint, NAME.controls.npz: named arrays and words, checked when they are read.

It is bound to the weights by their content hash, as an atlas is. Files of version 1 hold controls alone; version 2 adds
what was measured of attributes, see `esvae_core.controls.measured`; version 3 the fields of negative amounts, of those
controls that have others than of positive amounts.
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

from esvae_core.controls.directions import KNOTS, Control, Controls, Coordinates, Evidence, Source, stacked
from esvae_core.controls.directions import Field as Vectors
from esvae_core.controls.measured import Attribute, Kind, Measured
from esvae_core.errors import CorruptDataError, InputError
from esvae_core.files import write_atomically
from esvae_core.npz import read_npz

SUFFIX = ".controls.npz"
FORMAT_VERSION = 3
MOST = 512
"""Controls of one model."""
_MAX_RANK = 64
_LARGEST = 1e6  # of any number in the arrays
_MOST_ATTRIBUTES = 256
_MOST_WORDS = 1000  # of a category
_TOP = 2**16 - 2  # levels that values are stored in; one more stands for "undefined"
_UNDEFINED = _TOP + 1
_FURTHEST = 1e30  # of an attribute's values, so that ranges stay finite
_DOWN = "_down"  # ends the names of arrays of the fields of negative amounts
_WHOLE = ("images", "values")  # whole numbers; all else are floats

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
    two_sides: bool = False
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=4)]


class _Attribute(BaseModel):
    """An attribute in words, and the range of its values in the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Name
    unit: _Line
    kind: Kind
    how: _Line
    undefined: _Line
    period: FiniteFloat
    categories: Annotated[tuple[_Line, ...], Field(max_length=_MOST_WORDS)]
    parts: tuple[_Line, ...]
    from_pixels: bool
    low: FiniteFloat
    high: FiniteFloat


class _Measured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    train_images: Annotated[int, Field(ge=0)]
    attributes: Annotated[tuple[_Attribute, ...], Field(min_length=1, max_length=_MOST_ATTRIBUTES)]


class _About(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    controls: Annotated[tuple[_Words, ...], Field(max_length=MOST)]
    coordinates: Coordinates
    knots: tuple[FiniteFloat, ...]
    dataset: _Line
    dataset_sha256: _Line
    checkpoint_sha256: _Line
    measured: _Measured | None = None


def beside(checkpoint: Path | str) -> Path:
    """Where a checkpoint's controls are: NAME.safetensors -> NAME.controls.npz."""
    return Path(checkpoint).with_suffix(SUFFIX)


def write_controls(
    path: Path | str,
    controls: Sequence[Control],
    *,
    dataset: str,
    dataset_sha256: str,
    checkpoint_sha256: str,
    measured: Measured | None = None,
) -> None:
    """Write the controls of one model; the file appears whole or not at all.

    Args:
        path: Where.
        controls: At least one, of one model.
        dataset: Name of the data set that they were made with.
        dataset_sha256: Hash of its files.
        checkpoint_sha256: Hash of the model's tensors.
        measured: What was measured of attributes; without it, and without fields of one side, the file is one of
            version 1.

    Raises:
        InputError: there are none, or too many.
    """
    if not 1 <= len(controls) <= MOST:
        raise InputError(f"controls: expected 1 to {MOST}, got {len(controls)}")
    first = controls[0]
    words = [{name: getattr(control, name) for name in _Words.model_fields} for control in controls]
    for word in words:
        word["evidence"] = [asdict(each) for each in word["evidence"]]
    down = [control.down for control in controls if control.two_sides]
    version = FORMAT_VERSION if down else 1 if measured is None else 2
    if version < FORMAT_VERSION:  # as earlier versions of this library wrote and read them
        for word in words:
            del word["two_sides"]
    about = {
        "format_version": version,
        "controls": words,
        "coordinates": first.coordinates,
        "knots": KNOTS,
        "dataset": dataset,
        "dataset_sha256": dataset_sha256,
        "checkpoint_sha256": checkpoint_sha256,
    }
    parts: _Parts = {
        "middle": first.middle.astype(np.float32),
        "gain": np.stack([control.gain for control in controls]).astype(np.float32),
    }
    parts |= _field_parts([control.up for control in controls])
    if down:
        parts |= {name + _DOWN: part for name, part in _field_parts(down).items()}
    if measured is not None:
        about["measured"], more = _table_parts(measured)
        parts |= more
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
    measured = _table_of(about.measured, parts) if about.measured is not None else None
    middle, gain = (parts[name].astype(np.float64) for name in ("middle", "gain"))
    ups, downs = _fields(parts, ""), iter(_fields(parts, _DOWN))
    controls = []
    for words, up, far in zip(about.controls, ups, gain, strict=True):
        said = {name: getattr(words, name) for name in _Words.model_fields if name != "two_sides"}
        down = next(downs) if words.two_sides else up
        controls.append(Control(**said, coordinates=about.coordinates, middle=middle, up=up, down=down, gain=far))
    return Controls(tuple(controls), Path(checkpoint).name, measured, about.dataset, about.dataset_sha256)


def _table_parts(measured: Measured) -> tuple[dict[str, Any], _Parts]:
    """Attributes with the ranges of their values, and arrays; values take 16 bits each."""
    attributes, levels = [], np.full(measured.values.shape, _UNDEFINED, np.uint16)
    for k, (attribute, column) in enumerate(zip(measured.attributes, measured.values.T, strict=True)):
        known = np.isfinite(column)
        low, high = (float(column[known].min()), float(column[known].max())) if known.any() else (0.0, 0.0)
        levels[known, k] = np.rint((column[known] - low) / ((high - low) or 1.0) * _TOP)
        attributes.append(asdict(attribute) | {"low": low, "high": high})
    parts: _Parts = {
        "correlation": measured.correlation.astype(np.float16),
        "images": measured.images.astype(np.uint32),
        "values": levels,
    }
    return {"train_images": measured.train_images, "attributes": attributes}, parts


def _table_of(about: _Measured, parts: _Parts) -> Measured:
    attributes = tuple(Attribute(**each.model_dump(exclude={"low", "high"})) for each in about.attributes)
    low, high = (np.array([getattr(each, end) for each in about.attributes]) for end in ("low", "high"))
    levels = parts["values"]
    values = low + levels / _TOP * (high - low)
    for k, attribute in enumerate(attributes):
        if attribute.kind == "category":
            values[:, k] = np.rint(values[:, k])
    values[levels == _UNDEFINED] = np.nan
    correlation = parts["correlation"].astype(np.float64)
    return Measured(attributes, correlation, about.train_images, parts["images"].astype(np.int64), values)


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
    shapes: dict[str, tuple[int, ...]] = {"middle": (size,), "gain": (count, len(KNOTS))}
    sides = {"": count, _DOWN: sum(words.two_sides for words in about.controls)}
    for end, fields in sides.items():
        if fields:
            left = parts.get("left" + end, np.empty(0))
            rank = min(left.shape[2], _MAX_RANK) if left.ndim == 3 else 0
            of_side = {"shift": (fields, size), "left": (fields, size, rank), "right": (fields, rank, size)}
            shapes |= {name + end: shape for name, shape in of_side.items()}
    if about.measured is not None:
        attributes, images = len(about.measured.attributes), len(parts.get("images", ()))
        shapes |= {"correlation": (attributes, size), "images": (images,), "values": (images, attributes)}
    if set(parts) != set(shapes):
        return f"expected {', '.join(shapes)}, found {', '.join(sorted(parts))[:200] or 'nothing'}"
    for name, shape in shapes.items():
        part = parts[name]
        if part.shape != shape or part.dtype.kind != ("u" if name in _WHOLE else "f"):
            return f"{name}: expected numbers of shape {shape}, found {part.dtype} of shape {part.shape}"
        if name not in _WHOLE and not bool((np.abs(part.astype(np.float64)) <= _LARGEST).all()):
            return f"{name}: expected finite numbers"
    return _wrong_table(about.measured, parts) if about.measured is not None else ""


def _wrong_table(about: _Measured, parts: _Parts) -> str:
    """What does not fit in the table of attributes; "" if all does."""
    names = [each.name for each in about.attributes]
    if len(set(names)) != len(names):
        return "attributes: expected different names"
    if parts["values"].dtype != np.uint16 or parts["images"].dtype.itemsize > 4:
        return f"values: expected uint16, found {parts['values'].dtype}; images: found {parts['images'].dtype}"
    if not bool((np.abs(parts["correlation"].astype(np.float64)) <= 1.001).all()):
        return "correlation: expected numbers from -1 to 1"
    for each in about.attributes:
        within = each.low <= each.high and max(abs(each.low), abs(each.high)) < _FURTHEST
        if each.kind == "category":
            within = within and each.low >= 0 and each.high <= max(0, len(each.categories) - 1)
        if not within or (each.kind == "circular" and not each.period > 0):
            return f"{each.name}: expected a range of values that fits its kind, found {each.low:g} to {each.high:g}"
    return ""


def _field_parts(fields: Sequence[Vectors]) -> _Parts:
    """Arrays of fields, as the file holds them."""
    all_of_them = stacked(fields)
    return {
        "shift": all_of_them.shift.astype(np.float32),
        "left": all_of_them.left.astype(np.float16),
        "right": all_of_them.right.astype(np.float16),
    }


def _fields(parts: _Parts, end: str) -> list[Vectors]:
    """The fields whose arrays' names end so."""
    arrays = [parts[name + end].astype(np.float64) for name in Vectors._fields if name + end in parts]
    return [Vectors(*each) for each in zip(*arrays, strict=True)]
