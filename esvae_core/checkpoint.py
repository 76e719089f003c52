"""Our file format: one .safetensors file with a JSON header that says everything about the model in it.

`load(path)` needs only the path. Nothing in the file is ever executed. What a file says, and its tensors as NumPy's
arrays, are read without PyTorch; `load` brings it along.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import io
import json
import logging
import math
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from safetensors.numpy import load as from_bytes

from esvae_core import hub
from esvae_core.config import AnyModelConfig, DataConfig, ImageModelConfig, TrainConfig, missing_part, own_parts, parse
from esvae_core.controls.directions import Controls
from esvae_core.controls.file import read_controls
from esvae_core.engine.folding import bundle_hash, is_foldable
from esvae_core.errors import (
    CheckpointContentError,
    CheckpointVersionError,
    ConfigError,
    KindError,
    MissingPartError,
    NotACheckpointError,
)
from esvae_core.files import open_regular, read_regular, write_atomically
from esvae_core.plugins import PLUGINS
from esvae_core.state_layout import Layout, is_known, state_layout
from esvae_core.text import shown

if TYPE_CHECKING:
    from torch import Tensor

    from esvae_core.image_model import ImageModel

FORMAT_VERSION = 2
"""Since version 2 the settings of a model say of which kind it is; files of version 1 hold an ESVAE."""
WEIGHTS = "model.safetensors"
"""What a checkpoint is called in a folder of its own."""
CONFIG = "config.json"
"""What says about it there what its header says, or what its training was started with."""
_KEY = "esvae"
_HASH_KEY = "esvae_bundle_sha256"  # not in the header itself, of which earlier versions know every field
_LENGTH = 8  # bytes that say how long a .safetensors file's header is
_MAX_HEADER = 4 * 2**20  # the largest shipped one has 60 kB
_LOG = logging.getLogger(__name__)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class DataRecord(_Record):
    """The data set a model was trained on."""

    name: str = Field(description="Name in the table of data sets.")
    sha256: str = Field(description="Hash that identifies its files.")
    class_names: tuple[str, ...] = Field((), description="Names of the classes, by label.")
    factor_names: tuple[str, ...] = Field(
        (), description="Names of what neurons were taught, else of what the images were made from, where known."
    )
    factor_levels: tuple[tuple[float, ...], ...] = Field(
        (), description="Of each that was taught, its values at evenly spaced rates from 0 to 1, in its unit."
    )


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
    parts: dict[str, str] = Field(
        default_factory=dict,
        description="Parts that are not this library's, as 'role name', and the module that each came from.",
    )
    versions: dict[str, str] = Field(default_factory=dict, description="Packages and Python that wrote it.")
    created: str = Field("", description="Date and time, UTC.")

    @property
    def taught(self) -> tuple[str, ...]:
        """What the first latent neurons were taught to stand for, one name each (`train.factor_weight`)."""
        return self.dataset.factor_names if self.dataset and self.train and self.train.factor_weight else ()

    @property
    def taught_levels(self) -> tuple[tuple[float, ...], ...]:
        """Of each of `taught`, its values at evenly spaced rates from 0 to 1; () in files that do not say."""
        return self.dataset.factor_levels if self.dataset and self.taught else ()


def shown_name(path: Path | None, header: Header) -> str:
    """What a checkpoint is called on the screen: as its file, or by its header where the file is a run's."""
    return header.name if path is None or path.name == WEIGHTS else path.stem


_M_co = TypeVar("_M_co", bound="ImageModel", covariant=True)
_M = TypeVar("_M", bound="ImageModel")


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
        return read_controls(self.path, self.weights_sha256, self.model.config.latent_dim)

    @property
    def weights_sha256(self) -> str:
        """Content hash of the model's tensors, as they are now."""
        return weights_hash(self.model.state_dict())


@dataclass(frozen=True)
class StoredWeights:
    """What a checkpoint holds, without the model: enough to fold it, and to know which files beside it are its own."""

    tensors: dict[str, NDArray[Any]]
    """By the names of the model's state dict, in its order."""
    header: Header
    path: Path

    @cached_property
    def weights_sha256(self) -> str:
        """Content hash of the tensors."""
        return weights_hash(self.tensors)

    @cached_property
    def controls(self) -> Controls:
        """As of a `Checkpoint`."""
        return read_controls(self.path, self.weights_sha256, self.header.model.latent_dim)


