"""Rates of a plan's prior as `ESVAE.prior_rates` draws them with PyTorch's generator, without PyTorch.

To the bit where PyTorch adds in a row, which it does for LEAST rate vectors or more; `tests/engine/test_prior_draws.py`
holds the two together.
"""

from __future__ import annotations

import math
from typing import get_args

import numpy as np

from esvae_core.config import ImageModelConfig, ModelConfig, PriorName, Sampler
from esvae_core.engine.mersenne import BLOCK, Mersenne
from esvae_core.engine.plan import F32, F64, Plan, beyond_engine
from esvae_core.engine.prior import takes_fitted
from esvae_core.engine.sigmoid import fused, sigmoid

LEAST = 16
"""Rate vectors: fewer are multiplied in another order by PyTorch."""
MOST = 2**20
"""Numbers: for more, PyTorch is faster than it takes to import."""


def can_draw(config: ImageModelConfig, count: int) -> bool:
    """Whether so many rate vectors of such a model can be drawn: an ESVAE of images, without parts of one's own."""
    if not isinstance(config, ModelConfig) or config.takes_frames or beyond_engine(config):
        return False
    if config.prior != "linear" or config.sampler not in get_args(Sampler):
        return False
    return count >= LEAST and config.latent_dim >= BLOCK and count * config.latent_dim <= MOST


def prior_rates(
    plan: Plan, count: int, numbers: Mersenne, *, prior: PriorName | None = None, temperature: float = 1.0
) -> F32:
    """(count, d) rates in [0, 1]; the arguments are those of `ESVAE.prior_rates`.

    Raises:
        InputError: no such prior, or a temperature below 0.
    """
    fitted = takes_fitted(plan, temperature, prior)
    return _fitted(plan, count, numbers, temperature) if fitted else _learned(plan, count, numbers, temperature)


def _learned(plan: Plan, count: int, numbers: Mersenne, temperature: float) -> F32:
    """sigmoid(W n + b), whose sums run in turn in single precision, in fused multiply-adds (equation 6)."""
    width = plan.config.latent_dim
    normal = np.float32(temperature) * numbers.normal_single(count * width).reshape(count, width)
    weight, bias = plan.tensors["prior.weight"], plan.tensors["prior.bias"]
    drive = np.zeros((count, width), np.float32)
    for k in range(width):
        drive = fused(normal[:, k, None], weight[:, k], drive)
    return sigmoid((drive + bias).ravel()).reshape(count, width)


def _fitted(plan: Plan, count: int, numbers: Mersenne, temperature: float) -> F32:
    """sin(x)^2 of draws of the mixture, in double precision (equation 13)."""
    width = plan.config.latent_dim
    weights, means, triangles = (plan.tensors[f"fitted.{name}"] for name in ("weights", "means", "factors"))
    uniform, normal = numbers.uniform(count), numbers.normal(count * width).reshape(count, width)
    edges = np.cumsum(weights.astype(np.float64))
    chosen = np.searchsorted(edges, uniform * edges[-1], side="right").clip(max=len(edges) - 1)
    places: F64 = np.empty_like(normal)
    for k in np.unique(chosen):
        rows, factor = chosen == k, np.zeros((width, width))
        factor[np.tril_indices(width)] = triangles[k]
        places[rows] = means[k] + temperature * normal[rows] @ factor.T
    rates = np.sin(places.clip(0, math.pi / 2)) ** 2
    assert isinstance(plan.config, ModelConfig)
    if plan.config.prior_snap:
        steps = plan.config.time_steps
        rates = np.floor(rates * steps + 0.5) / steps
    single: F32 = rates.astype(np.float32)
    return single
