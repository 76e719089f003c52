"""Reads networks in the format of the published reference implementation.

A published file is a state dict, bare or wrapped as {'net': ..., 'epoch': n}, of floats of any usual precision. Its
layers carry a time axis in every convolution kernel (length 1), its readout carries coefficients that follow from T,
and it keeps modules that the published loss never used; the first is squeezed, the others are dropped.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from esvae_core.config import ModelConfig, parse
from esvae_core.errors import CheckpointContentError, ConfigError, NotACheckpointError
from esvae_core.esvae import ESVAE
from esvae_core.files import check_packed, open_regular

_DEAD = ("prior.", "posterior.", "membrane_output_layer.")
_WRAPS = ("net", "model", "state_dict")  # entries under which training programs keep the weights
_NESTED = 3  # wraps within wraps
_WRAPPERS = ("module", "_orig_mod")  # parts of names that PyTorch's data parallelism and compiler add
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
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
        ours[target] = tensor
        if target.endswith("running_var") and bool((ours[target] < 0).any()):
            raise CheckpointContentError(f"{path}: {source}: expected variances of 0 or more, found negative ones")
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
    """The tensors of a PyTorch file, a bare state dict or one under 'net', 'model' or 'state_dict'.

    Nothing in it is executed, and its other entries are left out; 'module' and '_orig_mod' are dropped from names.

    Raises:
        NotACheckpointError: the file is missing or is no PyTorch file of plain tensors.
    """
    try:
        with open_regular(path) as file:
            check_packed(file)
            loaded: Any = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise NotACheckpointError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise NotACheckpointError(f"{path}: expected a file, found a folder") from None
    except Exception as error:  # torch raises many kinds for bytes that are not its own, and advises to trust them
        found = "a damaged file or another format"
        if isinstance(error, OSError) and error.strerror:
            found = error.strerror
        elif isinstance(error, pickle.UnpicklingError) and (code := re.search(r"GLOBAL ([\w.]{1,100})", str(error))):
            found = f"{code[1]}, which was not loaded since it could run code; save model.state_dict() alone"
        raise NotACheckpointError(f"{path}: expected a PyTorch file that holds only tensors, found {found}") from error
    inner = loaded
    for _ in range(_NESTED):
        held = [inner[key] for key in _WRAPS if key in inner] if isinstance(inner, Mapping) else []
        inner = next((wrap for wrap in held if isinstance(wrap, Mapping)), inner)
    if not isinstance(inner, Mapping) or not any(isinstance(v, Tensor) for v in inner.values()):
        raise NotACheckpointError(f"{path}: expected a state dict of tensors, found {type(loaded).__name__}")
    state: dict[str, Tensor] = {}
    for key, value in inner.items():
        name = ".".join(part for part in str(key).split(".") if part not in _WRAPPERS)
        if name in state:
            raise NotACheckpointError(f"{path}: {name!r:.100}: is there twice, with other prefixes")
        if isinstance(value, Tensor):
            state[name] = value
    return state


def plain_weights(tensor: Tensor, where: str) -> Tensor:
    """A tensor as float32 with memory of its own, if it is an ordinary one of real numbers; `where` names it.

    Raises:
        CheckpointContentError: it is another kind of tensor, or holds numbers that are not finite in float32.
    """
    kind = (
        "quantised" if tensor.is_quantized
        else "nested" if tensor.is_nested
        else "meta" if tensor.is_meta
        else "sparse" if tensor.layout != torch.strided
        else ""
    )  # fmt: skip
    if kind or tensor.dtype not in _FLOATS:
        found = f"a {kind} one" if kind else str(tensor.dtype).removeprefix("torch.")
        raise CheckpointContentError(
            f"{where}: expected a dense tensor of float16, 32 or 64, or bfloat16, found {found}"
        )
    if tensor.nbytes > tensor.untyped_storage().nbytes():
        raise CheckpointContentError(f"{where}: expected as many numbers as its shape says, {tensor.numel():,}")
    tensor = tensor.detach().to(torch.float32, copy=True, memory_format=torch.contiguous_format)
    if not bool(torch.isfinite(tensor).all()):
        raise CheckpointContentError(f"{where}: holds NaN or infinite values, or ones beyond float32")
    return tensor


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
    return plain_weights(state[name], f"{path}: {name}")


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
    readout = "membrane_output_layer.coef"
    steps = _take(state, readout, path) if readout in state else None
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