def weights_hash(state: Mapping[str, Tensor | NDArray[Any]]) -> str:
    """SHA-256 of a state dict's names, shapes and numbers; what else its file says does not matter."""
    digest = hashlib.sha256()
    for name in sorted(state):
        found = state[name]
        values = np.asarray(found if isinstance(found, np.ndarray) else found.detach().cpu().numpy(), order="C")
        digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def package_versions() -> dict[str, str]:
    """Versions of the packages that results depend on."""
    names = ("esvae", "torch", "numpy", "numba")
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names}


def stamped(header: Header) -> Header:
    """The header with today's date, the installed versions, and where parts that are not this library's come from."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    parts = own_parts(header.model, header.train)
    return header.model_copy(update={"parts": parts, "versions": package_versions(), "created": now})


def record(path: Path | str, known: Checkpoint[ImageModel], metrics: Iterable[Metric]) -> None:
    """Write a checkpoint again with new figures; they replace those of the same name and protocol.

    What stands before the first semicolon tells one protocol from another; behind it are remarks, such as a deviation.

    Raises:
        CheckpointContentError: a figure is not finite; nothing is written.
    """
    new = {(m.name, m.protocol.partition(";")[0]): m for m in metrics}
    for metric in new.values():
        if not math.isfinite(metric.value):
            raise CheckpointContentError(
                f"{path}: nothing is recorded: {metric.name} is {metric.value}, expected a finite figure"
            )
    kept = [m for m in known.header.metrics if (m.name, m.protocol.partition(";")[0]) not in new]
    header = known.header.model_copy(update={"metrics": (*kept, *new.values())})
    save(path, known.model.state_dict(), stamped(header))


def save(path: Path | str, state: dict[str, Tensor], header: Header, *, check: bool = False) -> None:
    """Write a checkpoint; the file appears whole or not at all.

    Args:
        path: where; its folder must exist.
        state: the model's state dict.
        header: what to say about it.
        check: read it before it is written, and refuse what `load` would refuse.

    Raises:
        CheckpointError: as `load`, if `check`.
        OutputError: the file cannot be written.
    """
    content, path = serialized(state, header), Path(path)
    if check:
        with io.BytesIO(content) as file:
            _load(file, path, None)
    write_atomically(path, content)


def serialized(state: Mapping[str, Tensor], header: Header) -> bytes:
    """The content of a checkpoint's file; the same of the same state and header."""
    from safetensors.torch import save as to_bytes  # PyTorch

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    digest = _bundle_hash(tensors, header.model)
    more = {} if digest is None else {_HASH_KEY: digest}
    return _in_order(to_bytes(tensors, {_KEY: header.model_dump_json()} | more))


def _bundle_hash(tensors: Mapping[str, Tensor], config: AnyModelConfig) -> str | None:
    """The hash of the model's bundle; None of a model that has none, or whose tensors are not those of its settings."""
    if not (is_known(config) and is_foldable(config)):
        return None
    wanted = {name: (each.shape, each.dtype) for name, each in state_layout(config).items()}
    if wanted != {name: (tuple(each.shape), str(each.dtype).removeprefix("torch.")) for name, each in tensors.items()}:
        return None
    try:
        return bundle_hash(config, {name: each.numpy() for name, each in tensors.items()})
    except CheckpointContentError:
        return None


def _in_order(raw: bytes) -> bytes:
    """A .safetensors file whose metadata are in the order of their names, which safetensors leaves to chance."""
    length = int.from_bytes(raw[:_LENGTH], "little")
    layout = json.loads(raw[_LENGTH : _LENGTH + length])
    layout["__metadata__"] = dict(sorted(layout["__metadata__"].items()))
    text = json.dumps(layout, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _LENGTH)
    return len(text).to_bytes(_LENGTH, "little") + text + raw[_LENGTH + length :]


