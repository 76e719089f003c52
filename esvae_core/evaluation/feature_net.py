"""The network whose features the Fréchet autoencoder distance compares: the encoder of a small convolutional
autoencoder (Kamata et al., AAAI 2022), and the file it is kept in.

The file is .safetensors: the encoder's tensors, mean and covariance of a test set's features, and a JSON header that
says where both come from and under which licence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from esvae_core.config import parse
from esvae_core.errors import CheckpointContentError, ConfigError, InputError, NotACheckpointError
from esvae_core.evaluation.frechet import Gaussian, why_no_covariance
from esvae_core.files import open_regular, write_atomically

_KEY = "esvae-fad"
_MAX_HEADER = 2**20  # bytes
_MEAN, _COVARIANCE = "statistics.mean", "statistics.covariance"

Mode = Literal["running", "batch"]
"""Which statistics BatchNorm uses: its running ones (evaluation mode), or those of each batch (published protocol)."""


class FeatureConfig(BaseModel):
    """Shape of a feature network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image_channels: Literal[1, 3] = Field(1, description="Colour channels of the images.")
    image_size: int = Field(32, ge=2, le=256, description="Height and width of the images in pixels.")
    channels: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(
        (32, 64, 128, 256), min_length=1, max_length=8, description="Channels of the stride-2 convolutions."
    )
    features: int = Field(64, ge=1, le=4096, description="Number of features.")

    @property
    def flat(self) -> int:
        """Values that enter the last, linear layer."""
        size = self.image_size
        for _ in self.channels:
            size = (size + 1) // 2
        return self.channels[-1] * size * size


class FeatureHeader(BaseModel):
    """What a feature network's file says about itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: Literal[1] = 1
    dataset: str = Field(description="Data set whose images it describes.")
    config: FeatureConfig = Field(FeatureConfig(), description="Shape of the network.")
    statistics: Literal["published", "test"] = Field(
        description="What the mean and covariance are: as published, or of the test split in evaluation mode."
    )
    origin: str = Field(description="Where the weights and the statistics come from.")
    licence: str = Field(description="Under which they may be passed on.")


class FeatureNet(nn.Module):
    """Images -> features (N, F): blocks of convolution, BatchNorm and LeakyReLU, then a linear layer."""

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.config = config
        pairs = list(zip((config.image_channels, *config.channels), config.channels, strict=False))
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(b) for _, b in pairs)
        self.to_features = nn.Linear(config.flat, config.features)

    def forward(self, images: Tensor, mode: Mode | None = None) -> Tensor:
        """`mode` decides which statistics BatchNorm uses; None: those of the module's own mode."""
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            assert isinstance(norm, nn.BatchNorm2d)
            x = convolution(x)
            if mode == "batch":  # without moving the running statistics
                x = F.batch_norm(x, None, None, norm.weight, norm.bias, training=True, eps=norm.eps)
            else:
                x = norm(x)
            x = F.leaky_relu(x, 0.01)
        features: Tensor = self.to_features(x.flatten(1))
        return features


@dataclass(frozen=True)
class FeatureFile:
    """A feature network, the statistics kept beside it, and what is known about both."""

    net: FeatureNet
    statistics: Gaussian
    header: FeatureHeader


@torch.no_grad()
def features(net: FeatureNet, images: Tensor, *, mode: Mode = "running", batch_size: int = 128) -> NDArray[np.float64]:
    """(N, F) features of images (N, C, H, W) in [-1, 1].

    In mode "batch" they depend on how the images are batched; the network's running statistics stay as they are.

    Raises:
        InputError: if the images have another shape than the network takes.
    """
    config = net.config
    wanted = (config.image_channels, config.image_size, config.image_size)
    if images.dim() != 4 or tuple(images.shape[1:]) != wanted or not len(images):
        raise InputError(
            f"feature network: expected images of shape (N, {', '.join(map(str, wanted))}), got {tuple(images.shape)}"
        )
    return np.concatenate([net(part, mode).double().cpu().numpy() for part in torch.split(images, batch_size)])


def save_features(path: Path, file: FeatureFile) -> None:
    """Write a feature network; the file appears whole or not at all."""
    tensors = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in file.net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    tensors |= {
        _MEAN: torch.from_numpy(file.statistics.mean),
        _COVARIANCE: torch.from_numpy(file.statistics.covariance),
    }
    write_atomically(path, to_bytes(tensors, {_KEY: file.header.model_dump_json()}))


