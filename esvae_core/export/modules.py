"""A model as a PyTorch module of another library's neurons, in memory or as two files."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save
from torch import Tensor

from esvae_core.export import lif_network
from esvae_core.export.folded import FoldedModel, fold, needed
from esvae_core.files import write_atomically
from esvae_core.image_model import ImageModel

Library = Literal["snntorch", "spikingjelly"]


def to_snntorch(model: ImageModel) -> lif_network.Network:
    """The model as a network of snnTorch's neurons, in evaluation mode.

    Raises:
        KindError: the model is no ESVAE.
        ExportError: snnTorch is not installed.
    """
    return _network(model, "snntorch")


def to_spikingjelly(model: ImageModel) -> lif_network.Network:
    """The model as a network of SpikingJelly's neurons, in evaluation mode.

    Raises:
        KindError: the model is no ESVAE.
        ExportError: SpikingJelly is not installed.
    """
    return _network(model, "spikingjelly")


def network_files(model: ImageModel, library: Library, script: Path) -> tuple[Path, Path]:
    """Write the network as a Python file and its weights, NAME.py and NAME.safetensors, which need no esvae.

    Args:
        model: an ESVAE.
        library: whose neurons `load` of the Python file makes unless told otherwise; it need not be installed here.
        script: the Python file.

    Raises:
        KindError: the model is no ESVAE.
        OutputError: a file cannot be written.
    """
    folded = fold(model)
    weights = script.with_suffix(".safetensors")
    metadata = {"network": json.dumps({**_settings(folded), "library": library})}
    write_atomically(script, inspect.getsource(lif_network).encode())
    write_atomically(weights, save(_tensors(folded), metadata))
    return script, weights


def _network(model: ImageModel, library: Library) -> lif_network.Network:
    folded = fold(model)
    needed("snntorch" if library == "snntorch" else "spikingjelly.activation_based.neuron", library)
    return lif_network.Network(_settings(folded), _tensors(folded), library).eval()


def _settings(model: FoldedModel) -> dict[str, Any]:
    config = model.config
    return {
        "image_channels": config.image_channels,
        "image_size": config.image_size,
        "channels": list(config.channels),
        "feature_size": config.feature_size,
        "latent_dim": config.latent_dim,
        "time_steps": config.time_steps,
        "sampler": config.sampler,
        "neurons": {
            layer.name: {"threshold": layer.threshold, "reset": layer.reset}
            for layer in (*model.encoder, *model.decoder)
        },
    }


def _tensors(model: FoldedModel) -> dict[str, Tensor]:
    arrays = {
        f"{layer.name}.{part}": getattr(layer, part)
        for layer in (*model.encoder, *model.decoder)
        for part in ("weight", "bias", "leak")
    }
    for part in ("weight", "bias", "shares"):
        arrays[f"readout.{part}"] = getattr(model, f"readout_{part}")
    return {name: torch.from_numpy(array) for name, array in arrays.items()}