def shared(header: Header) -> Header:
    """The header for others: of data of one's own, and of what it started from, only the last name of a path stays."""
    data, dataset, train = header.data, header.dataset, header.train
    if data is not None:
        data = data.model_copy(update={"dataset": _without_folder(data.dataset)})
    if dataset is not None:
        dataset = dataset.model_copy(update={"name": _without_folder(dataset.name)})
    if train is not None and train.start_from is not None:
        train = train.model_copy(update={"start_from": PureWindowsPath(train.start_from).name})
    return header.model_copy(update={"data": data, "dataset": dataset, "train": train})


def _without_folder(dataset: str) -> str:
    """`folder:/home/me/pictures` as `folder:pictures`."""
    kind, colon, option = dataset.partition(":")
    return f"{kind}{colon}{PureWindowsPath(option).name}"  # which parts at both kinds of slashes


def located(path: Path | str) -> Path:
    """The file of a checkpoint: that in a folder of its own, or of a repository of the Hub, which is downloaded.

    Args:
        path: A file, a folder that has a `model.safetensors`, or hf://user/name.

    Raises:
        MissingDataError: the repository cannot be downloaded.
        ConfigError: its address is none, or huggingface_hub is not installed.
    """
    repository = hub.repository(path)
    if repository is not None:
        beside = (Path(WEIGHTS).with_suffix(suffix).name for suffix in (".atlas.npz", ".controls.npz"))
        return hub.download(repository, (CONFIG, WEIGHTS, *beside)) / WEIGHTS
    return Path(path) / WEIGHTS if os.path.isdir(path) else Path(path)  # noqa: PTH112 - which raises nothing


@overload
def load(path: Path | str) -> Checkpoint[ImageModel]: ...


@overload
def load(path: Path | str, kind: type[_M]) -> Checkpoint[_M]: ...


def load(path: Path | str, kind: type[ImageModel] | None = None) -> Checkpoint[ImageModel]:
    """Read a checkpoint; the model comes in evaluation mode, on the CPU.

    Args:
        path: the file, a folder that has a `model.safetensors`, or hf://user/name on the Hugging Face Hub. What another
            tool dropped from a file's header when it saved it again is read from a `config.json` beside it.
        kind: class that the model must be of, e.g. ESVAE for what needs firing rates; any unless given.

    Raises:
        KindError: the file holds another kind of model.
        NotACheckpointError: no such file, empty, truncated, or another format.
        CheckpointVersionError: written by a later version.
        CheckpointContentError: a tensor is missing, unknown, of another shape, or not finite; or the header is off.
        MissingPartError: the model has a part of somebody's own that is not registered here.
    """
    path = located(path)
    with _opened(path) as file:
        return _load(file, path, kind)


def _load(file: BinaryIO, path: Path, kind: type[ImageModel] | None) -> Checkpoint[ImageModel]:
    import torch

    from esvae_core.model_kinds import MODELS, build

    layout, values, _ = _metadata(file, path)
    header = _header(values, path)
    if kind is not None and not issubclass(MODELS[header.model.kind], kind):
        wanted = " or ".join(name for name in MODELS if issubclass(MODELS[name], kind))
        raise KindError(f"{path}: holds a model of kind {header.model.kind}; this is for {wanted} alone")
    tensors = {name: torch.from_numpy(array) for name, array in _tensors(file, path, layout, header).items()}
    with torch.device("meta"):
        model = build(header.model)
    model.load_state_dict(tensors, assign=True)
    return Checkpoint(model.to(memory_format=torch.channels_last).eval(), header, path)  # type: ignore[call-overload]


def read_weights(path: Path | str) -> StoredWeights:
    """Read a checkpoint without building its model, which needs no PyTorch.

    Raises:
        NotACheckpointError, CheckpointVersionError, CheckpointContentError: as `load`.
    """
    path = located(path)
    with _opened(path) as file:
        layout, values, _ = _metadata(file, path)
        header = _header(values, path)
        return StoredWeights(_tensors(file, path, layout, header), header, path)


