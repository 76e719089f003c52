"""The prior that is fitted to a trained model's rates: a mixture of Gaussians where noise is equally strong everywhere.

Equations 12 and 13 of docs/math.md. Why fit one: a mixture fitted after training beats a prior trained along more often
than not (Ghosh et al., *From variational to deterministic autoencoders*, ICLR 2020).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from esvae_core import mixture as gm


def to_angles(rates: Tensor, steps: int, generator: torch.Generator) -> Tensor:
    """Rates (N, d) on the grid k / steps -> places (N, d) float64 that `to_rates` and rounding map back to them (12).

    Inside, arcsin(sqrt(rate)), dithered within its cell. At the ends, where rates pile up, the tails of the Gaussian
    that leaves just those shares beyond the inside: a rate of 0 or 1 is a value that was clipped.
    """
    exact, half = rates.detach().cpu().double(), 0.5 / steps
    uniform = torch.rand(exact.shape, dtype=torch.float64, generator=generator)
    low, high = (exact - half).clamp_min(0), (exact + half).clamp_max(1)
    inside = (low + (high - low) * uniform).sqrt().asin()
    first = math.asin(math.sqrt(half))
    last = math.pi / 2 - first
    silent, full = exact < half, exact > 1 - half
    share_silent, share_full = silent.double().mean(0), full.double().mean(0)
    start, end = (torch.special.ndtri(x.clamp(1e-4, 1 - 1e-4)) for x in (share_silent, 1 - share_full))
    deviation = max(last - first, 0.1) / (end - start).clamp_min(0.05)
    middle = first - start * deviation
    below = middle + deviation * torch.special.ndtri((uniform * share_silent).clamp_min(1e-9))
    above = middle + deviation * torch.special.ndtri((1 - uniform * share_full).clamp_max(1 - 1e-9))
    return torch.where(silent, below.clamp_max(first), torch.where(full, above.clamp_min(last), inside))


def to_rates(angles: Tensor) -> Tensor:
    """sin(x)^2, after what lies outside [0, pi/2] is moved to its end: `to_angles` back, but for the dither."""
    return angles.clamp(0, math.pi / 2).sin().square()


def fit_prior(rates: Tensor, components: int, steps: int, generator: torch.Generator) -> gm.Mixture:
    """The mixture of a prior for these rates.

    Args:
        rates: (N, d) in [0, 1], from `steps` time steps.
        components: number of Gaussians, at most N.
        steps: T.
        generator: of the dither and the start.

    Raises:
        InputError: more components than rates, or rates that are no finite (N, d).
    """
    return gm.fit(to_angles(rates, steps, generator), components, generator)


class FittedPrior(nn.Module):
    """A mixture as buffers of the model that it belongs to; of each symmetric part only one triangle is kept."""

    weights: Tensor
    means: Tensor
    factors: Tensor

    def __init__(self, latent_dim: int, components: int, snap_to: int | None) -> None:
        super().__init__()
        self.snap_to = snap_to
        self.register_buffer("weights", torch.zeros(components))
        self.register_buffer("means", torch.zeros(components, latent_dim))
        # (K, d (d + 1) / 2): the lower triangles, row by row
        self.register_buffer("factors", torch.zeros(components, latent_dim * (latent_dim + 1) // 2))

    @torch.no_grad()
    def take(self, mixture: gm.Mixture) -> None:
        """Hold that mixture from now on."""
        rows, columns = self._triangle()
        self.weights = mixture.weights.float()
        self.means = mixture.means.float()
        self.factors = mixture.factors[:, rows, columns].float()

    def mixture(self) -> gm.Mixture:
        """The mixture, unpacked, in double precision."""
        count, width = self.means.shape
        factors = torch.zeros(count, width, width, dtype=torch.float64)
        rows, columns = self._triangle()
        factors[:, rows, columns] = self.factors.cpu().double()
        return gm.Mixture(self.weights.cpu().double(), self.means.cpu().double(), factors)

    def forward(self, count: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """(count, d) rates in [0, 1]."""
        rates = to_rates(gm.draw(self.mixture(), count, generator, temperature=temperature))
        if self.snap_to is not None:
            rates = (rates * self.snap_to + 0.5).floor() / self.snap_to
        return rates.to(self.means)

    def _triangle(self) -> tuple[Tensor, Tensor]:
        width = self.means.shape[1]
        rows, columns = torch.tril_indices(width, width).unbind()
        return rows, columns
