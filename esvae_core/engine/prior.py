"""New rates from a plan's prior, the same in Python and in the browser (equations 6 and 13 of docs/math.md).

The twin is `priorRates` in `web/engine/prior.js`; the model's own way, with a generator, is `ESVAE.prior_rates`.
"""

from __future__ import annotations

import math
from typing import get_args

import numpy as np

from esvae_core.config import FSVAEConfig, ModelConfig, PriorName
from esvae_core.engine.autoregressive import generated
from esvae_core.engine.noise import chance, normal
from esvae_core.engine.plan import F32, Plan
from esvae_core.errors import InputError

_FITTED = ("weights", "means", "factors")


def prior(plan: Plan, seed: int, temperature: float = 1.0, prior: PriorName | None = None) -> F32:
    """(d,) rates in [0, 1]: those of this seed; of an FSVAE, counts of the spikes that its prior generates, over T.

    Args:
        plan: the folded model.
        seed: 0 to 2^32 - 1.
        temperature: scales the deviations: of the normal numbers (learned), of each Gaussian (fitted); an FSVAE has
            none.
        prior: 'learned' or 'fitted'; the fitted one, where there is one, unless given.

    Raises:
        InputError: no such prior, a temperature below 0, or a seed out of range.
    """
    config = plan.config
    fitted = takes_fitted(plan, temperature, prior)
    if isinstance(config, FSVAEConfig):  # spikes, step by step; its chance has no temperature
        counts: F32 = generated(plan, seed).sum(0, dtype=np.float32) / np.float32(config.time_steps)
        return counts
    assert isinstance(config, ModelConfig)
    numbers = temperature * normal(seed, config.latent_dim)
    if not fitted:
        weight, bias = (plan.tensors[f"prior.{name}"].astype(np.float64) for name in ("weight", "bias"))
        # the sign keeps the exponential from overflowing
        drive = weight @ numbers + bias
        small = np.exp(-np.abs(drive))
        rates: F32 = (np.where(drive >= 0, 1.0, small) / (1 + small)).astype(np.float32)
        return rates
    weights, means, factors = (plan.tensors[f"fitted.{name}"].astype(np.float64) for name in _FITTED)
    edges = np.cumsum(weights)
    chosen = min(int(np.searchsorted(edges, chance(seed) * edges[-1], side="right")), len(edges) - 1)
    factor = np.zeros((len(numbers), len(numbers)))
    factor[np.tril_indices(len(numbers))] = factors[chosen]
    drawn = np.sin(np.clip(means[chosen] + factor @ numbers, 0, np.pi / 2)) ** 2
    if config.prior_snap:
        steps = config.time_steps
        drawn = np.floor(drawn * steps + 0.5) / steps
    rates = drawn.astype(np.float32)
    return rates


def takes_fitted(plan: Plan, temperature: float, prior: PriorName | None) -> bool:
    """Whether the fitted prior is meant: where there is one, unless the learned one is asked for.

    Raises:
        InputError: no such prior, one of a user's own, or a temperature below 0.
    """
    if prior not in (None, *get_args(PriorName)):
        raise InputError(f"prior: expected {' or '.join(get_args(PriorName))}, got {prior!r}")
    if not 0 <= temperature < math.inf:
        raise InputError(f"temperature: expected a finite number of 0 or more, got {temperature}")
    config = plan.config
    has_fitted = isinstance(config, ModelConfig) and config.prior_components > 0
    if prior == "fitted" and not has_fitted:
        raise InputError("prior: this model has no fitted one; `esvae fit-prior` makes it")
    fitted = has_fitted and prior != "learned"
    if not fitted and isinstance(config, ModelConfig) and config.prior != "linear":
        raise InputError(f"prior: the engine does not have {config.prior!r:.80}")
    return fitted
