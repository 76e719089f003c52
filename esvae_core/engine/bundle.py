"""A plan as one binary file: what the browser loads.

All numbers are little-endian::

    0   8 bytes   magic 'ESVAEENG'
    8   uint32    version of this layout
    12  uint32    length of the header, a multiple of 16
    16  32 bytes  SHA-256 of everything behind it: the bundle's name for its content
    48  header    JSON, padded with spaces: {"model": settings, "tensors": [{"name", "shape", "offset"}]}
    ..  data      float32; offsets count from the data's start and are multiples of 16, gaps are zeros

Tensors and offsets follow from the settings (`tensor_shapes`, or `plain.tensor_shapes` of a model without spikes); a
file that says otherwise is refused. The twin of the reader is `web/engine/bundle.js`; it reads both kinds, the one
here only spiking ones.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from esvae_core.config import FSVAEConfig, ImageModelConfig, ModelConfig, SpikingModelConfig, parse
from esvae_core.engine.plan import F32, Plan, tensor_shapes
from esvae_core.errors import CheckpointContentError, CheckpointVersionError, ConfigError, NotACheckpointError

MAGIC = b"ESVAEENG"
VERSION = 2
_LATER = {
    "surrogate_shape": "box",
    "learned_leak": False,
    "learned_readout": False,
    "frames": False,
    "lead_steps": 0,
    "dynamics": "lif",
    "prior": "linear",
}
"""Settings of model and neurons that came after this version, and what they were before. At that they are left out, so
that a model keeps the hash by which links and recipes know it."""
START = 48
"""Bytes before the header."""
_ALIGN = 16


def aligned(size: int) -> int:
    """The next multiple of 16 bytes."""
    return -(-size // _ALIGN) * _ALIGN


class _Folded(Protocol):
    @property
    def config(self) -> ImageModelConfig: ...

    @property
    def tensors(self) -> Mapping[str, F32]: ...

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]: ...


def _layout(shapes: Mapping[str, tuple[int, ...]]) -> tuple[list[dict[str, Any]], int]:
    """The header's table of tensors, and the length of the data in bytes."""
    table, offset = [], 0
    for name, shape in shapes.items():
        table.append({"name": name, "shape": list(shape), "offset": offset})
        offset += aligned(4 * math.prod(shape))
    return table, offset


def to_bundle(plan: _Folded) -> bytes:
    """The plan as a file; the same plan always gives the same bytes."""
    header, *data = _contents(plan)
    return _framed(header, data)


def plan_hash(plan: _Folded) -> str:
    """The content hash of a plan's bundle, without a copy of all its tensors."""
    digest = hashlib.sha256()
    for part in _contents(plan):
        digest.update(part)
    return digest.hexdigest()


def _contents(plan: _Folded) -> Iterator[bytes]:
    """A bundle's header, then the data of one tensor after the other."""
    table, _ = _layout(plan.shapes)
    yield _header_bytes({"model": _settings(plan.config), "tensors": table})
    for name in plan.shapes:
        raw = np.ascontiguousarray(plan.tensors[name], "<f4").tobytes()
        yield raw.ljust(aligned(len(raw)), b"\0")


def framed(about: Mapping[str, Any], data: bytes) -> bytes:
    """A file of this layout: a header that says that, and the data behind it."""
    return _framed(_header_bytes(about), [data])


def _header_bytes(about: Mapping[str, Any]) -> bytes:
    header = json.dumps(about, sort_keys=True, separators=(",", ":")).encode()
    return header.ljust(aligned(len(header)))


def _framed(header: bytes, data: Sequence[bytes]) -> bytes:
    digest = hashlib.sha256(header)
    for part in data:
        digest.update(part)
    sizes = VERSION.to_bytes(4, "little") + len(header).to_bytes(4, "little")
    return b"".join((MAGIC, sizes, digest.digest(), header, *data))


