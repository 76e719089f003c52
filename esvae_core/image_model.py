"""What every kind of model can do: reconstruct images, sample new ones, describe images by a vector."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from esvae_core.config import ImageModelConfig
from esvae_core.errors import InputError

_AXES = ("recording", "frame", "channel", "row", "column")
_ROUNDING = 1 / 255  # half a gray level of 256 on [-1, 1]


class Drawn(Protocol):
    """New pictures, and whatever else a kind of model tells about them."""

    @property
    def images(self) -> Tensor:
        """(N, C, H, W) in [-1, 1]."""
        ...


class ImageModel(nn.Module, ABC):
    """A model of images with a latent vector; `config.kind` says which.

    Where a generator is taken and none is given, PyTorch's own is used.
    """

    config: ImageModelConfig
    feature_name: ClassVar[str]
    """What one number of `features` is, for people: 'firing rate', 'posterior mean' ..."""

    @abstractmethod
    def reconstruct(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """(N, C, H, W) images in [-1, 1] -> the model's own pictures of them, the same shape and range.

        Raises:
            InputError: if the images have another shape or type, or values outside [-1, 1].
        """

    @abstractmethod
    def sample(self, n: int, generator: torch.Generator | None = None) -> Drawn:
        """`n` new pictures."""

    @abstractmethod
    def features(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """(N, C, H, W) images -> (N, d): the latent vector of each; what its numbers are says `feature_name`.

        Without a generator the same images have the same vectors.
        """

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def _normal(self, shape: tuple[int, ...], generator: torch.Generator | None) -> Tensor:
        """Standard normal numbers, drawn on the generator's device, so that a seed means the same everywhere."""
        device = generator.device if generator is not None else "cpu"
        return torch.randn(shape, generator=generator, device=device).to(self.device)

    def _images(self, images: Tensor) -> Tensor:
        """The images or recordings as the weights take them, checked.

        On CUDA their values are checked outside training only, since to look means to wait.
        """
        self._check_weights()
        wanted = self.config.input_shape
        fits = images.dim() == len(wanted) + 1 and images.shape[1:] == wanted and images.shape[0] > 0
        if not fits or not images.is_floating_point():
            shape = ", ".join(map(str, wanted))
            raise InputError(
                f"images: expected floating point of shape (N, {shape}) in [-1, 1], "
                f"got {str(images.dtype).removeprefix('torch.')} of shape {tuple(images.shape)}"
            )
        looks = images.device.type == "cpu" or not self.training
        if looks and not torch.compiler.is_compiling():
            check_values(images)
        return images.float() if images.dim() == 5 else images.float().contiguous(memory_format=torch.channels_last)

    def _check_weights(self) -> None:
        """Raise InputError if the weights were converted, e.g. by .half(): neurons and noise are float32."""
        found = next(self.parameters()).dtype
        if found != torch.float32:
            raise InputError(
                f"model: expected weights of float32, found {str(found).removeprefix('torch.')}; call model.float()"
            )


def check_values(images: Tensor) -> None:
    """Refuse images (N, C, H, W) or recordings (N, T, C, H, W) that are not in [-1, 1].

    They would be encoded, but to rates that mean nothing.

    Raises:
        InputError: a value is not finite, or beyond -1 or 1 by more than half a gray level.
    """
    if not images.numel():
        return
    low, high = torch.aminmax(images.detach())  # NaN if there is one
    if bool((low >= -1 - _ROUNDING) & (high <= 1 + _ROUNDING)):
        return
    wrong = ~(images.detach().abs() <= 1 + _ROUNDING)
    place = wrong.nonzero()[0].tolist()
    value = float(images[tuple(place)])
    axes = ("image", "channel", "row", "column") if len(place) == 4 else _AXES
    where = ", ".join(f"{axis} {number}" for axis, number in zip(axes, place, strict=True))
    finite = images.detach()[images.isfinite()]
    span = f"; finite ones are from {float(finite.min()):g} to {float(finite.max()):g}" if finite.numel() else ""
    raise InputError(f"images: expected values in [-1, 1], found {value:g} in {where}{span}")


def check_count(n: int) -> int:
    """The number of pictures asked for.

    Raises:
        InputError: if it is less than 1.
    """
    if n < 1:
        raise InputError(f"number of pictures: expected 1 or more, got {n}")
    return n
