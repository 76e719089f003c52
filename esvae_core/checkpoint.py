"""Our file format: one .safetensors file with a JSON header that says everything about the model in it.

`load(path)` needs only the path. Nothing in the file is ever executed.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from esvae_core.config import AnyModelConfig, DataConfig, TrainConfig, parse
from esvae_core.controls.directions import Controls
from esvae_core.controls.file import read_controls
from esvae_core.errors import (
    CheckpointContentError,
    CheckpointVersionError,
    ConfigError,
    KindError,
    NotACheckpointError,
)
from esvae_core.files import write_atomically
from esvae_core.model import ImageModel
from esvae_core.models import MODELS, build

FORMAT_VERSION = 2
"""Since version 2 the settings of a model say of which kind it is; files of version 1 hold an ESVAE."""
_KEY = "esvae"
_MAX_HEADER = 16 * 2**20


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class DataRecord(_Record):
    """The data set a model was trained on."""

    name: str = Field(description="Name in the table of data sets.")
    sha256: str = Field(description="Hash that identifies its files.")
    class_names: tuple[str, ...] = Field((), description="Names of the classes, by label.")
    factor_names: tuple[str, ...] = Field((), description="Names of what the images were made from, where known.")


class TrainingRecord(_Record):
    """How long a model was trained, in all runs that led to it, one starting from the other's weights."""

    epochs: int = Field(0, description="Passes over the training split.")
    steps: int = Field(0, description="Optimiser steps.")
    seconds: float = Field(0.0, description="Wall-clock time spent in them.")
    cpu_seconds: float | None = Field(
        None, description="Processor time spent in them, all cores together: does not grow while a run is paused."
    )
    device: str = Field("", description="What it ran on.")
    curve: tuple[dict[str, float], ...] = Field((), description="The log, one row per epoch.")

    def after(self, earlier: TrainingRecord) -> TrainingRecord:
        """Both trainings as one, where this one started from the other's weights; a time that one lacks is unknown."""
        done = {"epoch": earlier.epochs, "step": earlier.steps}
        rows = tuple({name: value + done.get(name, 0) for name, value in row.items()} for row in self.curve)
        devices = [part for record in (earlier, self) if record.device for part in record.device.split(" and ")]
        cpu = None
        if self.cpu_seconds and earlier.cpu_seconds:
            cpu = round(earlier.cpu_seconds + self.cpu_seconds, 1)
        return TrainingRecord(
            epochs=earlier.epochs + self.epochs,
            steps=earlier.steps + self.steps,
            seconds=round(earlier.seconds + self.seconds, 1),
            cpu_seconds=cpu,
            device=" and ".join(dict.fromkeys(devices)),
            curve=(*earlier.curve, *rows),
        )


class Metric(_Record):
    """One measured figure and how it was measured."""

    name: str = Field(description="What was measured, e.g. 'mse'.")
    value: float = Field(description="The figure.")
    protocol: str = Field(description="Data, split, T, sampler, seed: enough to measure it again; then remarks.")


class Header(_Record):
    """Everything a checkpoint says about itself."""

    format_version: int = Field(FORMAT_VERSION, description="Version of this format.")
    name: str = Field(description="Short name, shown in lists.")
    model: AnyModelConfig = Field(description="Shape and dynamics of the network.")
    data: DataConfig | None = Field(None, description="Settings of the training data.")
    train: TrainConfig | None = Field(None, description="Settings of the training.")
    dataset: DataRecord | None = Field(None, description="The data set, by hash.")
    training: TrainingRecord | None = Field(None, description="How long it was trained.")
    metrics: tuple[Metric, ...] = Field((), description="Measured figures with their protocol.")
    source: str = Field("", description="Where the weights come from, if not from training here.")
    versions: dict[str, str] = Field(default_factory=dict, description="Packages and Python that wrote it.")
    created: str = Field("", description="Date and time, UTC.")

    @property
    def taught(self) -> tuple[str, ...]:
        """What the first latent neurons were taught to stand for, one name each (`train.factor_weight`)."""
        return self.dataset.factor_names if self.dataset and self.train and self.train.factor_weight else ()


_M_co = TypeVar("_M_co", bound=ImageModel, covariant=True)
_M = TypeVar("_M", bound=ImageModel)


@dataclass(frozen=True)
class Checkpoint(Generic[_M_co]):
    """A model and what is known about it."""

    model: _M_co
    header: Header
    path: Path | None = None
    """The file it came from."""

    @cached_property
    def controls(self) -> Controls:
        """Named directions of its latent, from the file beside it; none if there is no such file (docs/controls.md).

        Raises:
            CorruptDataError: that file is damaged, or belongs to other weights.
        """
        if self.path is None:
            return Controls()
        return read_controls(self.path, content_hash(self.model.state_dict()), self.model.config.latent_dim)


def content_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 of a state dict's names, shapes and numbers; what else its file says does not matter."""
    digest = hashlib.sha256()
    for name in sorted(state):
        values = state[name].detach().cpu().contiguous().numpy()
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def package_versions() -> dict[str, str]:
    """Versions of the packages that results depend on."""
    names = ("esvae", "torch", "numpy", "numba")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names}


