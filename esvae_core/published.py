"""Reads networks in the format of the published reference implementation.

A published file is a state dict, bare or wrapped as {'net': ..., 'epoch': n}. Its layers carry a time axis in every
convolution kernel (length 1), its readout carries coefficients that follow from T, and it keeps modules that the
published loss never used; the first is squeezed, the others are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from esvae_core.config import ModelConfig, parse
from esvae_core.errors import CheckpointContentError, ConfigError, NotACheckpointError
from esvae_core.esvae import ESVAE

_DEAD = ("prior.", "posterior.", "membrane_output_layer.")
_NORM = {"weight": "weight", "bias": "bias", "running_mean": "running_mean", "running_var": "running_var"}


def read_published(path: Path | str) -> ESVAE:
    """A model from a published file; depth, channels, d, T and the image's size and colours follow from its shapes.

    Raises:
        NotACheckpointError: the file is missing or is no PyTorch file of plain tensors.
        CheckpointContentError: its tensors are not those of a published ESVAE; names the first that is off.
    """
    path = Path(path)
    state = read_state(path)
    depth = _count(state, "encoder", path)
    names = _names(depth)
    config = _config(state, depth, path)
    with torch.device("meta"):
        model = ESVAE(config)
    ours = model.state_dict()
    for source, target in names.items():
        tensor = _take(state, source, path)
        if tensor.dim() == 5:
            if tensor.shape[-1] != 1:
                raise CheckpointContentError(
                    f"{path}: {source}: expected a time kernel of length 1, found {tensor.shape[-1]}"
                )
            tensor = tensor.squeeze(-1)
        if tensor.shape != ours[target].shape:
            raise CheckpointContentError(
                f"{path}: {source}: expected shape {tuple(ours[target].shape)}, found {tuple(tensor.shape)}"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise CheckpointContentError(f"{path}: {source}: holds NaN or infinite values")
        ours[target] = tensor
    unknown = [
        key
        for key in state
        if key not in names and not key.startswith(_DEAD) and not key.endswith(".num_batches_tracked")
    ]
    if unknown:
        raise CheckpointContentError(f"{path}: {unknown[0]}: no such tensor in a published ESVAE")
    model.load_state_dict(ours, assign=True)
    return model.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload,no-any-return]


def published_names(config: ModelConfig) -> dict[str, str]:
    """Published tensor name -> our name, for a network of that config."""
    return _names(len(config.channels))


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a PyTorch file, a bare state dict or one wrapped as {'net': ...}; nothing in it is executed.

    Raises:
        NotACheckpointError: the file is missing or is no PyTorch file of plain tensors.
    """
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise NotACheckpointError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise NotACheckpointError(f"{path}: expected a file, found a folder") from None
    except Exception as error:  # torch raises many kinds for bytes that are not its own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotACheckpointError(f"{path}: expected a PyTorch file that holds only tensors ({reason})") from error
    if isinstance(loaded, Mapping) and isinstance(loaded.get("net"), Mapping):
        loaded = loaded["net"]
    if not isinstance(loaded, Mapping) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise NotACheckpointError(f"{path}: expected a state dict of tensors, found {type(loaded).__name__}")
    return {str(key).removeprefix("module."): value for key, value in loaded.items()}


def _names(depth: int) -> dict[str, str]:
    layers = {f"encoder.{i}": f"encoder.{i}" for i in range(depth)}
    layers |= {"before_latent_layer": "to_latent", "decoder_input": "from_latent"}
    layers |= {f"decoder.{i}": f"decoder.{i}" for i in range(depth - 1)} | {"final_layer.0": f"decoder.{depth - 1}"}
    names: dict[str, str] = {}
    for theirs, ours in layers.items():
        names |= {f"{theirs}.{part}": f"{ours}.transform.{part}" for part in ("weight", "bias")}
        names |= {f"{theirs}.bn.{a}": f"{ours}.norm.{b}" for a, b in _NORM.items()}
    names |= {f"final_layer.1.{part}": f"readout.{part}" for part in ("weight", "bias")}
    return names | {f"sample_layer.0.{part}": f"prior.linear.{part}" for part in ("weight", "bias")}


def _take(state: Mapping[str, Tensor], name: str, path: Path) -> Tensor:
    if name not in state:
        raise CheckpointContentError(f"{path}: {name}: missing; this is no published ESVAE")
    return state[name]


def _count(state: Mapping[str, Tensor], group: str, path: Path) -> int:
    found = [int(m[1]) for key in state if (m := re.match(rf"{group}\.(\d{{1,3}})\.", key))]
    if not found:
        raise CheckpointContentError(f"{path}: {group}.0.weight: missing; this is no published ESVAE")
    return max(found) + 1


def _config(state: Mapping[str, Tensor], depth: int, path: Path) -> ModelConfig:
    dimensions = {f"encoder.{i}.weight": 5 for i in range(depth)} | {"before_latent_layer.weight": 2}
    for name, expected in dimensions.items():
        found = _take(state, name, path)
        if found.dim() != expected or not found.numel():
            raise CheckpointContentError(
                f"{path}: {name}: expected {expected} dimensions, none of them 0, found {tuple(found.shape)}"
            )
    first, latent = state["encoder.0.weight"], state["before_latent_layer.weight"]
    channels = tuple(state[f"encoder.{i}.weight"].shape[0] for i in range(depth))
    side = round((latent.shape[1] / channels[-1]) ** 0.5)
    steps = state.get("membrane_output_layer.coef")
    shape = {
        "image_channels": first.shape[1],
        "image_size": side * 2**depth,
        "channels": channels,
        "latent_dim": latent.shape[0],
        "time_steps": 16 if steps is None else steps.numel(),
    }
    try:
        return parse(ModelConfig, shape, f"{path}: its shapes are not those of an ESVAE")
    except ConfigError as error:
        raise CheckpointContentError(str(error)) from error