def _tensors(file: BinaryIO, path: Path, layout: dict[str, Any], header: Header) -> dict[str, NDArray[Any]]:
    """The tensors of an open file, checked; they have memory of their own, so that the file may change."""
    expected = _layout_of(header.model)
    for name, wanted in expected.items():  # before memory is taken for any
        if name not in layout:
            raise CheckpointContentError(f"{path}: {name}: expected a tensor of shape {wanted}, found none")
        found = _said(layout[name])
        if found != str(wanted):
            raise CheckpointContentError(f"{path}: {name}: expected {wanted}, found {found}")
    extra = sorted(set(layout) - set(expected))
    if extra:
        raise CheckpointContentError(f"{path}: {extra[0]}: unknown tensor; expected {len(expected)}, all of the model")
    most = _LENGTH + _MAX_HEADER + sum(wanted.nbytes for wanted in expected.values())
    try:
        file.seek(0)
        raw = file.read(most + 1)
        if len(raw) > most:
            raise ValueError(f"it holds more than {most:,} bytes")
        tensors = from_bytes(raw)
    except Exception as error:  # safetensors raises several kinds on bytes that are not its own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise NotACheckpointError(f"{path}: truncated or damaged: {reason:.200}") from error
    for name, values in tensors.items():
        wrong = _wrong_numbers(name, values)
        if wrong:
            raise CheckpointContentError(f"{path}: {name}: {wrong}")
    return {name: tensors[name] for name in expected}


def _layout_of(config: ImageModelConfig) -> Layout:
    if is_known(config):
        return state_layout(config)
    from esvae_core.model_kinds import built_layout  # PyTorch

    return built_layout(config)


def _wrong_numbers(name: str, values: NDArray[Any]) -> str:
    """What no tensor of that name may hold, in a few words; "" if it holds none of it."""
    if not bool(np.isfinite(values).all()):
        return "expected finite numbers, found NaN or infinite ones"
    if name in ("fitted.weights", "mixture_weights") and (bool((values < 0).any()) or not float(values.sum()) > 0):
        return "expected shares of 0 or more, not all of them 0"
    if name.endswith("running_var") and bool((values < 0).any()):
        return "expected variances of 0 or more, found negative ones"
    return ""


def read_header(path: Path | str) -> Header:
    """What a checkpoint says about itself, without reading its weights.

    Raises:
        NotACheckpointError, CheckpointVersionError, CheckpointContentError: as `load`.
    """
    path = located(path)
    with _opened(path) as file:
        return _header(_metadata(file, path)[1], path)


def stored_bundle_hash(path: Path | str) -> str | None:
    """What a checkpoint says of the content hash of its engine bundle; None if it says nothing.

    It tells where a network is looked for first. It is not checked: other weights may have come into the file since.

    Raises:
        NotACheckpointError, CheckpointContentError: as `load`.
    """
    path = located(path)
    with _opened(path) as file:
        said = _metadata(file, path)[2]
    return said if isinstance(said, str) else None


def _header(values: dict[str, Any], path: Path) -> Header:
    version = values.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise CheckpointContentError(f"{path}: format_version: expected 1 to {FORMAT_VERSION}, found {version!r}")
    if version > FORMAT_VERSION:
        raise CheckpointVersionError(
            f"{path}: format version {version}, this library reads up to {FORMAT_VERSION}; please update esvae"
        )
    _leave_out_what_is_not_finite(path, values)
    if missing := missing_part(values.get("parts")):
        part, origin = missing
        raise MissingPartError(
            f"{path}: needs the {shown(part, 100)} of {shown(origin, 200)}, which is not registered here; install or "
            f"import that, or name its module or file with --plugin or {PLUGINS}"
        )
    try:
        return parse(Header, _writable(values), f"{path}: header")
    except ConfigError as error:
        raise CheckpointContentError(str(error)) from error


def _writable(values: Any) -> Any:
    """The same without halves of surrogate pairs in its texts, which JSON can name and no file can hold."""
    if isinstance(values, str):
        return values.encode("utf-8", "replace").decode()
    if isinstance(values, dict):
        return {_writable(name): _writable(value) for name, value in values.items()}
    return [_writable(value) for value in values] if isinstance(values, list) else values