def stamped(header: Header) -> Header:
    """The header with today's date and the installed versions."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return header.model_copy(update={"versions": package_versions(), "created": now})


def record(path: Path | str, known: Checkpoint[ImageModel], metrics: Iterable[Metric]) -> None:
    """Write a checkpoint again with new figures; they replace those of the same name and protocol.

    What stands before the first semicolon tells one protocol from another; behind it are remarks, such as a deviation.
    """
    new = {(m.name, m.protocol.partition(";")[0]): m for m in metrics}
    kept = [m for m in known.header.metrics if (m.name, m.protocol.partition(";")[0]) not in new]
    header = known.header.model_copy(update={"metrics": (*kept, *new.values())})
    save(path, known.model.state_dict(), stamped(header))


def save(path: Path | str, state: dict[str, Tensor], header: Header) -> None:
    """Write a checkpoint; the file appears whole or not at all.

    Args:
        path: where; its folder must exist.
        state: the model's state dict.
        header: what to say about it.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    write_atomically(Path(path), to_bytes(tensors, {_KEY: header.model_dump_json()}))


@overload
def load(path: Path | str) -> Checkpoint[ImageModel]: ...


@overload
def load(path: Path | str, kind: type[_M]) -> Checkpoint[_M]: ...


def load(path: Path | str, kind: type[ImageModel] = ImageModel) -> Checkpoint[ImageModel]:
    """Read a checkpoint; the model comes in evaluation mode, on the CPU.

    Args:
        path: the file.
        kind: class that the model must be of, e.g. ESVAE for what needs firing rates; any unless given.

    Raises:
        KindError: the file holds another kind of model.
        NotACheckpointError: no such file, empty, truncated, or another format.
        CheckpointVersionError: written by a later version.
        CheckpointContentError: a tensor is missing, unknown, of another shape, or not finite; or the header is off.
    """
    path = Path(path)
    header, tensors = read_header(path), {}
    if not issubclass(MODELS[header.model.kind], kind):
        wanted = " or ".join(name for name, made in MODELS.items() if issubclass(made, kind))
        raise KindError(f"{path}: holds a model of kind {header.model.kind}; this is for {wanted} alone")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise NotACheckpointError(f"{path}: truncated or damaged: {error}") from error
    with torch.device("meta"):
        model = build(header.model)
    expected = model.state_dict()
    for name, wanted in expected.items():
        if name not in tensors:
            raise CheckpointContentError(f"{path}: {name}: expected a tensor of shape {_shape(wanted)}, found none")
        found = tensors[name]
        if found.shape != wanted.shape or found.dtype != wanted.dtype:
            raise CheckpointContentError(f"{path}: {name}: expected {_shape(wanted)}, found {_shape(found)}")
        if not bool(torch.isfinite(found).all()):
            raise CheckpointContentError(f"{path}: {name}: expected finite numbers, found NaN or infinite ones")
        if name in ("fitted.weights", "mixture_weights") and (bool((found < 0).any()) or not float(found.sum()) > 0):
            raise CheckpointContentError(f"{path}: {name}: expected shares of 0 or more, not all of them 0")
        if name.endswith("running_var") and bool((found < 0).any()):
            raise CheckpointContentError(f"{path}: {name}: expected variances of 0 or more, found negative ones")
    extra = sorted(set(tensors) - set(expected))
    if extra:
        raise CheckpointContentError(f"{path}: {extra[0]}: unknown tensor; expected {len(expected)}, all of the model")
    model.load_state_dict(tensors, assign=True)
    return Checkpoint(model.to(memory_format=torch.channels_last).eval(), header, path)  # type: ignore[call-overload]


def read_header(path: Path | str) -> Header:
    """What a checkpoint says about itself, without reading its weights.

    Raises:
        NotACheckpointError, CheckpointVersionError, CheckpointContentError: as `load`.
    """
    path = Path(path)
    values = _metadata(path)
    version = values.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise CheckpointContentError(f"{path}: format_version: expected 1 to {FORMAT_VERSION}, found {version!r}")
    if version > FORMAT_VERSION:
        raise CheckpointVersionError(
            f"{path}: format version {version}, this library reads up to {FORMAT_VERSION}; please update esvae"
        )
    try:
        return parse(Header, values, f"{path}: header")
    except ConfigError as error:
        raise CheckpointContentError(str(error)) from error


def _metadata(path: Path) -> dict[str, Any]:
    """The JSON that `save` put into the file; checked before the bytes meet any other reader."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8:
                raise NotACheckpointError(f"{path}: expected a .safetensors file, found {size} bytes")
            if not 2 <= length <= min(size - 8, _MAX_HEADER):
                what = "a truncated file" if 2 <= length <= _MAX_HEADER else "another format"
                raise NotACheckpointError(f"{path}: expected a .safetensors file, found {what}")
            raw = file.read(length)
    except OSError as error:
        raise NotACheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    try:
        layout = json.loads(raw)
        end = max((int(e["data_offsets"][1]) for name, e in layout.items() if name != "__metadata__"), default=0)
        if size < 8 + length + end:
            raise NotACheckpointError(f"{path}: truncated: expected {8 + length + end:,} bytes, found {size:,}")
        values = json.loads(layout["__metadata__"][_KEY])
    except KeyError:
        raise NotACheckpointError(f"{path}: a .safetensors file, but not one of esvae: its header is missing") from None
    except (ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        raise NotACheckpointError(f"{path}: expected a .safetensors file, found another format") from None
    if not isinstance(values, dict):
        raise CheckpointContentError(f"{path}: header: expected a JSON object, found {type(values).__name__}")
    return values


def _shape(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
