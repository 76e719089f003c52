"""How close pictures are to those they should be: squared error, PSNR and SSIM, one number per picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from esvae_core.errors import InputError

RANGE = 2.0
"""Images live in [-1, 1]: the distance from black to white that PSNR and SSIM refer to."""

_WIDTH, _SIGMA = 11, 1.5  # the window of Wang et al.
_K1, _K2 = 0.01, 0.03


def squared_error(images: Tensor, targets: Tensor) -> Tensor:
    """(N,) mean squared error of images (N, C, H, W) in [-1, 1]."""
    _check(images, targets)
    return (images.double() - targets.double()).square().flatten(1).mean(1)


def psnr(errors: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB from squared errors on [-1, 1]; infinite where the error is 0."""
    return 10 * torch.log10(RANGE**2 / errors)


def ssim(images: Tensor, targets: Tensor) -> Tensor:
    """(N,) structural similarity, at most 1 (Wang et al., IEEE Transactions on Image Processing 13, 2004).

    Gaussian window of 11 pixels with deviation 1.5, K1 = .01, K2 = .03, population covariances, mean over all pixels
    and channels; beyond its edges the image is mirrored. So does torchmetrics; some crop the edges instead.

    Args:
        images, targets: (N, C, H, W) in [-1, 1], 6 pixels or more on each side.

    Raises:
        InputError: if the shapes differ or the images are too small to be mirrored at their edges.
    """
    _check(images, targets)
    if min(images.shape[2:]) <= _WIDTH // 2:
        raise InputError(f"SSIM: expected images of {_WIDTH // 2 + 1} pixels or more, got {tuple(images.shape[2:])}")
    x, y = images.double(), targets.double()
    mean_x, mean_y = _blur(x), _blur(y)
    var_x, var_y = _blur(x * x) - mean_x.square(), _blur(y * y) - mean_y.square()
    both = _blur(x * y) - mean_x * mean_y
    c1, c2 = (_K1 * RANGE) ** 2, (_K2 * RANGE) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * both + c2)
    likeness = likeness / ((mean_x.square() + mean_y.square() + c1) * (var_x + var_y + c2))
    return likeness.flatten(1).mean(1)


def _blur(x: Tensor) -> Tensor:
    places = torch.arange(_WIDTH, dtype=x.dtype) - _WIDTH // 2
    line = torch.exp(-places.square() / (2 * _SIGMA**2))
    line = line / line.sum()
    flat = F.pad(x.flatten(0, 1).unsqueeze(1), (_WIDTH // 2,) * 4, mode="reflect")
    flat = F.conv2d(F.conv2d(flat, line.view(1, 1, -1, 1)), line.view(1, 1, 1, -1))
    return flat.view(*x.shape[:2], *flat.shape[2:])


def _check(images: Tensor, targets: Tensor) -> None:
    if images.shape != targets.shape or images.dim() != 4:
        raise InputError(
            f"images and targets: expected the same shape (N, C, H, W), got {tuple(images.shape)}"
            f" and {tuple(targets.shape)}"
        )