def _settings(config: ImageModelConfig) -> dict[str, Any]:
    def kept(values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: kept(value) if isinstance(value, dict) else value
            for name, value in values.items()
            if name not in _LATER or value != _LATER[name]
        }

    return kept(config.model_dump(mode="json"))


def content_hash(bundle: bytes) -> str:
    """The SHA-256 that a bundle carries, in hex: equal for equal content."""
    return bundle[16:START].hex()


def from_bundle(raw: bytes) -> Plan:
    """Read a plan back, and check all of it.

    Raises:
        NotACheckpointError: the bytes are something else, or truncated.
        CheckpointVersionError: written by another version of this library.
        CheckpointContentError: damaged, or header and data do not fit together.
    """
    if raw[: len(MAGIC)] != MAGIC:
        raise NotACheckpointError(f"bundle: expected an engine bundle, found {_seen(raw)}")
    if len(raw) < START:
        raise NotACheckpointError(f"bundle: truncated: expected at least {START} bytes, found {len(raw)}")
    version, length = (int.from_bytes(raw[at : at + 4], "little") for at in (8, 12))
    if version != VERSION:
        what = "please update esvae" if version > VERSION else "write it anew from its checkpoint"
        raise CheckpointVersionError(f"bundle: version {version}, this library reads version {VERSION}; {what}")
    start = START + length
    if start > len(raw):
        raise NotACheckpointError(f"bundle: truncated: expected a header up to byte {start:,}, found {len(raw):,}")
    if length % _ALIGN:
        raise CheckpointContentError(
            f"bundle: header: expected a length that is a multiple of {_ALIGN}, found {length}"
        )
    header = _header(raw[START:start])
    config = _config(header)
    table, size = _layout(tensor_shapes(config))
    if header["tensors"] != table:
        raise CheckpointContentError(f"bundle: tensors: {_difference(header['tensors'], table)}")
    if len(raw) < start + size:
        raise NotACheckpointError(f"bundle: truncated: expected {start + size:,} bytes, found {len(raw):,}")
    if len(raw) > start + size:
        raise CheckpointContentError(f"bundle: expected {start + size:,} bytes, found {len(raw):,}")
    if hashlib.sha256(raw[START:]).digest() != raw[16:START]:
        raise CheckpointContentError("bundle: damaged: its content does not match its SHA-256; write or load it anew")
    tensors = {}
    for entry in table:
        count = math.prod(entry["shape"])
        values = np.frombuffer(raw, "<f4", count, start + entry["offset"]).astype(np.float32)
        if not bool(np.isfinite(values).all()):
            raise CheckpointContentError(
                f"bundle: {entry['name']}: expected finite numbers, found NaN or infinite ones"
            )
        tensors[entry["name"]] = values.reshape(entry["shape"])
    return Plan(config, tensors)


def _seen(raw: bytes) -> str:
    if not raw:
        return "no bytes"
    return "a truncated file" if MAGIC.startswith(raw[: len(MAGIC)]) else "another format"


def _header(raw: bytes) -> dict[str, Any]:
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError):
        raise CheckpointContentError("bundle: header: expected JSON, found something else") from None
    if not isinstance(header, dict) or header.keys() != {"model", "tensors"}:
        raise CheckpointContentError("bundle: header: expected an object of 'model' and 'tensors'")
    return header


def _config(header: dict[str, Any]) -> SpikingModelConfig:
    settings = header["model"]
    kind = settings.get("kind") if isinstance(settings, dict) else None
    try:
        return parse(FSVAEConfig if kind == "fsvae" else ModelConfig, settings, "bundle: model")
    except ConfigError as error:
        raise CheckpointContentError(str(error)) from error


def _difference(found: Any, expected: list[dict[str, Any]]) -> str:
    if not isinstance(found, list) or len(found) != len(expected):
        return f"expected a list of {len(expected)}"
    at = next(i for i, entry in enumerate(expected) if found[i] != entry)
    return f"expected {json.dumps(expected[at])} as number {at + 1}"