def _leave_out_what_is_not_finite(path: Path, values: dict[str, Any]) -> None:
    """Take figures and times that are NaN, infinite or null out of a header, and say so in the log.

    Versions up to 0.1 could write them, beside weights that nothing is wrong with, so the file is not refused for them.
    All other numbers of a header are settings, and refused.
    """
    left = []
    metrics, training = values.get("metrics"), values.get("training")
    if isinstance(metrics, list):
        kept = [metric for metric in metrics if not (isinstance(metric, dict) and _not_finite(metric.get("value", 0)))]
        if len(kept) < len(metrics):
            left.append("metrics")
            values["metrics"] = kept
    if isinstance(training, dict):
        rows = training.get("curve")
        for part in (training, *(rows if isinstance(rows, list) else ())):
            if isinstance(part, dict):
                bad = [
                    name
                    for name, value in part.items()
                    if _not_finite(value) and not (name == "cpu_seconds" and value is None)
                ]
                left += bad
                for name in bad:
                    del part[name]
    if left:
        _LOG.warning("%s: %s: not finite, left out", shown(str(path)), shown(", ".join(dict.fromkeys(left)), 200))


def _not_finite(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = open_regular(path)
    except OSError as error:
        raise NotACheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    with file:
        yield file


def _metadata(file: BinaryIO, path: Path) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """What safetensors says of each tensor, the JSON that `save` put beside it, and the hash of its bundle, if any."""
    try:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        length = int.from_bytes(file.read(_LENGTH), "little")
        if size < _LENGTH:
            raise NotACheckpointError(f"{path}: expected a .safetensors file, found {size} bytes")
        if not 2 <= length <= min(size - _LENGTH, _MAX_HEADER):
            what = "a truncated file" if 2 <= length <= _MAX_HEADER else "another format"
            raise NotACheckpointError(f"{path}: expected a .safetensors file, found {what}")
        raw = file.read(length)
    except OSError as error:
        raise NotACheckpointError(f"{path}: cannot be read: {error.strerror or error}") from None
    try:
        layout = json.loads(raw)
        end = max((int(e["data_offsets"][1]) for name, e in layout.items() if name != "__metadata__"), default=0)
        if size < _LENGTH + length + end:
            raise NotACheckpointError(f"{path}: truncated: expected {_LENGTH + length + end:,} bytes, found {size:,}")
        metadata = layout.pop("__metadata__", {})
        values = json.loads(metadata[_KEY]) if _KEY in metadata else _config_beside(path)
        said = metadata.get(_HASH_KEY)
    except KeyError:
        raise NotACheckpointError(f"{path}: expected a .safetensors file, found another format") from None
    except (ValueError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
        raise NotACheckpointError(f"{path}: expected a .safetensors file, found another format") from None
    if not isinstance(values, dict):
        raise CheckpointContentError(f"{path}: header: expected a JSON object, found {type(values).__name__}")
    return layout, values, said


def _config_beside(path: Path) -> Any:
    """What the `config.json` beside a file says, whose own header another tool has dropped.

    Raises:
        NotACheckpointError: there is none, or it is no JSON.
    """
    missing = f"{path}: a .safetensors file, but not one of esvae: its header is missing"
    beside = path.with_name(CONFIG)
    if not beside.exists():
        raise NotACheckpointError(missing)
    try:
        values = json.loads(read_regular(beside, _MAX_HEADER))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NotACheckpointError(f"{missing}, and {beside} cannot be read: {reason!s:.200}") from None
    # the settings of a run are a header's but for the version, which is that of the library that trains
    run = isinstance(values, dict) and {"name", "model", "data", "train"} == values.keys()
    return {"format_version": FORMAT_VERSION, **values} if run else values


_TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32"}


def _said(entry: Any) -> str:
    """Type and shape that a .safetensors file gives a tensor, in the words of `TensorType`."""
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if not isinstance(shape, list):
        return f"{dtype!r:.40} {shape!r:.40}"
    return f"{_TYPES.get(str(dtype), str(dtype)):.40} {tuple(shape)!r:.100}"