def load_features(path: Path) -> FeatureFile:
    """Read a feature network; it comes in evaluation mode, on the CPU.

    Raises:
        NotACheckpointError: no such file, damaged, or another format.
        CheckpointContentError: header or tensors do not fit together.
    """
    try:
        with open_regular(path) as content:
            length = int.from_bytes(content.read(8), "little")
        if length > _MAX_HEADER:
            raise ValueError(f"a header of {length:,} bytes, expected at most {_MAX_HEADER:,}")
        with safe_open(path, framework="pt") as file:
            said = (file.metadata() or {}).get(_KEY)
            header = None if said is None else _header(said, path)
            shapes = _shapes(header.config) if header is not None else {}
            for name in sorted(shapes.keys() & set(file.keys())):
                _check_shape(name, tuple(file.get_slice(name).get_shape()), shapes[name], path)
            tensors = {name: file.get_tensor(name).clone() for name in shapes.keys() & set(file.keys())}
    except FileNotFoundError:
        raise NotACheckpointError(f"{path}: no such file") from None
    except (SafetensorError, OSError, ValueError) as error:
        hint = "; esvae fad-net import makes one of a published .pth file" if path.suffix in (".pth", ".pt") else ""
        raise NotACheckpointError(f"{path}: expected a feature network (.safetensors){hint}: {error}") from error
    if header is None:
        raise NotACheckpointError(f"{path}: a .safetensors file, but no feature network; make one with esvae fad-net")
    statistics = Gaussian(*(_finite(tensors, name, path).double().numpy() for name in (_MEAN, _COVARIANCE)))
    if problem := why_no_covariance(statistics.covariance):
        raise CheckpointContentError(f"{path}: {_COVARIANCE}: {problem}")
    return FeatureFile(build_net(header.config, tensors, path), statistics, header)


def build_net(config: FeatureConfig, tensors: dict[str, Tensor], path: Path) -> FeatureNet:
    """A network in evaluation mode from named tensors.

    Raises:
        CheckpointContentError: names the first tensor that is missing, of another shape, or not finite.
    """
    state = {}
    for name, shape in _shapes(config).items():
        if name in (_MEAN, _COVARIANCE):
            continue
        found = _finite(tensors, name, path)
        _check_shape(name, tuple(found.shape), shape, path)
        state[name] = found.float()
        if not bool(torch.isfinite(state[name]).all()):
            raise CheckpointContentError(f"{path}: {name}: expected numbers that float32 can hold")
        if name.endswith("running_var") and bool((found < 0).any()):
            raise CheckpointContentError(f"{path}: {name}: expected variances of 0 or more, found negative ones")
    with torch.device("meta"):
        net = FeatureNet(config)
    net.to_empty(device="cpu")
    for norm in net.norms:
        norm.num_batches_tracked = torch.tensor(0)
    net.load_state_dict(state, strict=False)
    return net.eval()


def _shapes(config: FeatureConfig) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor in the file of such a network; nothing of that size is made."""
    with torch.device("meta"):
        state = FeatureNet(config).state_dict()
    shapes = {name: tuple(x.shape) for name, x in state.items() if not name.endswith("num_batches_tracked")}
    return shapes | {_MEAN: (config.features,), _COVARIANCE: (config.features, config.features)}


def _check_shape(name: str, found: tuple[int, ...], expected: tuple[int, ...], path: Path) -> None:
    if found != expected:
        raise CheckpointContentError(f"{path}: {name}: expected {expected}, found {found}")


def _header(text: str, path: Path) -> FeatureHeader:
    try:
        return parse(FeatureHeader, json.loads(text), f"{path}: header")
    except ConfigError as error:
        raise CheckpointContentError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise CheckpointContentError(f"{path}: header: expected JSON: {error}") from error


def _finite(tensors: dict[str, Tensor], name: str, path: Path) -> Tensor:
    if name not in tensors:
        raise CheckpointContentError(f"{path}: {name}: missing")
    if tensors[name].dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        raise CheckpointContentError(f"{path}: {name}: expected real numbers, found {tensors[name].dtype}")
    if not bool(torch.isfinite(tensors[name]).all()):
        raise CheckpointContentError(f"{path}: {name}: expected finite numbers, found NaN or infinite ones")
    return tensors[name]
