"""Encoder and decoder of ordinary neurons, with the same convolutions as the spiking ones.

Convolution, batch norm, leaky rectifier; the last layer of the decoder has a tanh instead. Zhan et al., arXiv
2310.14839, compare with these.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from esvae_core.config import ImageModelConfig
from esvae_core.errors import InputError
from esvae_core.image_model import ImageModel
from esvae_core.mixture import Mixture

_SLOPE = 0.01


def _down(channels_in: int, channels_out: int) -> nn.Sequential:
    """3x3 convolution that halves height and width."""
    convolution = nn.Conv2d(channels_in, channels_out, 3, stride=2, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.LeakyReLU(_SLOPE))


def _up(channels_in: int, channels_out: int) -> nn.Sequential:
    """3x3 transposed convolution that doubles height and width."""
    convolution = nn.ConvTranspose2d(channels_in, channels_out, 3, stride=2, padding=1, output_padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out), nn.LeakyReLU(_SLOPE))


class CodeSample(NamedTuple):
    """N pictures, and the latent vectors (N, d) they were decoded from."""

    images: Tensor
    codes: Tensor


class ANNCoder(ImageModel):
    """Encoder and decoder without the heads between them, which a kind of model adds as `_add_latent`."""

    def __init__(self, config: ImageModelConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.channels
        rising = widths[::-1]
        self.encoder = nn.Sequential(
            *(_down(a, b) for a, b in zip((config.image_channels, *widths), widths, strict=False))
        )
        self._add_latent()
        self.from_latent = nn.Linear(config.latent_dim, config.feature_dim)
        self.decoder = nn.Sequential(*(_up(a, b) for a, b in zip(rising, (*rising[1:], rising[-1]), strict=True)))
        self.readout = nn.ConvTranspose2d(rising[-1], config.image_channels, 3, padding=1)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _add_latent(self) -> None:
        """Make what lies between encoder and decoder."""

    @abstractmethod
    def sample_codes(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """`n` new codes, (n, d)."""

    def _encoded(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, features) of the last convolution."""
        features: Tensor = self.encoder(self._images(images))
        return features.flatten(1)

    def decode(self, codes: Tensor) -> Tensor:
        """Latent vectors (N, d) -> images (N, C, H, W) in [-1, 1].

        Raises:
            InputError: if the vectors have another shape.
        """
        self._check_weights()
        if codes.dim() != 2 or codes.shape[1] != self.config.latent_dim or not len(codes):
            raise InputError(f"latent vectors: expected shape (N, {self.config.latent_dim}), got {tuple(codes.shape)}")
        size = self.config.feature_size
        features = self.from_latent(codes).view(len(codes), -1, size, size)
        return torch.tanh(self.readout(self.decoder(features.contiguous(memory_format=torch.channels_last))))


class GaussianCoder(ANNCoder):
    """One whose latent vectors are any real numbers, with a mixture of Gaussians as prior."""

    @property
    @abstractmethod
    def mixture(self) -> Mixture:
        """Where new codes come from."""

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> CodeSample:
        """`n` pictures decoded from new codes."""
        codes = self.sample_codes(n, generator)
        return CodeSample(self.decode(codes), codes)
