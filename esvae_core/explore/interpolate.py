"""Paths between rate vectors."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from esvae_core.errors import InputError

Path = Literal["linear", "logit", "arcsine"]
_EDGE = 1e-3  # the logit of 0 and 1 is infinite; rates are taken this far inside


def interpolate(start: Tensor, end: Tensor, frames: int, path: Path = "arcsine") -> Tensor:
    """Rates on the way from `start` to `end`, both included.

    Args:
        start, end: (d,) rates in [0, 1].
        frames: how many, at least 2.
        path: 'linear'; 'logit', straight in log odds; or 'arcsine', straight in arcsin(sqrt(rate)): the geodesic of
            Bernoulli rates, along which equal steps are equally visible through the noise of sampling
            (docs/math.md, equation 11).

    Returns:
        (frames, d) rates in [0, 1]; the first is `start`, the last is `end`.

    Raises:
        InputError: fewer than 2 frames, an unknown path, or rates of other shapes or outside [0, 1].
    """
    if frames < 2:
        raise InputError(f"frames: expected 2 or more, got {frames}")
    if start.dim() != 1 or start.shape != end.shape:
        raise InputError(
            f"interpolate: expected two rate vectors of one length, got {tuple(start.shape)} and {tuple(end.shape)}"
        )
    if not bool(((start >= 0) & (start <= 1) & (end >= 0) & (end <= 1)).all()):
        raise InputError("interpolate: expected rates in [0, 1]")
    share = torch.linspace(0, 1, frames, dtype=torch.float64).view(-1, 1)
    a, b = start.double(), end.double()
    match path:
        case "linear":
            between = torch.lerp(a, b, share)
        case "logit":
            between = torch.sigmoid(torch.lerp(torch.logit(a, _EDGE), torch.logit(b, _EDGE), share))
        case "arcsine":
            between = torch.sin(torch.lerp(torch.asin(a.sqrt()), torch.asin(b.sqrt()), share)).square()
        case _:
            raise InputError(f"path: expected linear, logit or arcsine, got {path!r}")
    between[0], between[-1] = a, b
    return between.clamp(0, 1).to(start.dtype)
